"""One post's life, in every order in which workers, clocks, people and the platform may meet, against the promise.

A worker is interrupted at a step that Hypothesis chooses. There it dies, or stands still while time passes, a clock is
set forward, another worker takes over or a person decides; then it goes on. Time passes by making every row older.
"""

from __future__ import annotations

import contextlib
import time
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.db.models import F
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from apps.common import failpoints
from apps.common.clock import database_now
from apps.common.errors import AdapterError, Conflict
from apps.lifecycle.services import TransitionRefused
from apps.platforms.base import (
    Capability,
    Found,
    Limits,
    NeedsLogin,
    NotFound,
    OutcomeUnknown,
    Platform,
    PublishResult,
    RateLimited,
    StillUnknown,
)
from apps.platforms.models import Account
from apps.platforms.services import pause_account, resume_account
from apps.schedules.models import Post
from apps.schedules.services import cancel_post, post_now
from apps.uploads import reports, services
from apps.uploads.models import Attempt
from apps.uploads.outcomes import MAX_TRIES
from apps.uploads.services import publish_post, report_published, sweep
from apps.workspaces.actors import SYSTEM, Actor
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for
from tests.factories.workspaces import add_person

EXAMPLES, STEPS = 20, 9
# What the platform does with a call. The last three leave nobody an answer.
ANSWERS = ["ok", "fails", "limits", "refuses", "logs_out", "loses", "takes_and_loses", "takes_and_breaks"]
POINTS = ["after_claim", "after_intent", "after_handle", "in_call", "after_call", "after_take_unknown", "after_look"]
POINTS += ["after_release", "after_lose_track", "after_ask"]
TROUBLES = ["dies", "sleeps", "takeover", "clock_forward", "cancel", "pause"]


class Killed(BaseException):
    """As by kill -9: nothing of the product catches it."""


class Life(Platform):
    """The platform's side: what became public, and whether a call may be made now at all."""

    timeout, margin, first_retry, lookups, lookup_seconds = 60.0, 15.0, 30.0, 2, 60.0
    limits = Limits(as_of=date(2026, 11, 1), title=80, text=500)
    world: OneLife

    def publish(self, request, report):
        key = str(request.post_key)
        if self.capability == Capability.HANDLE:
            key = f"h{len(self.world.calls)}"
            report.handle(key)
        return self.world.call(key if self.capability in (Capability.KEY, Capability.HANDLE) else "")

    def reconcile(self, request, handle):
        return self.world.look(handle)


class KeyLife(Life):
    slug, capability = "life_key", Capability.KEY


class HandleLife(Life):
    slug, capability = "life_handle", Capability.HANDLE


class LookupLife(Life):
    slug, capability = "life_lookup", Capability.LOOKUP


class MuteLife(Life):
    slug, capability = "life_none", Capability.NONE


EXTRA = {each.slug: f"{__name__}.{each.__name__}" for each in (KeyLife, HandleLife, LookupLife, MuteLife)}


