"""Finding free places in an account's slots."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.common.errors import Conflict
from apps.platforms.models import Account
from apps.schedules.models import Post, Slot
from apps.schedules.slots import Occurrence, occurrences

# What is cancelled, missed or refused gives its place back.
GONE = ("cancelled", "missed", "rejected")
_STEP = 28
_HORIZON = 364
_MARGIN = timedelta(days=2)


def next_free_slot(account: Account, *, after: datetime) -> Occurrence:
    """The first occurrence of the account's slots later than `after` that keeps its gap and its daily limit.

    Raises Conflict when there is none within a year.
    """
    slots = list(Slot._base_manager.filter(account=account))
    start = after
    for _step in range(_HORIZON // _STEP if slots else 0):
        taken = _taken(account, start)
        per_day = Counter(at.astimezone(account.timezone).date() for at in taken)
        for place in occurrences(slots, after=start, days=_STEP):
            if _is_free(account, place.at, taken, per_day):
                return place
        start += timedelta(days=_STEP)
    raise Conflict(
        _("“%(account)s” has no free slot within a year.") % {"account": account.name},
        hint=_("Add slots to the account, or choose a time yourself."),
    )


def _taken(account: Account, start: datetime) -> list[datetime]:
    window = (start - _MARGIN, start + timedelta(days=_STEP) + _MARGIN)
    posts = Post._base_manager.filter(account=account, due_at__range=window).exclude(state__in=GONE)
    return list(posts.values_list("due_at", flat=True))


def _is_free(account: Account, at: datetime, taken: list[datetime], per_day: Counter) -> bool:
    gap = timedelta(minutes=account.minimum_gap)
    if any(at == other or abs(at - other) < gap for other in taken):
        return False
    day = at.astimezone(account.timezone).date()
    return not account.daily_limit or per_day[day] < account.daily_limit
