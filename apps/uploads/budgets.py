"""How many calls an account may make, counted for all workers together.

The count is a row of the database, not of the broker's cache: a publish call already locks its account's row and writes
its intent there, so the call is spent in that same transaction, exactly when it is going to be made. A wiped or
unreachable cache can then neither forget calls nor stop posts, and two counts never have to agree.

The arithmetic is that of a leaky bucket (GCRA) with one column. A quarter of the allowance may come at once, the rest
is spread, so that no stretch of `per_seconds`, wherever it begins, holds more than `calls` calls.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from apps.platforms.base import Limits
from apps.uploads.models import CallBudget

_RACES = 50


def interval(limits: Limits) -> timedelta:
    """The time after which a spent call is free again."""
    return timedelta(seconds=limits.per_seconds / (limits.calls - _burst(limits) + 1))


def _burst(limits: Limits) -> int:
    return max(1, limits.calls // 4)


def free_at(account_id: int, limits: Limits, now: datetime) -> datetime:
    """When the account may make its next call; `now` or earlier when it may now. Spends nothing."""
    if not (limits.calls and limits.per_seconds):
        return now
    full_at = CallBudget.objects.filter(pk=account_id).values_list("full_at", flat=True).first()
    return _free(_believed(full_at, limits, now), limits) if full_at else now


def take(account_id: int, limits: Limits, now: datetime) -> datetime | None:
    """Spend one call; None when it is spent, otherwise the time when the next one is free."""
    if not (limits.calls and limits.per_seconds):
        return None
    for _race in range(_RACES):
        row = CallBudget.objects.filter(pk=account_id)
        full_at = row.values_list("full_at", flat=True).first()
        if full_at is None:
            if _begin(account_id, now + interval(limits)):
                return None
            continue
        believed = _believed(full_at, limits, now)
        if _free(believed, limits) > now:
            return _free(believed, limits)
        # Only if nobody else has spent one since it was read.
        if row.filter(full_at=full_at).update(full_at=max(believed, now) + interval(limits)):
            return None
    return now + interval(limits)


def _free(full_at: datetime, limits: Limits) -> datetime:
    return full_at - (_burst(limits) - 1) * interval(limits)


def _believed(full_at: datetime, limits: Limits, now: datetime) -> datetime:
    """A time that no number of calls leads to was written before a clock was set back."""
    return min(full_at, now + _burst(limits) * interval(limits))


def _begin(account_id: int, full_at: datetime) -> bool:
    try:
        with transaction.atomic():
            CallBudget.objects.create(account_id=account_id, full_at=full_at)
    except IntegrityError:
        return False
    return True
