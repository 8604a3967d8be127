"""Pages about AI; every address begins with /w/<slug>/ai/."""

from __future__ import annotations

from django.urls import path

from apps.templates import views

app_name = "ai"

urlpatterns = [
    path("", views.templates, name="templates"),
    path("spending/", views.spending, name="spending"),
]
