"""3. A worker is stopped past its lease and goes on afterwards, as after a laptop's sleep or a frozen machine."""

from __future__ import annotations

import signal
import time

import pytest

from apps.platforms.models import Account
from apps.schedules.models import Post
from tests.faults.judge import CLEAN, Row, note, unfinished, verdict, wait_until
from tests.faults.stock import accounts, posts_on
from tests.faults.test_crash import SLUGS, finish
from tests.faults.workers import Pool
from tests.servers import platform_server
from tests.servers.platform_server import Apart

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

# slug, where it stops, how often it is public when another worker has dealt with it, and when the stopped one is back
STOPS = [
    *[(slug, "after_claim", 1, 1) for slug in SLUGS],
    ("fake_key", "after_intent", 1, 1),
    ("fake_handle", "after_intent", 1, 1),
    ("fake_handle", "after_handle", 1, 1),
    ("fake_lookup", "after_intent", 1, 1),
    ("fake_none", "after_intent", 0, 0),
    *[(slug, "after_call", 1, 1) for slug in SLUGS],
]


def stop_all(pool: Pool, posts: list[Post], points: list[str], *, naive: bool) -> list[int]:
    workers = []
    for post, point in zip(posts, points, strict=True):
        workers.append(pool.start(post=post.pk, failpoints=f"uploads.{point}=stop", naive=naive))
        wait_until(lambda: pool.has_paused(workers[-1]), 60, "the worker's stop")
        assert pool.is_stopped(workers[-1]), f"it did not come by {point}"
    return workers


def go_on(pool: Pool, workers: list[int]) -> None:
    for worker in workers:
        pool.signal(worker, signal.SIGCONT)
    wait_until(lambda: not any(map(pool.is_running, workers)), 90, "the end of the workers")


def test_a_worker_that_slept_past_its_lease_publishes_nothing_a_second_time(pool):
    began = time.monotonic()
    with platform_server.apart() as platform:
        titles = [f"{number} {slug} {point}" for number, (slug, point, *_counts) in enumerate(STOPS)]
        by_slug = dict(zip(SLUGS, accounts(platform, SLUGS), strict=True))
        posts = [posts_on([by_slug[case[0]]], [title])[0] for title, case in zip(titles, STOPS, strict=True)]
        workers = stop_all(pool, posts, [case[1] for case in STOPS], naive=False)
        finish(posts)
        before = platform.counts()
        go_on(pool, workers)
        after, found = platform.counts(), verdict(platform, posts)
        said = naive_result(pool, platform, by_slug["fake_lookup"])
    note(Row("3 SIGSTOP past the lease", len(posts), len(posts), **found.counts, naive=said), began)
    cases = zip(STOPS, titles, strict=True)
    assert [(*case[:2], before[title], after[title]) for case, title in cases] == STOPS
    assert found.counts == CLEAN


def naive_result(pool: Pool, platform: Apart, account: Account) -> str:
    posts = posts_on([account], ["Naive"])
    workers = stop_all(pool, posts, ["after_claim"], naive=True)
    pool.start(naive=True)
    wait_until(lambda: not unfinished(), 60, "the naive publisher's end")
    go_on(pool, workers)
    doubled = len(verdict(platform, posts).doubled)
    assert doubled == 1
    return "1 of 1 doubled"
