from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from apps.schedules.slots import Occurrence, instant, occurrences


@pytest.mark.parametrize(
    ("zone", "day", "wall", "expected"),
    [
        # New York, clocks go forward on 8 March 2026 at 02:00 and back on 1 November at 02:00.
        ("America/New_York", "2026-03-07", "02:30", "2026-03-07T07:30"),
        ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:30"),  # 03:30 on the wall
        ("America/New_York", "2026-03-08", "09:00", "2026-03-08T13:00"),
        ("America/New_York", "2026-11-01", "01:15", "2026-11-01T05:15"),  # the first 01:15
        ("America/New_York", "2026-11-01", "09:00", "2026-11-01T14:00"),
        # Lord Howe moves by half an hour: forward on 4 October 2026 at 02:00, back on 5 April at 02:00.
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:45"),  # 02:45 on the wall
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45"),  # the first 01:45
        # Apia left out the whole of 30 December 2011.
        ("Pacific/Apia", "2011-12-29", "10:00", "2011-12-29T20:00"),
        ("Pacific/Apia", "2011-12-30", "10:00", None),
        ("Pacific/Apia", "2011-12-31", "10:00", "2011-12-30T20:00"),
        # Kolkata is half an hour off and never changes.
        ("Asia/Kolkata", "2026-03-08", "02:30", "2026-03-07T21:00"),
    ],
)
def test_a_wall_time_is_the_instant_that_the_rule_says(zone, day, wall, expected):
    found = instant(date.fromisoformat(day), time.fromisoformat(wall), ZoneInfo(zone))
    assert found == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


@dataclass(frozen=True)
class Weekly:
    pk: int
    weekday: int
    time: time
    timezone: ZoneInfo


def test_nine_in_the_morning_stays_nine_when_the_clocks_change():
    zone = ZoneInfo("America/New_York")
    daily = [Weekly(day, day, time(9), zone) for day in range(7)]
    found = list(occurrences(daily, after=datetime(2026, 3, 6, 20, tzinfo=UTC), days=4))
    assert [each.at.astimezone(zone).isoformat() for each in found] == [
        "2026-03-07T09:00:00-05:00",
        "2026-03-08T09:00:00-04:00",
        "2026-03-09T09:00:00-04:00",
        "2026-03-10T09:00:00-04:00",
    ]


def test_a_slot_at_the_very_moment_is_over():
    slot = Weekly(1, 0, time(9), ZoneInfo("UTC"))
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert list(occurrences([slot], after=monday, days=7)) == [Occurrence(datetime(2026, 11, 30, 9, tzinfo=UTC), 1)]


def test_two_slots_at_one_instant_are_one_occurrence():
    slots = [Weekly(1, 0, time(9), ZoneInfo("UTC")), Weekly(2, 0, time(14, 30), ZoneInfo("Asia/Kolkata"))]
    found = list(occurrences(slots, after=datetime(2026, 11, 22, tzinfo=UTC), days=3))
    assert [each.at for each in found] == [datetime(2026, 11, 23, 9, tzinfo=UTC)]


def test_a_folded_hour_has_one_occurrence():
    slot = Weekly(1, 6, time(1, 30), ZoneInfo("America/New_York"))
    found = list(occurrences([slot], after=datetime(2026, 10, 31, 12, tzinfo=UTC), days=2))
    assert [each.at for each in found] == [datetime(2026, 11, 1, 5, 30, tzinfo=UTC)]
