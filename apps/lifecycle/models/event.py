from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import WorkspaceModel


class EventHead(models.Model):
    """The counter of a workspace's log. Taken as the last statement of a transaction, so numbers follow commits.

    epoch: changes when the log is begun anew (a restore), so that a watcher knows that its number means nothing.
    """

    workspace = models.OneToOneField("workspaces.Workspace", on_delete=models.CASCADE, primary_key=True)
    seq = models.PositiveBigIntegerField(default=0)
    oldest = models.PositiveBigIntegerField(default=1)
    epoch = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return f"{self.workspace_id}:{self.seq}"


class Event(WorkspaceModel):
    """A row of the append-only log: what watchers see, without gaps, in the order of commits."""

    seq = models.PositiveBigIntegerField()
    type = models.CharField(max_length=40)
    at = models.DateTimeField()
    subject = models.CharField(max_length=80)
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["workspace", "seq"], name="event_seq_once")]
        indexes = [models.Index(fields=["workspace", "subject", "seq"], name="event_by_subject")]

    def __str__(self) -> str:
        return f"{self.seq} {self.type} {self.subject}"
