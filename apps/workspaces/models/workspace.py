from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase
from timezone_field import TimeZoneField

from apps.workspaces.models.base import WorkspaceModel
from apps.workspaces.roles import PERMISSIONS, Role


class Workspace(models.Model):
    """A tenant: a team with its members, brand, accounts and content."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.CharField(
        _("address"),
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*\Z", _("Use small letters, digits and hyphens."))],
        help_text=_("Part of the web address, in small letters."),
    )
    language = models.CharField(_("language of the content"), max_length=8, choices=settings.LANGUAGES, default="en")
    timezone = TimeZoneField(_("time zone"), default="UTC")
    profanity = models.CharField(
        _("strong language"),
        max_length=8,
        choices=[("keep", _("Keep it")), ("soften", _("Soften it")), ("bleep", _("Leave it out"))],
        default="soften",
        help_text=_("What narration and captions do with swear words."),
    )
    min_part_seconds = models.PositiveSmallIntegerField(_("shortest part, seconds"), default=40)
    max_part_seconds = models.PositiveSmallIntegerField(_("longest part, seconds"), default=75)
    paused_at = models.DateTimeField(_("publishing paused since"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")
        ordering = ["name"]
        default_permissions = ()
        permissions = [(codename, str(label)) for codename, label in PERMISSIONS.items()]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(min_part_seconds__lte=models.F("max_part_seconds")), name="part_seconds_in_order"
            )
        ]

    def __str__(self) -> str:
        return self.name


class WorkspaceUserObjectPermission(UserObjectPermissionBase):
    """guardian's rows with a real foreign key, so that they go when the workspace goes."""

    content_object = models.ForeignKey(Workspace, on_delete=models.CASCADE)


class Membership(WorkspaceModel):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    created_at = models.DateTimeField(_("since"), default=now, editable=False)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ["created_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_per_person")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class Invitation(WorkspaceModel):
    """A link sent by email that makes its reader a member, once."""

    email = models.EmailField(_("email"))
    role = models.CharField(_("role"), max_length=12, choices=Role.choices, default=Role.EDITOR)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("sent"), default=now, editable=False)
    expires_at = models.DateTimeField(_("valid until"), editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=models.Q(accepted_at=None),
                name="one_open_invitation_per_email",
            )
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= now()
