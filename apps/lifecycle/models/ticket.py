from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.workspaces.models import WorkspaceModel


class LiveTicket(WorkspaceModel):
    """Lets a client without a session open one WebSocket: used once, valid for a minute, kept as a hash."""

    key_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey("workspaces.ApiToken", on_delete=models.CASCADE, null=True, related_name="+")
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"ticket of {self.user}"
