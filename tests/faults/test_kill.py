"""1. Workers are killed again and again; the platform's own log says whether anything was lost or published twice."""

from __future__ import annotations

import random
import time

import pytest

from apps.schedules.models import Post
from apps.uploads.models import Attempt
from tests.faults.judge import CLEAN, POSTS, SEEDS, Row, beyond_two_leases, note, unfinished, verdict
from tests.faults.stock import accounts, posts_on
from tests.faults.workers import Forker, Pool
from tests.servers import platform_server
from tests.servers.platform_server import Apart

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

WORKERS = 4
EVERY = 2.0 if POSTS else 0.7
SLUGS = ("fake_key", "fake_handle", "fake_lookup", "fake_none")
TROUBLE = {"429:0.2": 0.05, "accept_then_reset": 0.05, "accept_then_500": 0.03, "reset": 0.03}
# Posts that are due at once. More would be late before their turn comes, and what is late goes out one by one.
AT_ONCE = 500
# Enough to see the naive publisher fail.
NAIVE_POSTS = 60


def siege(platform: Apart, forker: Forker, *, count: int, seed: int, naive: bool) -> tuple[list[Post], int, int]:
    """Four workers; one is killed every so often and another takes its place, until all posts are settled.

    Returns the posts, the number of kills, and how many posts nobody looked after.
    """
    dice, kills, forgotten, posts = random.Random(seed), 0, 0, []
    owners, titles = accounts(platform, SLUGS), [f"Post {n}" for n in range(count)]
    deadline, settled = time.monotonic() + 60, 0
    with Pool(forker) as pool:
        for number in range(WORKERS):
            pool.start(seed=number, naive=naive)
        while ((left := unfinished()) or len(posts) < count) and time.monotonic() < deadline:
            if left < AT_ONCE:
                posts += posts_on(owners, titles[len(posts) :][:AT_ONCE])
            if len(posts) - left > settled:
                # Only standing still is a failure; how fast it goes is for the bench to say.
                deadline, settled = time.monotonic() + 60, len(posts) - left
            time.sleep(EVERY)
            pool.kill(dice.choice(pool.workers))
            kills += 1
            pool.start(seed=dice.random(), naive=naive)
            forgotten = max(forgotten, beyond_two_leases())
    return posts, kills, forgotten


@pytest.mark.parametrize("seed", range(SEEDS))
def test_workers_killed_again_and_again_lose_nothing_and_double_nothing(forker, seed):
    began, count = time.monotonic(), POSTS or 150
    with platform_server.apart(seed=seed, trouble=TROUBLE) as platform:
        posts, kills, forgotten = siege(platform, forker, count=count, seed=seed, naive=False)
        found = verdict(platform, posts)
    counts = {**found.counts, "stuck": len(found.stuck) + forgotten}
    said = naive_result(forker, seed)
    note(Row("1 kill -9 of workers", count, kills, **counts, naive=said, seed=seed), began)
    assert counts == CLEAN
    assert Attempt._base_manager.count() > count, "nothing went wrong, so nothing was tested"
    only_mute = Post._base_manager.filter(state="needs_human").exclude(account__platform="fake_none")
    # After three failures in a row a person is asked; that is rare.
    assert only_mute.count() <= count // 50 + 1


def naive_result(forker: Forker, seed: int) -> str:
    with platform_server.apart(seed=seed, trouble=TROUBLE) as platform:
        posts, _kills, _forgotten = siege(platform, forker, count=NAIVE_POSTS, seed=seed, naive=True)
        doubled = len(verdict(platform, posts).doubled)
    assert doubled
    return f"{doubled} of {NAIVE_POSTS} doubled"
