from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import WorkspaceModel


class CalendarFeed(WorkspaceModel):
    """A secret address at which calendar programs read the schedule; only its hash is kept."""

    name = models.CharField(_("name"), max_length=80, help_text=_("Who or what reads it."))
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.CharField(_("made by"), max_length=160, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    last_read_at = models.DateTimeField(_("last read"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name
