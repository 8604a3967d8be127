"""From wall times to instants.

The rule, for every zone:
- A wall time that exists once is that instant.
- In a gap (clocks go forward) it is moved forward by the gap: 02:30 becomes 03:30 where an hour is left out.
- In a fold (clocks go back) it is the first of the two.
- Where a whole day is left out (Apia, 30 December 2011), that day has no slots.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


class SlotLike(Protocol):
    pk: int
    weekday: int
    time: time
    timezone: ZoneInfo


@dataclass(frozen=True, order=True)
class Occurrence:
    """at: the instant in UTC."""

    at: datetime
    slot_id: int


def instant(day: date, wall: time, zone: ZoneInfo) -> datetime | None:
    """When that wall time of that day is, in UTC, by the rule above; None on a day that does not exist."""
    local = datetime.combine(day, wall.replace(fold=0), tzinfo=zone)
    at = local.astimezone(UTC)
    gap = local.replace(fold=1).utcoffset() - local.utcoffset()
    back = at.astimezone(zone)
    if back.replace(tzinfo=None) != local.replace(tzinfo=None) and abs(gap) >= _DAY:
        return None
    return at


def occurrences(slots: list[SlotLike], *, after: datetime, days: int) -> Iterator[Occurrence]:
    """The slots' instants later than `after`, in order, for so many days; two slots at one instant count once."""
    found: dict[datetime, Occurrence] = {}
    for slot in slots:
        first = after.astimezone(slot.timezone).date() - _DAY
        for offset in range(days + 2):
            day = first + timedelta(days=offset)
            at = instant(day, slot.time, slot.timezone) if day.weekday() == slot.weekday else None
            if at and after < at <= after + timedelta(days=days):
                found.setdefault(at, Occurrence(at, slot.pk))
    yield from (found[at] for at in sorted(found))
