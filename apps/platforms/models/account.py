from __future__ import annotations

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from timezone_field import TimeZoneField

from apps.platforms.base import Platform
from apps.platforms.registry import adapter
from apps.workspaces.fields import SealedField
from apps.workspaces.models import WorkspaceModel


class Account(WorkspaceModel):
    """A workspace's connected identity on a platform."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        NEEDS_LOGIN = "needs_login", _("Needs a new login")

    class Intake(models.TextChoices):
        SLOTS = "slots", _("Into the next free slots")
        AT_ONCE = "at_once", _("At once")
        BY_HAND = "by_hand", _("Only by hand")

    platform = models.CharField(_("platform"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    handle = models.CharField(_("handle"), max_length=120, help_text=_("The account's name on the platform."))
    credentials = SealedField(_("credentials"))
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.ACTIVE, editable=False)
    state_reason = models.CharField(_("why"), max_length=240, blank=True, editable=False)
    timezone = TimeZoneField(_("time zone"), default="UTC", help_text=_("Days and slots are counted in it."))
    daily_limit = models.PositiveSmallIntegerField(
        _("posts a day"), default=0, help_text=_("At most so many posts on one day; 0 means no limit.")
    )
    minimum_gap = models.PositiveSmallIntegerField(
        _("minutes between posts"), default=0, help_text=_("At least so many minutes between two posts.")
    )
    catch_up = models.PositiveSmallIntegerField(
        _("minutes of grace"),
        default=180,
        help_text=_("A post that could not go out in time still goes out this late; after that it counts as missed."),
    )
    quiet_from = models.TimeField(
        _("quiet from"), null=True, blank=True, help_text=_("Nothing goes out between these two wall times.")
    )
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    intake = models.CharField(
        _("ready items are scheduled"), max_length=8, choices=Intake.choices, default=Intake.SLOTS
    )
    by_hand = models.BooleanField(
        _("a person posts"),
        default=False,
        help_text=_("Due posts are handed to a person with text and video, instead of being published by Rundown."),
    )
    hold_until = models.DateTimeField(_("platform asks to wait until"), null=True, editable=False)
    created_at = models.DateTimeField(_("connected"), default=now, editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "platform", "handle"], name="account_once_per_workspace"),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.platform}"

    @property
    def adapter(self) -> Platform:
        return adapter(self.platform)
