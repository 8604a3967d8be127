from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models.base import WorkspaceModel


class AuditHead(models.Model):
    """The end of a workspace's chain; its row lock puts the writers of one workspace in a queue."""

    workspace = models.OneToOneField("workspaces.Workspace", on_delete=models.CASCADE, primary_key=True)
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash[:12]}"


class AuditEntry(WorkspaceModel):
    """Who did what, when; append-only, each row carrying the hash of the one before."""

    seq = models.PositiveBigIntegerField(_("number"))
    at = models.DateTimeField(_("at"))
    actor = models.CharField(_("who"), max_length=160)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    action = models.CharField(_("action"), max_length=64)
    target = models.CharField(_("what"), max_length=120)
    data = models.JSONField(_("details"), default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-seq"]
        constraints = [models.UniqueConstraint(fields=["workspace", "seq"], name="audit_seq_once")]

    def __str__(self) -> str:
        return f"{self.seq} {self.action} {self.target}"
