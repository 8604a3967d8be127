from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.schedules.quiet import is_quiet, quiet_end
from apps.schedules.slots import instant

ZONES = ("America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "UTC")


@dataclass(frozen=True)
class Quieted:
    timezone: ZoneInfo
    quiet_from: time | None
    quiet_until: time | None


def quieted(zone: str, first: str, last: str) -> Quieted:
    return Quieted(ZoneInfo(zone), time.fromisoformat(first), time.fromisoformat(last))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "hours", "at", "end"),
    [
        ("UTC", ("22:00", "07:00"), "2026-11-23T21:59", None),
        ("UTC", ("22:00", "07:00"), "2026-11-23T22:00", "2026-11-24T07:00"),
        ("UTC", ("22:00", "07:00"), "2026-11-24T06:59", "2026-11-24T07:00"),
        ("UTC", ("22:00", "07:00"), "2026-11-24T07:00", None),
        ("UTC", ("12:00", "13:30"), "2026-11-23T12:30", "2026-11-23T13:30"),
        ("UTC", ("12:00", "12:00"), "2026-11-23T12:00", None),
        ("Asia/Kolkata", ("23:00", "06:30"), "2026-11-23T20:00", "2026-11-24T01:00"),
        # New York: an hour shorter in the night to 8 March 2026, an hour longer in the night to 1 November.
        ("America/New_York", ("22:00", "07:00"), "2026-03-08T03:00", "2026-03-08T11:00"),
        ("America/New_York", ("22:00", "07:00"), "2026-11-01T02:00", "2026-11-01T12:00"),
        # Until 02:30, which is not on the wall that night: it moves forward by the gap, to 03:30.
        ("America/New_York", ("22:00", "02:30"), "2026-03-08T03:00", "2026-03-08T07:30"),
        # Until 01:30, which comes twice: the first ends it, and from 01:00 on it is quiet once more.
        ("America/New_York", ("22:00", "01:30"), "2026-11-01T03:00", "2026-11-01T05:30"),
        ("America/New_York", ("22:00", "01:30"), "2026-11-01T06:10", "2026-11-01T06:30"),
        ("Australia/Lord_Howe", ("22:00", "02:15"), "2026-10-03T12:00", "2026-10-03T15:45"),
        # Apia left out 30 December 2011: the quiet night of the 29th ends on the 31st.
        ("Pacific/Apia", ("22:00", "07:00"), "2011-12-30T09:00", "2011-12-30T17:00"),
    ],
)
def test_quiet_hours_end_when_the_wall_says_so(zone, hours, at, end):
    assert quiet_end(quieted(zone, *hours), utc(at)) == (utc(end) if end else None)


def test_an_account_without_quiet_hours_is_never_quiet():
    assert not is_quiet(Quieted(ZoneInfo("UTC"), None, None), utc("2026-11-23T03:00"))


instants = st.datetimes(min_value=datetime(2011, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC))
walls = st.times().map(lambda wall: wall.replace(second=0, microsecond=0, fold=0))


@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), at=instants, first=walls, last=walls)
def test_the_end_of_quiet_hours_is_never_quiet_and_never_past(zone, at, first, last):
    account = Quieted(ZoneInfo(zone), first, last)
    end = quiet_end(account, at)
    assert (end is not None) == is_quiet(account, at)
    if end is not None:
        assert end > at
        assert not is_quiet(account, end)
        # A night may be a missing day and a changed clock longer than a day, and no more.
        assert end - at < timedelta(days=2, hours=2)


@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), day=st.dates(min_value=datetime(2011, 1, 1).date()), wall=walls)
def test_a_wall_time_is_on_the_wall_or_moved_by_a_gap(zone, day, wall):
    zone = ZoneInfo(zone)
    at = instant(day, wall, zone)
    if at is None:
        assert (str(zone), day.isoformat()) == ("Pacific/Apia", "2011-12-30")
        return
    shown = at.astimezone(zone)
    moved = shown.replace(tzinfo=None) - datetime.combine(day, wall)
    assert timedelta() <= moved <= timedelta(hours=1)
    before = (at - timedelta(hours=3)).astimezone(zone).utcoffset()
    assert moved == timedelta() or shown.utcoffset() - before == moved
    assert shown.fold == 0 or moved > timedelta()


@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), day=st.dates(min_value=datetime(2011, 1, 1).date()), walls=st.tuples(walls, walls))
def test_earlier_on_the_wall_is_never_later_in_time(zone, day, walls):
    first, last = (instant(day, wall, ZoneInfo(zone)) for wall in sorted(walls))
    # In a gap two wall times may change places by the length of the gap; elsewhere order is kept.
    if first and last:
        assert last - first >= -timedelta(hours=1)
