"""How many calls an account makes, whichever worker makes them."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.platforms.base import Limits
from apps.schedules.models import Post, Waiting
from apps.uploads import budgets
from apps.uploads.models import CallBudget
from apps.uploads.services import publish_post
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for
from tests.uploads.studio import StudioPlatform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def limits(calls: int, seconds: float) -> Limits:
    return Limits(as_of=date(2026, 11, 1), calls=calls, per_seconds=seconds)


@hypothesis_settings(max_examples=40, deadline=None)
@given(calls=st.integers(1, 40), seconds=st.integers(1, 900), waits=st.lists(st.floats(0, 200), max_size=60))
def test_no_stretch_of_time_holds_more_calls_than_the_platform_allows(calls, seconds, waits):
    """The arithmetic alone: an eager caller takes whatever is free, at whatever moments it asks."""
    allowed, window = limits(calls, seconds), timedelta(seconds=seconds)
    full_at, now, made = NOON, NOON, []
    for wait in [*waits, *[0.0] * calls]:
        now += timedelta(seconds=wait)
        while budgets._free(full_at, allowed) <= now:
            full_at = max(full_at, now) + budgets.interval(allowed)
            made.append(now)
    for begin in made:
        assert sum(begin <= at < begin + window for at in made) <= calls


def test_a_call_is_spent_once_and_comes_back_with_time(in_workspace):
    account, allowed = AccountFactory(workspace=in_workspace), limits(4, 600)
    assert budgets.free_at(account.pk, allowed, NOON) == NOON
    assert budgets.take(account.pk, allowed, NOON) is None
    free = NOON + timedelta(seconds=150)
    assert budgets.free_at(account.pk, allowed, NOON) == free
    assert budgets.take(account.pk, allowed, NOON + timedelta(seconds=149)) == free
    assert budgets.take(account.pk, allowed, free) is None


def test_a_platform_without_limits_costs_no_row(in_workspace):
    account = AccountFactory(workspace=in_workspace)
    assert [budgets.take(account.pk, limits(0, 0), NOON) for _ in range(3)] == [None] * 3
    assert not CallBudget.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_workers_that_ask_together_get_no_more_than_there_is(connect):
    account, allowed, got = connect("fake_key"), limits(8, 600), []
    start = threading.Barrier(6)

    def worker() -> None:
        start.wait()
        try:
            got.extend(budgets.take(account.pk, allowed, NOON) is None for _ in range(3))
        finally:
            connection.close()

    workers = [threading.Thread(target=worker) for _ in range(6)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert (len(got), sum(got)) == (18, 2)  # a quarter of eight may come at once


def test_posts_wait_in_line_for_the_calls_of_their_account_and_no_other(studio_account):
    account, other = studio_account("metered"), studio_account("metered")
    posts = [posts_for(account, title=f"Post {n}")[0] for n in range(4)]
    [free] = posts_for(other, title="Free")
    states = [publish_post(post_id=post.pk) for post in [*posts, free]]
    assert states == ["published", "scheduled", "scheduled", "scheduled", "published"]
    assert StudioPlatform.calls == ["Post 0", "Free"]
    waiting = [Post.objects.get(pk=post.pk) for post in posts[1:]]
    assert [post.waiting_for for post in waiting] == [Waiting.CALLS] * 3
    waits = [(post.wake_at - timezone.now()).total_seconds() for post in waiting]
    assert [round(wait / 10) * 10 for wait in waits] == [150, 300, 450]
    assert [post.attempts.count() for post in waiting] == [0, 0, 0]
    Post.objects.filter(pk=waiting[0].pk).update(wake_at=timezone.now())
    CallBudget.objects.filter(pk=account.pk).update(full_at=timezone.now())
    assert publish_post(post_id=waiting[0].pk) == "published"
