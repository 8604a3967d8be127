from __future__ import annotations

from django.db import models
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from timezone_field import TimeZoneField

from apps.platforms.models import Account
from apps.workspaces.models import WorkspaceModel


class Slot(WorkspaceModel):
    """A recurring posting time of an account: a wall time on a weekday in a zone, not an instant."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="slots", verbose_name=_("account"))
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=sorted(WEEKDAYS.items()))
    time = models.TimeField(_("time"))
    timezone = TimeZoneField(_("time zone"))

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ["account", "weekday", "time"]
        constraints = [
            models.UniqueConstraint(fields=["account", "weekday", "time", "timezone"], name="slot_once_per_account")
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.time:%H:%M} ({self.timezone})"
