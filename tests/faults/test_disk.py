"""10. The disk is full: what cannot be written down is not done."""

from __future__ import annotations

import contextlib
import time

import pytest
from django.db import connection

from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.uploads.models import Attempt
from tests.faults.database import own_server, when_it_answers
from tests.faults.judge import CLEAN, Row, Verdict, note, unfinished, verdict, wait_until
from tests.faults.stock import accounts, posts_on
from tests.faults.workers import Forker, Pool
from tests.servers import platform_server
from tests.servers.platform_server import Apart
from tests.servers.postgres import Postgres

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

SLUGS = ("fake_key", "fake_handle", "fake_lookup")
COUNT = 24
TROUBLE = {"slow:0.2": 0.5}
# How many pages can still be written when the workers start: from none at all to a few transactions, in steps that
# end between each two writes of a post at some time.
ROOM = (0, 2, 4, 5, 6, 7, 8, 9, 10, 12, 16, 24)
# A page in the log of SQLite, with its header.
FRAME = 4096 + 24
FULL_FOR = 1.2


def fill_up_sqlite(forker: Forker, *, naive: bool) -> int:
    """Workers whose files cannot grow, with a little more room each time; returns how often it was full."""
    for room in ROOM:
        with connection.cursor() as cursor:
            # An old log would be written over from its beginning, and would not have to grow.
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with Pool(forker) as pool:
            for _worker in range(2):
                pool.start(naive=naive, file_size=4096 + room * FRAME)
            time.sleep(FULL_FOR / 2)
    return len(ROOM)


def fill_up_postgres(forker: Forker, server: Postgres, *, naive: bool) -> int:
    """A server whose files cannot grow any more while workers are at it; it gives up, and comes back with room."""
    rounds = 2
    with Pool(forker) as pool:
        for _worker in range(2):
            pool.start(naive=naive)
        for number in range(rounds):
            goal = COUNT * (rounds - number) // (rounds + 1)
            wait_until(lambda goal=goal: when_it_answers(unfinished, COUNT) <= goal, 60, "progress")
            server.allow_files(8192)
            time.sleep(FULL_FOR)
            server.allow_files("unlimited")
            server.crash()
            server.start()
    return rounds


def on_a_full_disk(
    forker: Forker, platform: Apart, owners: list[Account], server: Postgres | None, *, naive: bool
) -> tuple[Verdict, int]:
    """What became of the posts, and how many calls came without an intent that was committed before."""
    name = "Naive" if naive else "Post"
    posts = posts_on(owners, [f"{name} {n}" for n in range(COUNT)])
    if server is None:
        fill_up_sqlite(forker, naive=naive)
    else:
        fill_up_postgres(forker, server, naive=naive)
    with Pool(forker) as pool:
        pool.start(naive=naive)
        wait_until(lambda: when_it_answers(unfinished, COUNT) == 0, 120, "the end of the posts")
    return verdict(platform, posts), unannounced(platform, posts)


def unannounced(platform: Apart, posts: list[Post]) -> int:
    """Calls for which no intent stands in the database that is older than the call."""
    count = 0
    titles = {post.variant.title: post.pk for post in posts}
    calls: dict[str, list[float]] = {}
    for call in sorted(platform.calls(), key=lambda call: call.at):
        calls.setdefault(call.title, []).append(call.at)
    for title, pk in titles.items():
        intents = Attempt._base_manager.filter(post=pk, intent_at__isnull=False)
        announced = sorted(at.timestamp() for at in intents.values_list("intent_at", flat=True))
        for number, at in enumerate(calls.get(title, [])):
            count += number >= len(announced) or announced[number] > at
    return count


def test_on_a_full_disk_no_call_is_made_that_is_not_written_down_first(forker):
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        platform = stack.enter_context(platform_server.apart(trouble=TROUBLE))
        server = stack.enter_context(own_server()) if connection.vendor == "postgresql" else None
        owners = accounts(platform, SLUGS)
        found, without_intent = on_a_full_disk(forker, platform, owners, server, naive=False)
        naive, naive_without = on_a_full_disk(forker, platform, owners, server, naive=True)
    said = f"{naive_without} unannounced calls, {len(naive.doubled)} of {COUNT} doubled"
    faults = len(ROOM) if connection.vendor == "sqlite" else 2
    note(Row("10 disk full", COUNT, faults, **found.counts, naive=said), began)
    assert without_intent == 0
    assert found.counts == CLEAN
    assert naive_without
    assert naive.doubled
