"""Stuck work is an alert, and what heals by itself is counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY

from apps.lifecycle import health
from apps.lifecycle.retries import OTHER, RETRIES, retry_of
from apps.lifecycle.runs import start_run
from apps.pipeline import health as repairs
from apps.pipeline.sweeper import sweep_all
from apps.pipeline.work import WORK
from apps.schedules.models import Post
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def post(in_workspace) -> Post:
    [post] = posts_for(AccountFactory(workspace=in_workspace, platform="feed"))
    return post


def part(name: str) -> tuple[bool, str]:
    found = next(each for each in health.report() if each.name == name)
    return found.ok, found.detail


def put(post: Post, **fields) -> None:
    Post.objects.filter(pk=post.pk).update(**fields)


def test_a_post_that_hangs_past_two_leases_is_an_alert(post):
    assert part("publishing") == (True, "No post is stuck.")
    platform, now = post.account.adapter, timezone.now()
    lease = timedelta(seconds=platform.timeout + platform.margin)
    put(post, state="submitting", lease_until=now - lease / 2, wake_at=now + lease)
    assert part("publishing")[0] is True
    put(post, lease_until=now - lease * 1.1)
    ok, said = part("publishing")
    assert (ok, "lease has ended twice: 1" in said) == (False, True)
    assert REGISTRY.get_sample_value("rundown_posts_stuck") == 1
    assert REGISTRY.get_sample_value("rundown_posts", {"state": "submitting"}) == 1


def test_a_due_post_that_no_worker_takes_is_an_alert_unless_publishing_is_paused(post):
    put(post, wake_at=timezone.now() - timedelta(minutes=5))
    ok, said = part("publishing")
    assert (ok, "no worker takes: 1" in said) == (False, True)
    type(post.account)._base_manager.update(state="paused")
    assert part("publishing")[0] is True


def test_sweeps_are_counted_and_missed_when_they_stop(post, monkeypatch):
    assert part("self-healing") == (True, "No sweep has run yet.")
    put(post, state="claimed", lease_until=timezone.now() - timedelta(seconds=1))
    assert sweep_all()["posts_recovered"] == 1
    assert part("self-healing") == (True, "Repaired so far: 1.")
    assert REGISTRY.get_sample_value("rundown_swept_total", {"kind": "posts_recovered"}) == 1
    page = Client().get("/metrics").content.decode()
    assert 'rundown_swept_total{kind="posts_recovered"} 1.0' in page
    with time_machine.travel(cache.get(f"{repairs.SWEPT}.at") + 200, tick=False):
        ok, said = repairs.self_healing()
    assert (ok, said.startswith("No sweep since 200 seconds")) == (False, True)


def test_every_kind_of_work_has_its_line_in_the_table_of_retries(in_workspace):
    assert {"publish", "look", "mail", "fetch", "script", "preview", "render"} <= RETRIES.keys()
    assert start_run(workspace=in_workspace, kind="preview", subject="canary:1").max_attempts == 2
    assert start_run(workspace=in_workspace, kind="unheard of", subject="canary:1").max_attempts == OTHER.tries
    assert WORK.keys() & RETRIES.keys() >= {"fetch", "script", "preview", "footage", "render"}


def test_waits_grow_to_the_longest_one_and_do_not_come_in_step():
    publish = retry_of("publish")
    waits = [[publish.wait(failures, first=10) for _ in range(50)] for failures in (1, 2, 3, 9)]
    for each, middle in zip(waits, (10, 40, 160, 3600), strict=True):
        assert middle * 0.75 <= min(each) < max(each) <= middle * 1.25
        assert len(set(each)) > 40
