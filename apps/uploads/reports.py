"""What an adapter says while it publishes, written down under the lease of its worker."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import structlog
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from apps.common.failpoints import failpoint
from apps.common.redaction import mask_text
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.platforms.base import Report
from apps.platforms.renewal import keep_credentials
from apps.schedules.models import Post
from apps.uploads.leases import Lease, LeaseLost
from apps.uploads.models import Attempt, Evidence

log = structlog.get_logger(__name__)

# Progress is told when it has moved so far, or moved at all after so long.
LEAST_STEP = 5
LONGEST_SILENCE = 1.0
MOST_FILES = 12
MOST_BYTES = 4 * 1024 * 1024
# What may be kept: pictures that begin as they should, and text.
_PICTURES = {"image/png": (".png", b"\x89PNG\r\n\x1a\n"), "image/jpeg": (".jpg", b"\xff\xd8\xff")}
_TEXTS = {"text/plain": ".txt", "text/html": ".html", "application/json": ".json"}


class LeaseReport(Report):
    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._percent = 0
        self._began = self._said_at = time.monotonic()
        self._files = 0

    def handle(self, handle: str) -> None:
        """The handle is on disk before anything can become public; without the lease, nothing may."""
        lease = self._lease
        kept = Post._base_manager.filter(pk=lease.post.pk, state__in=["submitting", "unknown"], **lease.where)
        if not kept.update(handle=handle):
            raise LeaseLost(_("Another worker owns this post by now."))
        failpoint("uploads.after_handle")
        if time.monotonic() - self._began > lease.platform.timeout:
            # It stood still: by now another worker may have found nothing behind the handle, and sent anew.
            raise LeaseLost(_("The call took longer than it may."))

    def progress(self, done: int, total: int) -> None:
        """Told to watchers now and then. It is only news, so nothing that fails here reaches the adapter."""
        percent = min(100, 100 * done // total) if total > 0 else 0
        step, silence = percent - self._percent, time.monotonic() - self._said_at
        if step <= 0 or (step < LEAST_STEP and silence < LONGEST_SILENCE and percent < 100):
            return
        self._percent, self._said_at = percent, time.monotonic()
        post, attempt = self._lease.post, self._lease.attempt
        data = {"percent": percent, "done": done, "total": total, "attempt": attempt.number}
        try:
            with unit_of_work():
                Attempt._base_manager.filter(pk=attempt.pk).update(percent=percent)
                emit(workspace=post.workspace_id, type="upload.progress", subject=post, data=data)
        except Exception:
            log.warning("progress_not_told", post=post.pk, exc_info=True)

    def evidence(self, name: str, content: bytes, content_type: str) -> None:
        """Kept beside the attempt, within bounds. It explains a failure and must never become one."""
        post, attempt = self._lease.post, self._lease.attempt
        kept = _kept(content, content_type)
        if kept is None or self._files >= MOST_FILES:
            log.warning("evidence_dropped", post=post.pk, name=name, bytes=len(content), type=content_type)
            return
        self._files += 1
        suffix, content = kept
        try:
            Evidence._base_manager.create(
                workspace_id=post.workspace_id,
                attempt=attempt,
                name=fit(mask_text(name), 120),
                file=ContentFile(content, name=f"evidence{suffix}"),
                content_type=content_type,
                bytes=len(content),
            )
        except Exception:
            log.warning("evidence_not_kept", post=post.pk, name=name, exc_info=True)

    def renewed(self, credentials: Mapping[str, Any]) -> None:
        keep_credentials(self._lease.post.account, credentials)


def _kept(content: bytes, content_type: str) -> tuple[str, bytes] | None:
    """Suffix and content as they are stored; None for what is no evidence that anyone may keep."""
    if not content or len(content) > MOST_BYTES:
        return None
    if content_type in _PICTURES:
        suffix, beginning = _PICTURES[content_type]
        return (suffix, content) if content.startswith(beginning) else None
    if content_type in _TEXTS:
        return _TEXTS[content_type], mask_text(content.decode(errors="replace")).encode()
    return None
