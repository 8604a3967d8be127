from __future__ import annotations

from typing import Any

from django.conf import settings as site
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from timezone_field import TimeZoneField

from apps.common.errors import NotFound
from apps.platforms.base import Platform
from apps.platforms.registry import adapter
from apps.workspaces.fields import SealedField
from apps.workspaces.models import WorkspaceModel


class Account(WorkspaceModel):
    """A workspace's connected identity on a platform.

    A disconnected account stays for the history of its posts, without credentials; connecting the same identity again
    revives it. expires_at: when the login ends by itself, as the platform said. check_after: when the daily check is
    due. renew_token, renew_until: who renews the credentials now, and until when nobody else does. login_asked_at: when
    a person was last asked to log in, None while the login works; expiry_told: the `expires_at` that was warned of.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        NEEDS_LOGIN = "needs_login", _("Needs a new login")
        DISCONNECTED = "disconnected", _("Disconnected")

    class Health(models.TextChoices):
        UNKNOWN = "", _("Not checked yet")
        GOOD = "good", _("Works")
        TROUBLE = "trouble", _("Could not be checked")
        REFUSED = "refused", _("Login refused")

    class Intake(models.TextChoices):
        SLOTS = "slots", _("Into the next free slots")
        AT_ONCE = "at_once", _("At once")
        BY_HAND = "by_hand", _("Only by hand")

    # Whose posts go out: a person who posts by hand needs no login of ours.
    OPEN = models.Q(state=State.ACTIVE) | models.Q(state=State.NEEDS_LOGIN, by_hand=True)

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
    connected_by = models.ForeignKey(
        site.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("connected by"),
    )
    page_url = models.URLField(_("page"), max_length=500, blank=True, editable=False)
    health = models.CharField(
        _("login"), max_length=8, choices=Health.choices, default=Health.UNKNOWN, blank=True, editable=False
    )
    health_message = models.CharField(_("what the check said"), max_length=300, blank=True, editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True, editable=False)
    check_after = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField(_("login ends"), null=True, editable=False)
    expiry_told = models.DateTimeField(null=True, editable=False)
    login_asked_at = models.DateTimeField(_("asked to log in"), null=True, editable=False)
    renew_token = models.UUIDField(null=True, editable=False)
    renew_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "platform", "handle"], name="account_once_per_workspace"),
        ]
        indexes = [
            models.Index(fields=["check_after"], condition=~models.Q(state="disconnected"), name="account_check_due"),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.label}"

    @property
    def adapter(self) -> Platform:
        return adapter(self.platform)

    @property
    def is_open(self) -> bool:
        """As OPEN says."""
        return self.state == self.State.ACTIVE or (self.by_hand and self.state == self.State.NEEDS_LOGIN)

    @property
    def is_connected(self) -> bool:
        return self.state != self.State.DISCONNECTED

    @property
    def label(self) -> Any:
        """The platform's name, in the reader's language."""
        try:
            return self.adapter.label
        except NotFound:  # a platform that this installation had once
            return self.platform
