from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from apps.workspaces.models.base import WorkspaceModel, WorkspaceQuerySet


class AppendOnly(TypeError):
    """Somebody tried to change or remove what the trail says."""


class AuditHead(models.Model):
    """The end of a workspace's chain; its row lock puts the writers of one workspace in a queue."""

    workspace = models.OneToOneField("workspaces.Workspace", on_delete=models.CASCADE, primary_key=True)
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash[:12]}"


class AuditQuerySet(WorkspaceQuerySet):
    def update(self, **fields: Any) -> int:
        raise AppendOnly("the audit trail is append-only")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly("the audit trail is append-only")


class AuditEntry(WorkspaceModel):
    """Who did what, when; append-only, each row carrying the hash of the one before.

    A trail goes only as a whole, with its workspace. Both databases refuse to change a row, PostgreSQL also to remove
    one while the trail's head stands; what gets past them, the chain of hashes shows.
    """

    seq = models.PositiveBigIntegerField(_("number"))
    at = models.DateTimeField(_("at"))
    actor = models.CharField(_("who"), max_length=160)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    action = models.CharField(_("action"), max_length=64)
    target = models.CharField(_("what"), max_length=120)
    data = models.JSONField(_("details"), default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = ScopedManager(workspace="workspace", _manager_class=models.Manager.from_queryset(AuditQuerySet))

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-seq"]
        constraints = [models.UniqueConstraint(fields=["workspace", "seq"], name="audit_seq_once")]

    def __str__(self) -> str:
        return f"{self.seq} {self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("the audit trail is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly("the audit trail is append-only")
