"""Reading the schedule."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, QuerySet

from apps.common.clock import database_now
from apps.platforms.models import Account
from apps.schedules.machine import FOR_PEOPLE
from apps.schedules.models import Post, Slot


def posts() -> QuerySet[Post]:
    """The current workspace's posts, with what lists show of them."""
    return Post.objects.select_related("workspace", "account", "item", "variant")


def upcoming() -> QuerySet[Post]:
    """What goes out next, soonest first."""
    return posts().filter(state="scheduled").order_by("due_at", "pk")


def due_posts(now: datetime | None = None) -> QuerySet[Post]:
    """Scheduled posts whose time has come."""
    return posts().filter(state="scheduled", wake_at__lte=now or database_now()).order_by("wake_at", "pk")


def for_people() -> QuerySet[Post]:
    """Posts that wait for a person's decision."""
    return posts().filter(state__in=FOR_PEOPLE).order_by("state_at")


def posts_at(account: Account, at: datetime) -> QuerySet[Post]:
    """What is planned for that account at that very time."""
    return posts().filter(account=account, due_at=at).exclude(state="cancelled")


def counts_by_state() -> dict[str, int]:
    return dict(Post.objects.order_by().values_list("state").annotate(Count("pk")))


def seconds_until(post: Post, now: datetime | None = None) -> float | None:
    """Seconds until the post is tried, by the server's clock; 0 when it is due, None when it is not waiting."""
    if post.state != "scheduled" or post.wake_at is None:
        return None
    return max((post.wake_at - (now or database_now())).total_seconds(), 0.0)


def slots_of(account: Account) -> QuerySet[Slot]:
    return Slot.objects.filter(account=account)