class OneLife(RuleBasedStateMachine):
    capability: Capability
    workspace: object
    owner: Actor
    published = 0

    def __init__(self) -> None:
        super().__init__()
        Life.world = self
        self.account = AccountFactory(workspace=self.workspace, platform=f"life_{self.capability}", catch_up=30_000)
        [self.post] = posts_for(self.account)
        self.offset = 0.0
        self.answer, self.interruption = "ok", ("", "")
        self.calls: list[float] = []  # when each began, by the clock of the workers
        self.online: list[str] = []
        self.doubt = False  # a call has begun of which nobody knows the end
        self.risks = self.failures = 0
        self.reported = self.withdrawn = False
        self.broken: list[str] = []  # an assertion in an adapter would be taken for its bug

    # --- The platform ---
    def call(self, key: str) -> PublishResult:
        if self.row.state not in ("submitting", "unknown") and self.capability != Capability.KEY:
            self.broken.append(f"called while it was {self.row.state}")
        if not Attempt._base_manager.filter(post=self.post, intent_at__isnull=False).exists():
            self.broken.append("called without an intent")
        if self.doubt and self.capability != Capability.KEY:
            self.broken.append("sent again although nobody knew")
        self.calls.append(began := self.offset)
        self.doubt = True
        self.interrupt("in_call")
        if self.offset - began > Life.timeout:
            raise OutcomeUnknown("The call took too long.")  # as every connection of an adapter ends then
        if self.answer in ("ok", "takes_and_loses", "takes_and_breaks") and not (key and key in self.online):
            self.online.append(key)
        if self.answer in ("loses", "takes_and_loses"):
            raise OutcomeUnknown("No answer.")
        if self.answer == "takes_and_breaks":
            raise ValueError("An adapter's bug.")
        if not self.online or self.capability != Capability.KEY:
            self.doubt = False
        return self._said()

    def _said(self) -> PublishResult:
        if self.answer == "ok":
            return PublishResult("1", "https://life.example/1")
        if self.answer == "limits":
            raise RateLimited("Wait.", retry_after=120)
        if self.answer == "logs_out":
            raise NeedsLogin("Log in.")
        self.failures += self.row.state == "submitting"
        raise AdapterError("It did not work.", permanent=self.answer == "refuses")

    def look(self, handle: str) -> Found | NotFound | StillUnknown:
        if self.answer in ("loses", "takes_and_loses"):
            return StillUnknown("Busy.")
        if self.answer == "fails":
            raise AdapterError("It did not work.")
        found = handle in self.online if handle else bool(self.online)
        looks = self.row.lookups + 1
        if not found and (self.capability == Capability.HANDLE or looks >= Life.lookups):
            self.doubt = False
        return Found(PublishResult("1")) if found else NotFound()

    # --- Time, and what happens at a step of a worker ---
    def passes(self, seconds: float, *, clock_only: bool = False) -> None:
        """clock_only: somebody sets the clock forward, and no time passes."""
        self.offset += 0 if clock_only else seconds
        age = timedelta(seconds=seconds)
        for model, names in (
            (Post, ("due_at", "not_before", "wake_at", "lease_until", "state_at")),
            (Account, ("hold_until",)),
            (Attempt, ("started_at", "intent_at", "finished_at")),
        ):
            model._base_manager.update(**{name: F(name) - age for name in names})

    def interrupt(self, point: str) -> None:
        at, trouble = self.interruption
        if at != point:
            return
        self.interruption = ("", "")
        if trouble == "dies":
            raise Killed
        if trouble == "sleeps":
            self.passes(400)
        elif trouble == "takeover":
            self.passes(400)
            self.answer, before = "ok", self.answer
            for _step in range(8):
                self._work()
            self.answer = before
        elif trouble == "clock_forward":
            self.passes(3600, clock_only=True)
            sweep()
            publish_post(post_id=self.post.pk)
        else:
            getattr(self, trouble)()

    @property
    def row(self) -> Post:
        return Post._base_manager.select_related("account", "workspace", "item", "variant").get(pk=self.post.pk)

    def _work(self) -> None:
        """Whoever is next, when the post wants to be looked at next."""
        if wake_at := self.row.wake_at:
            self.passes(max((wake_at - database_now()).total_seconds(), 0) + 0.001)
        try:
            sweep()
            publish_post(post_id=self.post.pk)
        except Killed:
            pass

    # --- Rules ---
    @rule(answer=st.sampled_from(ANSWERS), point=st.sampled_from(["", *POINTS]), trouble=st.sampled_from(TROUBLES))
    def work(self, answer: str, point: str, trouble: str) -> None:
        self.answer, self.interruption = answer, (point, trouble)
        self._work()
        self.interruption = ("", "")

    @precondition(lambda self: self.calls)
    @rule()
    def cancel(self) -> None:
        try:
            cancel_post(post=self.row, actor=self.owner)
            self.withdrawn = True
        except Conflict:
            pass  # too late

    @precondition(lambda self: self.row.needs_person)
    @rule()
    def send_again(self) -> None:
        self.risks += self.doubt or bool(self.online)
        self.doubt, self.failures = False, 0
        post_now(post=self.row, actor=self.owner)

    @precondition(lambda self: self.row.needs_person)
    @rule()
    def post_by_hand(self) -> None:
        report_published(post=self.row, actor=self.owner)
        self.reported = True

    @rule()
    def pause(self) -> None:
        with contextlib.suppress(TransitionRefused):  # it waits for a login already
            pause_account(account=Account._base_manager.get(pk=self.account.pk), actor=SYSTEM)

    @rule()
    def resume(self) -> None:
        account = Account._base_manager.get(pk=self.account.pk)
        if account.state != Account.State.ACTIVE:
            resume_account(account=account, actor=SYSTEM)

    # --- The promise ---
    def teardown(self) -> None:
        self.answer = "ok"
        for _step in range(60):
            if self.row.wake_at is None:
                break
            self.resume()
            self._work()
        post = self.row
        assert self.broken == []
        assert post.wake_at is None, f"still {post.state} in the end"
        if not self.withdrawn:  # what a person cancels is closed by pipeline.flow
            assert not Attempt._base_manager.filter(post=post, finished_at=None).exists(), "an attempt never ended"
        assert len(self.online) <= 1 + (0 if self.capability == Capability.KEY else self.risks), "published twice"
        assert self.failures <= MAX_TRIES
        if post.state == "published":
            assert self.online or self.reported, "it says published, and nothing is online"
        elif self.online and not self.withdrawn and not self.risks:
            late = Attempt._base_manager.filter(post=post, outcome=Attempt.Outcome.LATE)
            assert post.maybe_online or late.exists(), f"it is online, and nobody says so: {post.state} {post.error}"
        type(self).published += len(self.online)


@pytest.mark.parametrize("capability", list(Capability))
def test_a_post_keeps_the_promise_whatever_happens_to_it(in_workspace, settings_of_life, capability):
    machine = type("Life", (OneLife,), {"capability": capability, "workspace": in_workspace})
    machine.owner = Actor.of(add_person(in_workspace))
    options = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=options)
    assert machine.published > EXAMPLES // 3, "hardly anything went out, so nothing was tested"


@pytest.fixture
def settings_of_life(settings, monkeypatch):
    """The four adapters; the failpoints as places to interrupt; and a clock of the workers that `passes` moves."""
    settings.EXTRA_PLATFORMS = {**settings.EXTRA_PLATFORMS, **EXTRA}
    monkeypatch.setenv("RUNDOWN_FAILPOINTS", ",".join(f"uploads.{point}={point}" for point in POINTS))
    monkeypatch.setattr(failpoints, "_act", lambda point: Life.world.interrupt(point))
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + Life.world.offset)
    monkeypatch.setattr(services, "time", clock)
    monkeypatch.setattr(reports, "time", clock)
