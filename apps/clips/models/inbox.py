from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.clips.models.clip import Clip
from apps.workspaces.models import WorkspaceModel


class InboxFile(WorkspaceModel):
    """A file in the watched folder as it was last seen, and what became of it. The file itself is never touched."""

    class Outcome(models.TextChoices):
        NONE = "", _("Being watched")
        TAKEN = "taken", _("Taken")
        DUPLICATE = "duplicate", _("Known already")
        REFUSED = "refused", _("Refused")

    path = models.CharField(_("file"), max_length=400)
    size = models.PositiveBigIntegerField(_("size"))
    mtime_ns = models.BigIntegerField()
    since = models.DateTimeField(_("unchanged since"), default=timezone.now)
    scans = models.PositiveSmallIntegerField(default=1)
    started_at = models.DateTimeField(null=True)  # when it was found whole and its taking began
    outcome = models.CharField(_("what became of it"), max_length=10, choices=Outcome.choices, blank=True)
    reason = models.CharField(_("why"), max_length=300, blank=True)
    clip = models.ForeignKey(Clip, on_delete=models.SET_NULL, null=True, related_name="inbox_files")
    settled_at = models.DateTimeField(_("at"), null=True)

    class Meta:
        verbose_name = _("file in the watched folder")
        verbose_name_plural = _("files in the watched folder")
        ordering = ["-since", "-pk"]
        constraints = [models.UniqueConstraint(fields=["workspace", "path"], name="inbox_file_once")]

    def __str__(self) -> str:
        return self.path
