from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.workspaces.models import WorkspaceModel


class StoredAnswer(WorkspaceModel):
    """The first answer to a POST that carried an Idempotency-Key, given again when the request comes again.

    status: empty while the first request is still being worked on.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=80, blank=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return self.key
