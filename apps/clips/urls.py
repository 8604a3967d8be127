"""Pages about clips; every address begins with /w/<slug>/."""

from __future__ import annotations

from django.urls import path

from apps.clips import views

app_name = "clips"

urlpatterns = [
    path("clips/", views.clips, name="clips"),
    path("clips/options/", views.options, name="options"),
    path("clips/folder/<int:inbox_file_id>/again/", views.look_again, name="look-again"),
    path("clips/<int:clip_id>/", views.clip, name="clip"),
    path("clips/<int:clip_id>/original/", views.original, name="original"),
    path("clips/<int:clip_id>/still/", views.still, name="still"),
    path("clips/<int:clip_id>/transcript/", views.transcript, name="transcript"),
    path("clips/<int:clip_id>/metadata/", views.metadata, name="metadata"),
    path("clips/<int:clip_id>/describe/", views.describe, name="describe"),
    path("clips/<int:clip_id>/retry/", views.retry, name="retry"),
    path("clips/<int:clip_id>/delete/", views.delete, name="delete"),
]
