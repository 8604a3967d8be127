"""Clocks that jump, machines that stand still, workers that never come back: late perhaps, but never twice."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from apps.common.errors import AdapterError
from apps.pipeline import flow
from apps.platforms.base import OutcomeUnknown, PublishResult, RateLimited
from apps.schedules.dispatcher import Dispatcher
from apps.schedules.models import Post
from apps.schedules.pausing import pause_workspace
from apps.schedules.services import cancel_post, post_now, send_again
from apps.uploads import budgets, leases, outcomes, requests, services
from apps.uploads.leases import claim
from apps.uploads.models import Attempt, CallBudget
from apps.uploads.outcomes import MAX_ATTEMPTS
from apps.uploads.services import publish_post, sweep
from apps.workspaces.actors import SYSTEM, Actor
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for
from tests.factories.workspaces import add_person
from tests.platform_adapter import KeyPlatform, MutePlatform
from tests.uploads.test_budgets import NOON, limits
from tests.uploads.test_publish import fresh, in_thread, outcomes_of, wait_for

HOUR = timedelta(hours=1)


class Died(BaseException):
    """As by kill -9: nothing of the product catches it."""


def die(*_: object) -> None:
    raise Died


def set_clock_forward(post: Post) -> None:
    """Every time in the row is an hour longer ago."""
    row = fresh(post)
    Post._base_manager.filter(pk=post.pk).update(lease_until=row.lease_until - HOUR, wake_at=row.wake_at - HOUR)


@pytest.mark.parametrize("slug", ["fake_handle", "fake_lookup"])
def test_a_clock_set_forward_during_a_call_makes_nobody_send_it_again(connect, platform, work_off, slug):
    platform.script["Jump"] = ["slow:0.7"]
    [post] = posts_for(connect(slug), title="Jump")
    worker = threading.Thread(target=in_thread, args=(post, lambda: publish_post(post_id=post.pk)))
    worker.start()
    wait_for(lambda: platform.calls)
    set_clock_forward(post)
    assert work_off(post) == "published"
    worker.join()
    assert platform.counts() == {"Jump": 1}
    assert outcomes_of(post) == ["published"]


@pytest.mark.parametrize("clock", ["this machine's", "the database's"])
def test_a_machine_that_stood_still_before_the_call_sends_nothing(connect, platform, monkeypatch, clock):
    [post] = posts_for(connect("fake_none"))
    slept: list[float] = []
    if clock == "this machine's":
        monkeypatch.setattr(services, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + sum(slept)))
    else:  # of a machine that was suspended, the own clock says nothing
        real = services.database_now
        monkeypatch.setattr(services, "database_now", lambda: real() + timedelta(seconds=sum(slept)))
    monkeypatch.setattr(services, "failpoint", lambda name: slept.append(60))
    assert publish_post(post_id=post.pk) == "scheduled"
    assert platform.calls == []
    assert (outcomes_of(post), fresh(post).error["code"]) == (["withdrawn"], "stood_still")


def test_a_call_that_nobody_ended_is_shown_as_lost_once_another_worker_looks(connect, platform, work_off, monkeypatch):
    platform.script["Gone"] = ["accept_then_reset"]
    [post] = posts_for(connect("fake_lookup"), title="Gone")
    assert publish_post(post_id=post.pk) == "unknown"
    Post._base_manager.filter(pk=post.pk).update(wake_at=timezone.now())
    with monkeypatch.context() as during:
        during.setattr(leases, "failpoint", die)
        with pytest.raises(Died):
            publish_post(post_id=post.pk)
    assert work_off(post) == "published"
    assert outcomes_of(post) == ["unknown", "lost", "published"]


def test_an_attempt_of_a_cancelled_post_does_not_stay_under_way_when_its_worker_is_gone(connect):
    [post] = posts_for(connect("fake_key"))
    claim(post)
    cancel_post(post=post, actor=SYSTEM)
    flow.end_attempts(post)
    assert outcomes_of(post) == ["lost"]


@pytest.mark.parametrize(
    ("when", "calls", "twice"),
    [
        ("it waits", 1, None),
        ("it is sent", 2, ("https://x.example/1", "https://x.example/2")),
        ("its answer is lost", 2, ("https://x.example/1", "?")),
        ("it is out", 2, ("https://x.example/2", "https://x.example/1")),
    ],
)
def test_an_answer_that_comes_after_somebody_sent_it_again(connect, monkeypatch, work_off, client, when, calls, twice):
    """The first call was taken, and says so when a person has given it up already."""
    [post] = posts_for(connect("fake_none"))
    owner, seen = add_person(post.workspace), []

    def answer(number: int) -> PublishResult:
        return PublishResult(f"id{number}", f"https://x.example/{number}")

    def come_late() -> None:
        outcomes.published(leases.Lease(fresh(post), post.attempts.get(number=1), post.account.adapter), answer(1))

    def publish(*_: object) -> PublishResult:
        seen.append(when)
        if len(seen) == 1:
            raise OutcomeUnknown("?")
        if when != "it is out":
            come_late()
        if when == "its answer is lost":
            raise OutcomeUnknown("?")
        return answer(2)

    monkeypatch.setattr(MutePlatform, "publish", publish)
    assert work_off(post) == "needs_human"
    send_again(post=fresh(post), actor=Actor.of(owner))
    if when == "it waits":
        come_late()
    assert work_off(post) == "published"
    if when == "it is out":
        come_late()
    row = fresh(post)
    assert (row.state, len(seen)) == ("published", calls)
    assert (row.error and (row.error["code"], row.error["first"], row.error["second"])) == (
        twice and ("maybe_twice", *twice)
    )
    client.force_login(owner)
    page = client.get(f"/w/{post.workspace.slug}/posts/{post.pk}/").content.decode()
    assert ("probably online twice" in page, "https://x.example/1" in page) == (bool(twice), True)


def test_a_post_whose_every_resend_kills_its_worker_goes_to_a_person(connect, monkeypatch):
    [post] = posts_for(connect("fake_key"))
    monkeypatch.setattr(KeyPlatform, "publish", die)
    for _life in range(MAX_ATTEMPTS + 2):
        try:
            publish_post(post_id=post.pk)
        except Died:
            past = timezone.now() - timedelta(seconds=1)
            Post._base_manager.filter(pk=post.pk).update(wake_at=past, lease_until=past)
        Post._base_manager.filter(pk=post.pk, state="unknown").update(wake_at=timezone.now())
    row = fresh(post)
    assert (row.state, row.error["code"], row.error["maybe_online"]) == ("needs_human", "no_word", True)
    assert row.attempts.count() == MAX_ATTEMPTS


def test_a_post_that_became_too_late_while_its_worker_was_lost_is_missed_at_once(connect, platform):
    [post] = posts_for(connect("fake_key", catch_up=60))
    claim(post)
    late = {"due_at": timezone.now() - timedelta(minutes=61), "lease_until": timezone.now()}
    Post._base_manager.filter(pk=post.pk).update(**late)
    assert sweep() == {"recovered": 1}
    assert publish_post(post_id=post.pk) == "missed"
    assert (fresh(post).wake_at, platform.calls) == (None, [])


def test_a_post_that_a_person_moved_while_a_worker_read_it_is_left_to_the_next_look(connect, platform):
    [post] = posts_for(connect("fake_key"))
    read = Post._base_manager.select_related("account", "workspace").get(pk=post.pk)
    post_now(post=post, actor=Actor.of(add_person(post.workspace)))
    assert claim(read) is None
    assert publish_post(post_id=post.pk) == "published"


def test_files_that_cannot_be_reached_are_tried_again_and_then_a_person_is_asked(
    connect, platform, work_off, monkeypatch
):
    def unreachable(*_: object, **_more: object) -> None:
        raise OSError("the store is away")

    monkeypatch.setattr(requests, "draft_of", unreachable)
    [post] = posts_for(connect("fake_none"))
    assert work_off(post) == "needs_human"
    assert (outcomes_of(post), platform.calls) == (["failed"] * 3, [])
    assert (post.error["code"], post.error["said"]) == ("bug", "OSError: the store is away")


@pytest.mark.parametrize(
    ("asked", "seconds"), [(float("nan"), None), (-5.0, None), (0.0, None), (90.0, 90), (1e300, 31 * 86_400)]
)
def test_an_absurd_wait_is_not_believed(connect, monkeypatch, asked, seconds):
    def publish(*_: object) -> None:
        raise RateLimited("Wait.", retry_after=asked)

    monkeypatch.setattr(MutePlatform, "publish", publish)
    [post] = posts_for(connect("fake_none"))
    assert publish_post(post_id=post.pk) == "scheduled"
    wait = (fresh(post).wake_at - timezone.now()).total_seconds()
    assert wait == pytest.approx(seconds, abs=2) if seconds else wait < 1


@pytest.mark.parametrize(
    ("answers", "age", "state", "code"),
    [
        # The first left nothing behind it: the key is as old as the second call.
        ([AdapterError("Busy."), OutcomeUnknown("?")], 61, "published", None),
        ([OutcomeUnknown("?")], 61, "needs_human", "key_forgotten"),
        # It would be forgotten by the time that the call arrives.
        ([OutcomeUnknown("?")], 59.9, "needs_human", "key_forgotten"),
        ([OutcomeUnknown("?")], 50, "published", None),
    ],
)
def test_a_key_counts_from_the_first_call_that_may_have_been_taken(connect, monkeypatch, answers, age, state, code):
    answers = list(answers)
    real = KeyPlatform.publish

    def publish(self, request, report):
        if answers:
            raise answers.pop(0)
        return real(self, request, report)

    monkeypatch.setattr(KeyPlatform, "publish", publish)
    monkeypatch.setattr(KeyPlatform, "key_seconds", 60.0)
    [post] = posts_for(connect("fake_key"))
    publish_post(post_id=post.pk)
    Attempt.objects.update(intent_at=timezone.now() - timedelta(seconds=age))
    while (now := fresh(post)).wake_at:
        Post._base_manager.filter(pk=post.pk).update(wake_at=min(now.wake_at, timezone.now()))
        publish_post(post_id=post.pk)
    assert (now.state, (now.error or {}).get("code")) == (state, code)


def test_nothing_is_begun_any_more_once_the_workspace_says_that_it_is_paused(connect, platform, monkeypatch):
    [post] = posts_for(connect("fake_key"))
    paused, real = threading.Event(), budgets.take

    def pause() -> None:
        pause_workspace(workspace=post.workspace, actor=SYSTEM)
        paused.set()

    pausing = threading.Thread(target=in_thread, args=(post, pause))

    def take(*args: object) -> object:
        """Between the last look and the intent."""
        pausing.start()
        assert not paused.wait(0.3), "the pause was done, and a call was to follow"
        return real(*args)

    monkeypatch.setattr(budgets, "take", take)
    assert publish_post(post_id=post.pk) == "published"
    pausing.join()
    assert paused.is_set()


def test_calls_counted_before_the_clock_was_set_back_block_nobody_for_longer_than_they_would_have(in_workspace):
    account, allowed = AccountFactory(workspace=in_workspace), limits(4, 600)
    assert budgets.take(account.pk, allowed, NOON + HOUR) is None
    assert budgets.free_at(account.pk, allowed, NOON) == NOON + timedelta(seconds=150)
    assert budgets.take(account.pk, allowed, NOON) == NOON + timedelta(seconds=150)
    CallBudget.objects.update(full_at=NOON)
    assert budgets.take(account.pk, allowed, NOON) is None


def test_a_message_lost_before_the_clock_was_set_back_is_sent_again(connect):
    [post] = posts_for(connect("fake_key"))
    sent: list[tuple[int, int]] = []
    Post._base_manager.filter(pk=post.pk).update(sent_at=timezone.now() + HOUR)
    Dispatcher(sent.extend).turn()
    assert sent == [(post.workspace_id, post.pk)]
