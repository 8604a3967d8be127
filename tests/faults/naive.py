"""How publishing is often done: take a row, call the platform, mark the row; on an error or after a while, again.

Every scenario runs it beside the product's publisher, under the same trouble. Where it comes through unharmed, the
scenario would prove nothing.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.common.failpoints import failpoint
from apps.platforms.base import Report
from apps.schedules.models import Post
from apps.uploads.requests import request_for

PATIENCE = timedelta(seconds=2)
PAUSE = timedelta(seconds=0.05)


def sweep() -> None:
    """Rows that somebody took and never marked are free again."""
    free = {"state": "scheduled", "wake_at": timezone.now(), "lease_until": None}
    Post._base_manager.filter(state="claimed", lease_until__lt=timezone.now()).update(**free)


def publish(post_id: int) -> str:
    now = timezone.now()
    taken = Post._base_manager.filter(pk=post_id, state="scheduled", wake_at__lte=now)
    if not taken.update(state="claimed", lease_until=now + PATIENCE, wake_at=now + PATIENCE):
        return "taken"
    post = Post._base_manager.select_related("workspace", "account", "item", "variant", "revision").get(pk=post_id)
    failpoint("uploads.after_claim")
    row = Post._base_manager.filter(pk=post_id)
    try:
        post.account.adapter.publish(request_for(post, post.account.adapter), Report())
        failpoint("uploads.after_call")
        row.update(state="published", wake_at=None)
    except Exception:
        row.update(state="scheduled", wake_at=timezone.now() + PAUSE)
        return "scheduled"
    return "published"
