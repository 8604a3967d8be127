from __future__ import annotations

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from timezone_field import TimeZoneField

from apps.content.models import Item
from apps.platforms.models import Account
from apps.workspaces.models import WorkspaceModel


class Recurrence(WorkspaceModel):
    """An item that goes out again and again on an account.

    Either on weekdays (0 is Monday) at a wall time in a zone, by the rule of `slots`, or every so many hours counted
    from `starts_at`. filled_until: occurrences up to here have been dealt with. problem: why the last one was left out.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="recurrences", verbose_name=_("item"))
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="recurrences", verbose_name=_("account")
    )
    weekdays = models.JSONField(_("weekdays"), default=list, blank=True)
    time = models.TimeField(_("time"), null=True, blank=True)
    timezone = TimeZoneField(_("time zone"), default="UTC")
    every_hours = models.PositiveSmallIntegerField(_("every so many hours"), null=True, blank=True)
    starts_at = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    count = models.PositiveSmallIntegerField(_("at most so many times"), null=True, blank=True)
    in_quiet_hours = models.BooleanField(_("also in quiet hours"), default=False, editable=False)
    active = models.BooleanField(_("active"), default=True)
    filled_until = models.DateTimeField(_("planned until"), null=True, editable=False)
    problem = models.CharField(_("problem"), max_length=300, blank=True, editable=False)
    made_by = models.CharField(_("made by"), max_length=160, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("recurring post")
        verbose_name_plural = _("recurring posts")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(every_hours__isnull=True) ^ models.Q(time__isnull=True),
                name="recurrence_has_one_rule",
            )
        ]

    def __str__(self) -> str:
        return f"{self.item.title} → {self.account.name}"

    @property
    def is_over(self) -> bool:
        """Whether all of its turns are booked; one that a person stopped is not active either."""
        return not self.active and self.filled_until is not None

    @property
    def repeats(self) -> str:
        """What the names of its posts' repetitions begin with."""
        return f"recurrence:{self.pk}:"
