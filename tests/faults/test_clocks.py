"""7. Slots keep their wall time over every change of the clocks, through booking and the dispatcher."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from zoneinfo import ZoneInfo

import pytest

from apps.schedules.booking import next_free_slots
from apps.schedules.dispatcher import Dispatcher
from apps.schedules.models import Post, Slot
from tests.factories.platforms import AccountFactory
from tests.faults.judge import Row, note
from tests.faults.stock import posts_on

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

COUNT = 4
# zone, wall time of a daily slot, the day before the change, the instants of the next four posts, in UTC
TABLES = {
    "New York, forward: 02:30 is left out": (
        "America/New_York",
        "02:30",
        "2026-03-06",
        ["2026-03-06 07:30", "2026-03-07 07:30", "2026-03-08 07:30", "2026-03-09 06:30"],
    ),
    "New York, back: 01:15 comes twice": (
        "America/New_York",
        "01:15",
        "2026-10-30",
        ["2026-10-30 05:15", "2026-10-31 05:15", "2026-11-01 05:15", "2026-11-02 06:15"],
    ),
    "Lord Howe, forward by half an hour: 02:15 is left out": (
        "Australia/Lord_Howe",
        "02:15",
        "2026-10-02",
        ["2026-10-01 15:45", "2026-10-02 15:45", "2026-10-03 15:45", "2026-10-04 15:15"],
    ),
    "Lord Howe, back by half an hour: 01:45 comes twice": (
        "Australia/Lord_Howe",
        "01:45",
        "2026-04-03",
        ["2026-04-02 14:45", "2026-04-03 14:45", "2026-04-04 14:45", "2026-04-05 15:15"],
    ),
    "Apia: 30 December 2011 is left out": (
        "Pacific/Apia",
        "09:00",
        "2011-12-28",
        ["2011-12-28 19:00", "2011-12-29 19:00", "2011-12-30 19:00", "2011-12-31 19:00"],
    ),
}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def booked(zone: str, wall: str, day: str) -> list[Post]:
    """Four posts in the daily slots of an account, from the midnight before `day` on."""
    account = AccountFactory(timezone=ZoneInfo(zone))
    Slot._base_manager.filter(account=account).delete()
    slot = {"account": account, "time": wall_time.fromisoformat(wall), "timezone": ZoneInfo(zone)}
    Slot._base_manager.bulk_create(Slot(workspace=account.workspace, weekday=day, **slot) for day in range(7))
    after = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    places = next_free_slots(account, after=after, count=COUNT)
    return [posts_on([account], [f"{zone} {n}"], due=place.at)[0] for n, place in enumerate(places)]


class Clock:
    """A clock that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def sent_at(posts: list[Post]) -> list[datetime]:
    """When the dispatcher sends each, with a clock that steps to a second before each instant, and to the instant."""
    sent: dict[int, datetime] = {}
    clock = Clock(min(post.due_at for post in posts) - timedelta(days=1))

    def send(batch: list[tuple[int, int]]) -> None:
        for _workspace, pk in batch:
            sent.setdefault(pk, clock.now)  # nobody takes them up, so they are sent again later

    dispatcher = Dispatcher(send, clock=clock)
    for due in sorted(post.due_at for post in posts):
        for clock.now in (due - timedelta(seconds=1), due):
            dispatcher.turn()
    return [sent[post.pk] for post in posts]


@pytest.mark.parametrize("name", TABLES)
def test_posts_go_out_at_their_wall_time_over_a_change_of_the_clocks(name):
    began = time.monotonic()
    zone, wall, day, instants = TABLES[name]
    wanted = [utc(text) for text in instants]
    posts = booked(zone, wall, day)
    found = sent_at(posts)
    wrong = max(differences(naive, wanted) for naive in (a_day_later(wanted), every_date(zone, wall, day)))
    said = f"{wrong} of {COUNT} at a wrong time"
    note(Row(f"7 {name}", COUNT, 1, doubled=0, lost=differences(found, wanted), stuck=0, naive=said), began)
    assert found == wanted
    assert wrong


def differences(one: list[datetime], other: list[datetime]) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def a_day_later(wanted: list[datetime]) -> list[datetime]:
    """One naive way: the instant before, and 24 hours."""
    return [wanted[0] + timedelta(days=n) for n in range(COUNT)]


def every_date(zone: str, wall: str, day: str) -> list[datetime]:
    """Another: each date of the calendar with the wall time, whether that day exists or not."""
    first = datetime.fromisoformat(f"{day} {wall}")
    return [(first + timedelta(days=n)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for n in range(COUNT)]
