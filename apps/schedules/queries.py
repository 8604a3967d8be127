"""Reading the schedule."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, QuerySet

from apps.common.clock import database_now
from apps.content.models import Item
from apps.content.services import make_variants
from apps.platforms.models import Account
from apps.schedules.booking import GONE
from apps.schedules.concerns import Concern, of_item, of_media, of_minute, of_texts, of_times
from apps.schedules.machine import FOR_PEOPLE, SCHEDULABLE
from apps.schedules.models import CalendarFeed, EvergreenPool, Post, Recurrence, Reservation, Slot


def posts() -> QuerySet[Post]:
    """The current workspace's posts, with what lists show of them."""
    return Post.objects.select_related("workspace", "account", "item", "variant")


def upcoming() -> QuerySet[Post]:
    """What goes out next, soonest first."""
    return posts().filter(state="scheduled").order_by("due_at", "pk")


def for_people() -> QuerySet[Post]:
    """Posts that wait for a person's decision."""
    return posts().filter(state__in=FOR_PEOPLE).order_by("state_at")


def missed(*, account: int | None = None) -> QuerySet[Post]:
    """What did not go out in its time, oldest first."""
    found = posts().filter(state="missed").order_by("due_at", "pk")
    return found.filter(account=account) if account else found


def posts_at(account: Account | None, at: datetime, *, tolerance: timedelta = timedelta()) -> QuerySet[Post]:
    """What is planned for that account (None: any) at that time, give or take the tolerance."""
    found = posts().filter(due_at__range=(at - tolerance, at + tolerance)).exclude(state__in=GONE)
    return (found.filter(account=account) if account else found).order_by("due_at", "pk")


def concerns_about(item: Item, account: Account, *, at: datetime | None = None) -> list[Concern]:
    """What speaks against putting that item on that account, at that time; empty when nothing does."""
    if item.approved_revision is None:
        return []
    variants = make_variants(revision=item.approved_revision, platform=account.platform)
    of_time = of_times(account, [at]) + of_minute(account, item, at) if at else []
    of_content = of_texts(account, item, variants) + of_media(account, item, variants)
    return of_item(account, item) + of_content + of_time


def recurrences() -> QuerySet[Recurrence]:
    return Recurrence.objects.select_related("workspace", "item", "account")


def pools() -> QuerySet[EvergreenPool]:
    return EvergreenPool.objects.select_related("workspace", "account")


def reservations() -> QuerySet[Reservation]:
    return Reservation.objects.filter(settled_at=None).select_related("workspace", "item", "account")


def calendars() -> QuerySet[CalendarFeed]:
    """Addresses that still work."""
    return CalendarFeed.objects.select_related("workspace").filter(revoked_at=None)


def schedulable() -> QuerySet[Item]:
    """Items that may go out, those that never did first."""
    items = Item.objects.select_related("workspace", "approved_revision")
    return items.filter(state__in=SCHEDULABLE).order_by("state", "-state_at", "-pk")


def counts_by_state() -> dict[str, int]:
    return dict(Post.objects.order_by().values_list("state").annotate(Count("pk")))


def seconds_until(post: Post, now: datetime | None = None) -> float | None:
    """Seconds until the post is tried, by the server's clock; 0 when it is due, None when it is not waiting."""
    if post.state != "scheduled" or post.wake_at is None:
        return None
    return max((post.wake_at - (now or database_now())).total_seconds(), 0.0)


def slots_of(account: Account) -> QuerySet[Slot]:
    return Slot.objects.filter(account=account)
