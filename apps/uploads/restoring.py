"""After the database was restored from a backup: what it does not know of may be online, and must not go out again."""

from __future__ import annotations

from collections import Counter

from django.db.models import Q

from apps.common.clock import database_now
from apps.common.transactions import unit_of_work
from apps.lifecycle.retention import begin_anew
from apps.lifecycle.services import advance
from apps.platforms.base import Capability
from apps.schedules.machine import FOR_PEOPLE
from apps.schedules.models import Post
from apps.schedules.pausing import pause_workspace
from apps.uploads.leases import close_lost, freed
from apps.uploads.problems import doubt
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import Workspace


def settle_restored() -> Counter[str]:
    """Pause every workspace and ask people about each post that may have gone out since; returns how many of each.

    To be called before any worker or dispatcher runs. Harmless when repeated.
    """
    found: Counter[str] = Counter()
    for workspace in Workspace.objects.all():
        pause_workspace(workspace=workspace, actor=SYSTEM, reason="restored from a backup")
        begin_anew(workspace)
        found["workspaces"] += 1
    now = database_now()
    under_way = Q(state="scheduled", wake_at__lte=now) | Q(state__in=["claimed", "submitting", "unknown"])
    posts = Post._base_manager.filter(under_way | Q(state__in=FOR_PEOPLE)).select_related("workspace", "account")
    for post in posts.order_by("pk"):
        if not _is_harmless(post):
            _doubt(post)
            found["posts"] += 1
    return found


def _is_harmless(post: Post) -> bool:
    """Whether the platform knows the key for ever, which is in the backup: a second call changes nothing there."""
    platform = post.account.adapter
    return platform.capability == Capability.KEY and platform.key_seconds is None


def _doubt(post: Post) -> None:
    """Also of what a person was asked about before: somebody may have sent it again."""
    error = doubt("restored")
    if post.needs_person:
        known = post.error if post.state != "missed" else None
        Post._base_manager.filter(pk=post.pk).update(error={**(known or error), "maybe_online": True})
        return
    with unit_of_work():
        advance(post, "ask", actor=SYSTEM, fields=freed(wake_at=None, error=error), data={"error": error})
        close_lost(post)
