"""Pages about content plans; every address begins with /w/<slug>/."""

from __future__ import annotations

from django.urls import path

from apps.content_plans import views

app_name = "plans"

urlpatterns = [
    path("plans/", views.plans, name="plans"),
    path("plans/new/", views.new, name="new"),
    path("plans/import/", views.import_file, name="import"),
    path("plans/options/", views.options, name="options"),
    path("plans/pages/<int:page_id>/", views.snapshot, name="snapshot"),
    path("plans/<int:plan_id>/", views.plan, name="plan"),
    path("plans/<int:plan_id>/edit/", views.edit, name="edit"),
    path("plans/<int:plan_id>/process/", views.process, name="process"),
    path("plans/<int:plan_id>/duplicate/", views.duplicate, name="duplicate"),
    path("plans/<int:plan_id>/delete/", views.delete, name="delete"),
    path("plans/<int:plan_id>/read/", views.read, name="read"),
    path("plans/<int:plan_id>/rounds/<int:round_id>/take/", views.take, name="take"),
]
