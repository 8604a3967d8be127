"""Is publishing stuck? Posts heal by themselves; one that has not after two leases is an alert."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from apps.common.clock import database_now
from apps.common.errors import DomainError
from apps.platforms.registry import adapter
from apps.schedules.models import Post

# So long a due post may wait for a free worker before somebody should know.
PATIENCE = timedelta(minutes=2)
# What can be late without anything being wrong: an account or a workspace that rests.
_AT_WORK = Q(account__state="active", workspace__paused_at=None)


@scopes_disabled()
def publishing() -> tuple[bool, str]:
    now = database_now()
    stuck, waiting = stuck_posts(now), untaken_posts(now)
    if stuck:
        return False, _(
            "Posts that hang although their lease has ended twice: %(count)s. Is beat running? “manage.py sweep” helps."
        ) % {"count": stuck}
    if waiting:
        return False, _("Posts that are due and that no worker takes: %(count)s. Start a worker for “posting”.") % {
            "count": waiting
        }
    return True, _("No post is stuck.")


def stuck_posts(now: datetime) -> int:
    """Posts in a worker's hands whose lease ended more than another lease ago."""
    ended = Post.objects.filter(state__in=["claimed", "submitting"], lease_until__lt=now)
    return sum(
        ended.filter(account__platform=slug, lease_until__lt=now - _lease(slug)).count()
        for slug in ended.order_by().values_list("account__platform", flat=True).distinct()
    )


def untaken_posts(now: datetime) -> int:
    due = Post.objects.filter(_AT_WORK, state__in=["scheduled", "unknown"], wake_at__lt=now - PATIENCE)
    return due.count()


def counts() -> dict[str, int]:
    """Posts by state, over all workspaces; what is over for good is not counted."""
    rows = Post.objects.exclude(state__in=["published", "cancelled"]).order_by().values_list("state")
    return dict(rows.annotate(Count("pk")))


def _lease(slug: str) -> timedelta:
    try:
        platform = adapter(slug)
    except DomainError:
        return timedelta(minutes=5)  # a platform that is no longer installed
    return timedelta(seconds=platform.timeout + platform.margin)
