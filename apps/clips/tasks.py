"""What the clips' timer starts."""

from __future__ import annotations

from celery import shared_task
from django_scopes import scopes_disabled

from apps.clips.services import drop_expired_uploads, scan_folders


@shared_task
def watch() -> dict[str, int]:
    """Look into the watched folders, and drop uploads that nobody went on with."""
    with scopes_disabled():
        return {"taking": scan_folders(), "expired": drop_expired_uploads()}
