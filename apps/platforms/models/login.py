from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from apps.platforms.models.account import Account
from apps.workspaces.fields import SealedField
from apps.workspaces.models import WorkspaceModel


class PendingLogin(WorkspaceModel):
    """A login that was begun on a platform's own page and is to come back, once and soon, to the same browser.

    state_hash: of the value that the platform hands back. session_hash: of the browser's session. kept: what finishing
    needs, sealed. account: the one that logs in again; None for a new one.
    """

    state_hash = models.CharField(max_length=64, unique=True)
    session_hash = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    platform = models.CharField(max_length=40)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="+")
    kept = SealedField()
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.platform}: {self.user_id}"
