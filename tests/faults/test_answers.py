"""8 and 9. Platforms that take a post and never say so, and platforms that ask to wait."""

from __future__ import annotations

import time

import pytest

from apps.platforms.models import Account
from tests.faults.judge import CLEAN, Row, note, unfinished, verdict, wait_until
from tests.faults.stock import accounts, posts_on
from tests.faults.workers import Forker, Pool
from tests.servers import platform_server
from tests.servers.platform_server import Apart

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

WORKERS = 2
COUNT = 6
RETRY_AFTER = 2.0


def work_off(forker: Forker, *, naive: bool) -> None:
    with Pool(forker) as pool:
        for _worker in range(WORKERS):
            pool.start(naive=naive)
        wait_until(lambda: not unfinished(), 90, "the end of the posts")


def test_where_nobody_can_be_asked_a_lost_answer_is_for_a_person_and_never_sent_again(forker):
    began = time.monotonic()
    titles, naive_titles = ([f"{name} {n}" for n in range(COUNT)] for name in ("Post", "Naive"))
    with platform_server.apart() as platform:
        platform.script({title: ["accept_then_hang"] for title in titles + naive_titles})
        mute = accounts(platform, ["fake_none"])
        posts = posts_on(mute, titles)
        work_off(forker, naive=False)
        found, calls = verdict(platform, posts), [call.title for call in platform.calls()]
        naive = posts_on(mute, naive_titles)
        work_off(forker, naive=True)
        doubled = len(verdict(platform, naive).doubled)
    said = f"{doubled} of {COUNT} doubled"
    note(Row("8 no way to ask, answer lost", COUNT, COUNT, **found.counts, naive=said), began)
    assert found.counts == CLEAN
    assert sorted(calls) == titles, "called again"
    assert found.asked == COUNT
    assert doubled == COUNT


def test_an_account_that_was_asked_to_wait_waits_and_the_others_do_not(forker):
    began = time.monotonic()
    with platform_server.apart() as platform:
        busy, free = accounts(platform, ["fake_key", "fake_lookup"])
        early, late_others, found = flood(forker, platform, busy, free, naive=False)
        naive_early, _late, _found = flood(
            forker, platform, *accounts(platform, ["fake_key", "fake_lookup"]), naive=True
        )
    said = f"{naive_early} early calls"
    note(Row("9 429 with Retry-After", 2 * COUNT + 1, 1, **found, naive=said), began)
    assert found == CLEAN
    assert early == 0, "called before the platform allowed it"
    assert late_others == 0, "another account had to wait as well"
    assert naive_early > 0


def flood(forker: Forker, platform: Apart, busy: Account, free: Account, *, naive: bool) -> tuple[int, int, dict]:
    """One account is refused, then both get many posts. Returns calls too early, others' calls too late, the counts."""
    name = "naive" if naive else "post"
    platform.script({f"{name} first": [f"429:{RETRY_AFTER}"]})
    posts = posts_on([busy], [f"{name} first"])
    with Pool(forker) as pool:
        pool.start(naive=naive)
        wait_until(lambda: [call for call in platform.calls() if call.title == f"{name} first"], 60, "the first call")
        if not naive:
            held = Account._base_manager.filter(pk=busy.pk, hold_until__isnull=False)
            wait_until(held.exists, 60, "the account's wait")
        refused = next(call.at for call in platform.calls() if call.title == f"{name} first")
        posts += posts_on([busy], [f"{name} busy {n}" for n in range(COUNT)])
        posts += posts_on([free], [f"{name} free {n}" for n in range(COUNT)])
        wait_until(lambda: not unfinished(), 90, "the end of the posts")
    calls = platform.calls()
    early = [call for call in calls if call.account == busy.handle and refused < call.at < refused + RETRY_AFTER]
    first_busy = min((call.at for call in calls if call.title.startswith(f"{name} busy")), default=refused)
    late = [call for call in calls if call.title.startswith(f"{name} free") and call.at > first_busy + RETRY_AFTER]
    return len(early), len(late), verdict(platform, posts).counts
