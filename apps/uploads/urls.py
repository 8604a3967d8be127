"""Pages about publishing; every address begins with /w/<slug>/."""

from __future__ import annotations

from django.urls import path

from apps.uploads import views

app_name = "uploads"

urlpatterns = [
    path("attention/", views.attention, name="attention"),
    path("posts/<int:post_id>/", views.post, name="post"),
    path("posts/<int:post_id>/settle/<slug:action>/", views.settle_one, name="settle-one"),
    path("by-hand/<int:post_id>/", views.by_hand, name="by-hand"),
    path("evidence/<int:evidence_id>/", views.evidence, name="evidence"),
    path("problems/", views.problems, name="problems"),
]
