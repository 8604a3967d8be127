"""2. A worker dies at each step of publishing; whoever comes next finds out what happened."""

from __future__ import annotations

import time

import pytest

from apps.schedules.models import Post
from apps.uploads.services import publish_post, sweep
from tests.faults.judge import CLEAN, Row, note, unfinished, verdict, wait_until
from tests.faults.stock import accounts, posts_on
from tests.faults.workers import Pool
from tests.servers import platform_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

# slug, failpoint, the platform's script, state at the end, how often it is public
CRASHES = [
    ("fake_key", "after_claim", [], "published", 1),
    ("fake_key", "after_intent", [], "published", 1),
    ("fake_key", "after_call", [], "published", 1),
    ("fake_key", "after_result", [], "published", 1),
    ("fake_key", "after_release", ["408"], "published", 1),
    ("fake_key", "after_lose_track", ["accept_then_reset"], "published", 1),
    ("fake_key", "after_take_unknown", ["accept_then_reset"], "published", 1),
    ("fake_key", "after_refuse", ["422"], "rejected", 0),
    ("fake_handle", "after_claim", [], "published", 1),
    ("fake_handle", "after_intent", [], "published", 1),
    ("fake_handle", "after_handle", [], "published", 1),
    ("fake_handle", "after_call", [], "published", 1),
    ("fake_handle", "after_look", ["accept_then_reset"], "published", 1),
    ("fake_lookup", "after_intent", [], "published", 1),
    ("fake_lookup", "after_call", [], "published", 1),
    ("fake_lookup", "after_look", ["accept_then_reset"], "published", 1),
    ("fake_lookup", "after_look", ["reset"], "published", 1),
    ("fake_none", "after_claim", [], "published", 1),
    ("fake_none", "after_intent", [], "needs_human", 0),
    ("fake_none", "after_call", [], "needs_human", 1),
    ("fake_none", "after_ask", ["accept_then_reset"], "needs_human", 1),
]
SLUGS = ("fake_key", "fake_handle", "fake_lookup", "fake_none")
# More workers at once than cores would keep the platform from answering in time.
AT_ONCE = 4


def crash_all(pool: Pool, posts: list[Post], points: list[str], *, naive: bool) -> None:
    """Each post gets a worker that dies at its point."""
    for start in range(0, len(posts), AT_ONCE):
        batch = list(zip(posts, points, strict=True))[start : start + AT_ONCE]
        workers = [pool.start(post=post.pk, failpoints=f"uploads.{point}=crash", naive=naive) for post, point in batch]
        wait_until(lambda workers=workers: not any(map(pool.is_running, workers)), 90, "the end of the workers")


def finish(posts: list[Post]) -> None:
    """A healthy worker takes over, until nothing is left to do."""
    deadline = time.monotonic() + 90
    while unfinished() and time.monotonic() < deadline:
        sweep()
        for post in posts:
            publish_post(post_id=post.pk)
        time.sleep(0.05)


def test_a_crash_at_any_step_loses_nothing_and_doubles_nothing(pool):
    began = time.monotonic()
    with platform_server.apart() as platform:
        titles = [f"{number} {case[0]} {case[1]}" for number, case in enumerate(CRASHES)]
        platform.script({title: case[2] for title, case in zip(titles, CRASHES, strict=True)})
        by_slug = dict(zip(SLUGS, accounts(platform, SLUGS), strict=True))
        posts = [posts_on([by_slug[case[0]]], [title])[0] for title, case in zip(titles, CRASHES, strict=True)]
        crash_all(pool, posts, [case[1] for case in CRASHES], naive=False)
        assert unfinished() >= len(CRASHES) / 2, "the failpoints did not bite"
        finish(posts)
        counts, found = platform.counts(), verdict(platform, posts)
        states = [Post._base_manager.get(pk=post.pk).state for post in posts]
        said = naive_result(pool, by_slug["fake_lookup"])
    # The one that the platform refused is neither lost nor public.
    refused = sum(case[3] == "rejected" for case in CRASHES)
    tally = {**found.counts, "lost": len(found.lost) - refused}
    note(Row("2 crash at every step", len(posts), len(posts), **tally, naive=said), began)
    results = [(*case[:3], state, counts[title]) for case, state, title in zip(CRASHES, states, titles, strict=True)]
    assert results == CRASHES
    assert tally == CLEAN


def naive_result(pool: Pool, account) -> str:
    """The naive publisher dies at the two points that it has."""
    with platform_server.apart() as platform:
        type(account)._base_manager.filter(pk=account.pk).update(settings={"url": platform.url})
        posts = posts_on([account], ["Naive 1", "Naive 2"])
        crash_all(pool, posts, ["after_claim", "after_call"], naive=True)
        pool.start(naive=True)
        wait_until(lambda: not unfinished(), 60, "the naive publisher's end")
        doubled = len(verdict(platform, posts).doubled)
    assert doubled == 1
    return f"{doubled} of {len(posts)} doubled"
