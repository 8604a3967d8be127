from __future__ import annotations

from django.urls import path

from apps.schedules import views

urlpatterns = [path("calendar/<str:key>.ics", views.calendar, name="calendar")]
