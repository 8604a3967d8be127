"""Beat's timers in the look of the rest of the admin; only who runs the installation gets there."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django_celery_beat import admin as beat
from django_celery_beat import models
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget


class _TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    pass


class TimerForm(beat.PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["regtask"].widget = _TaskSelect()
        self.fields["task"].widget = UnfoldAdminTextInputWidget()


ICONS = {
    models.PeriodicTask: "schedule",
    models.IntervalSchedule: "timer",
    models.CrontabSchedule: "calendar_clock",
    models.SolarSchedule: "wb_sunny",
    models.ClockedSchedule: "alarm",
}
for _model, _icon in ICONS.items():
    _theirs = type(admin.site.get_model_admin(_model))
    admin.site.unregister(_model)
    _ours = {"icon": _icon, **({"form": TimerForm} if _model is models.PeriodicTask else {})}
    admin.site.register(_model, type(_theirs.__name__, (_theirs, ModelAdmin), _ours))
