"""5. The database goes away in mid-work: PostgreSQL crashes; SQLite's users die at once, its lock being fought for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from apps.platforms.models import Account
from apps.schedules.models import Post
from tests.faults.database import own_server, when_it_answers
from tests.faults.judge import CLEAN, POSTS, Row, Verdict, note, unfinished, verdict, wait_until
from tests.faults.stock import accounts, posts_on
from tests.faults.workers import Forker, Pool
from tests.servers import platform_server
from tests.servers.platform_server import Apart

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

SLUGS = ("fake_key", "fake_handle", "fake_lookup")
WORKERS = 4
COUNT = min(POSTS, 400) or 48
CRASHES = 3
# Long calls, so that every crash finds some under way.
TROUBLE = {"slow:0.3": 0.4}
Crash = Callable[[Pool, bool], None]


@contextmanager
def crashing_database() -> Iterator[Crash]:
    """A function that crashes what the workers write to, and brings it back."""
    if connection.vendor == "sqlite":
        yield _kill_all
        return
    with own_server() as server:

        def restart(pool: Pool, naive: bool) -> None:
            server.crash()
            time.sleep(0.5)
            server.start()

        yield restart


def _kill_all(pool: Pool, naive: bool) -> None:
    for worker in list(pool.workers):
        pool.kill(worker)
    _start(pool, naive=naive)


def _start(pool: Pool, *, naive: bool) -> None:
    for seed in range(WORKERS):
        pool.start(seed=seed, naive=naive)
    if connection.vendor == "sqlite":
        pool.start(hog=True)


def under_crashes(forker: Forker, platform: Apart, owners: list[Account], crash: Crash, *, naive: bool) -> Verdict:
    name = "Naive" if naive else "Post"
    posts = posts_on(owners, [f"{name} {n}" for n in range(COUNT)])
    with Pool(forker) as pool:
        _start(pool, naive=naive)
        for number in range(CRASHES):
            # When a quarter is done, a half, three quarters.
            goal = COUNT * (CRASHES - number) // (CRASHES + 1)
            wait_until(lambda goal=goal: when_it_answers(unfinished, COUNT) <= goal, 120, "progress")
            crash(pool, naive)
        wait_until(lambda: when_it_answers(unfinished, COUNT) == 0, 180, "the end of the posts")
    return verdict(platform, posts)


def test_a_database_that_crashes_in_mid_work_loses_nothing_and_doubles_nothing(forker):
    began = time.monotonic()
    with platform_server.apart(trouble=TROUBLE) as platform, crashing_database() as crash:
        owners = accounts(platform, SLUGS)
        found = under_crashes(forker, platform, owners, crash, naive=False)
        naive = under_crashes(forker, platform, owners, crash, naive=True)
        asked = Post._base_manager.filter(state="needs_human").count()
    said = f"{len(naive.doubled)} of {COUNT} doubled"
    note(Row("5 database restart", COUNT, CRASHES, **found.counts, naive=said), began)
    assert found.counts == CLEAN
    assert asked <= 2
    assert naive.doubled
