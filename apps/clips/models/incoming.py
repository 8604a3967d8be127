from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import WorkspaceModel


class IncomingFile(WorkspaceModel):
    """An upload that has not come in whole. Its bytes up to `offset` are on the disk for good."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("file name"), max_length=255)
    language = models.CharField(_("language"), max_length=8, blank=True)
    size = models.PositiveBigIntegerField(_("size"))
    offset = models.PositiveBigIntegerField(_("received"), default=0)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(_("begun"), default=timezone.now)
    expires_at = models.DateTimeField(_("kept until"))

    class Meta:
        verbose_name = _("unfinished upload")
        verbose_name_plural = _("unfinished uploads")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return Path(settings.INCOMING_ROOT) / f"{self.pk.hex}.part"

    @property
    def percent(self) -> int:
        return int(100 * self.offset / self.size) if self.size else 100
