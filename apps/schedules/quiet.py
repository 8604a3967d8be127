"""Quiet hours: wall times of the account's zone between which nothing goes out. They may cross midnight.

Read as people read a clock: what the wall shows decides. A quiet hour that a change of clocks repeats is quiet twice,
and one that it leaves out is not there. The end follows the rule of `slots`: in a gap it moves forward by the gap, in a
fold it is the first of the two that is still to come.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_DAYS = 4


class Quieted(Protocol):
    timezone: ZoneInfo
    quiet_from: time | None
    quiet_until: time | None


def is_quiet(account: Quieted, at: datetime) -> bool:
    """Whether the account's wall shows a quiet time at that instant; the end itself is not quiet any more."""
    first, last = account.quiet_from, account.quiet_until
    if first is None or last is None or first == last:
        return False
    wall = at.astimezone(account.timezone).time()
    return first <= wall < last if first < last else wall >= first or wall < last


def quiet_end(account: Quieted, at: datetime) -> datetime | None:
    """When the quiet hours that `at` falls into end, in UTC; None when it falls into none."""
    if not is_quiet(account, at):
        return None
    today = at.astimezone(account.timezone).date()
    ends = []
    for offset in range(_DAYS):
        for fold in (0, 1):
            day = today + timedelta(days=offset)
            local = datetime.combine(day, account.quiet_until.replace(fold=fold), tzinfo=account.timezone)
            ends.append(local.astimezone(UTC))
    return min(end for end in ends if end > at and not is_quiet(account, end))
