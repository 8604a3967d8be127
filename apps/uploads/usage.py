"""How much of its limits an account has used, and what it did last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from django.db.models import Count, Max, Q

from apps.common.clock import database_now
from apps.common.errors import Conflict
from apps.platforms.models import Account
from apps.schedules.booking import next_free_slot
from apps.schedules.machine import FOR_PEOPLE, UNDER_WAY
from apps.schedules.models import Post
from apps.schedules.quiet import quiet_end
from apps.uploads import budgets


@dataclass(frozen=True)
class Usage:
    """today: posts published or being published since midnight of the account's own zone; of: its limit, 0 for none.

    calls_free_at: when the platform allows the next call, None: now. quiet_until: the end of the present quiet hours.
    held_until: until when the platform asked to wait. next_slot: the next place that a new post would take.
    """

    today: int
    of: int
    scheduled: int
    for_people: int
    calls_free_at: datetime | None
    quiet_until: datetime | None
    held_until: datetime | None
    next_slot: datetime | None

    @property
    def percent(self) -> int:
        return min(100, 100 * self.today // self.of) if self.of else 0


def usage_of(account: Account) -> Usage:
    now = database_now()
    midnight = datetime.combine(now.astimezone(account.timezone).date(), time(), tzinfo=account.timezone)
    counted = Post._base_manager.filter(account=account).aggregate(
        today=Count("pk", filter=Q(published_at__gte=midnight) | Q(state__in=UNDER_WAY)),
        scheduled=Count("pk", filter=Q(state="scheduled")),
        for_people=Count("pk", filter=Q(state__in=FOR_PEOPLE)),
    )
    calls_free_at = budgets.free_at(account.pk, account.adapter.limits, now)
    return Usage(
        **counted,
        of=account.daily_limit,
        calls_free_at=calls_free_at if calls_free_at > now else None,
        quiet_until=quiet_end(account, now),
        held_until=account.hold_until if account.hold_until and account.hold_until > now else None,
        next_slot=_next_slot(account, now),
    )


def _next_slot(account: Account, now: datetime) -> datetime | None:
    try:
        return next_free_slot(account, after=now).at
    except Conflict:
        return None


def last_posts(account: Account, count: int = 12) -> list[Post]:
    """What was tried on the account last, newest first, with what came of it."""
    tried = Post.objects.select_related("variant", "item", "workspace").filter(account=account)
    tried = tried.exclude(state__in=["scheduled", "cancelled"])
    return list(tried.order_by("-state_at", "-pk")[:count])


def next_posts(account: Account, count: int = 5) -> list[Post]:
    """What goes out next on the account."""
    waiting = Post.objects.select_related("variant", "item", "workspace").filter(account=account, state="scheduled")
    return list(waiting.order_by("due_at", "pk")[:count])


def numbers_of(accounts: list[Account]) -> dict[int, dict[str, object]]:
    """For a list of accounts, in one query: how many posts wait, how many need a person, and when one went out last."""
    rows = Post._base_manager.filter(account__in=accounts).order_by().values("account")
    counted = rows.annotate(
        scheduled=Count("pk", filter=Q(state="scheduled")),
        for_people=Count("pk", filter=Q(state__in=FOR_PEOPLE)),
        last=Max("published_at"),
    )
    return {row.pop("account"): row for row in counted}
