"""12. People edit, approve, reject and cancel while workers publish: only what is approved at the intent goes out."""

from __future__ import annotations

import signal
import time
from itertools import count

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from apps.common.errors import Conflict, TooLate
from apps.content.models import Item
from apps.content.services import Text, create_item, revise_item, submit_item
from apps.lifecycle.services import advance
from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.schedules.services import cancel_post, schedule_item
from apps.uploads.services import publish_post
from apps.workspaces.actors import SYSTEM, Actor
from tests.factories.workspaces import add_person
from tests.faults.judge import POSTS, SEEDS, Row, note, wait_until
from tests.faults.stock import accounts
from tests.faults.workers import Forker, Pool
from tests.servers import platform_server
from tests.servers.platform_server import Apart

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

EXAMPLES = 100 if POSTS else 12
STEPS = 14
STOPS = ",".join(f"uploads.{point}=stop" for point in ("after_claim", "after_intent", "after_call"))
_names = count()


class Races(RuleBasedStateMachine):
    """An item, the people around it, and workers that stop at every step until a rule lets them go on.

    One thing happens at a time; what may overlap are the transactions of a worker with those of people.
    """

    forker: Forker
    platform: Apart
    account: Account
    owner: Actor
    naive = False
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.pool = Pool(self.forker)
        self.name = f"{'Naive' if self.naive else 'Item'} {next(_names)}"
        self.workers: dict[int, int] = {}
        self.cancelled: dict[str, int] = {}
        self.allowed: set[str] = set()
        self.item = create_item(
            workspace=self.account.workspace,
            actor=SYSTEM,
            kind=Item.Kind.STORY,
            format=Item.Format.TEXT,
            text=self._text(1),
        )
        submit_item(item=self.item, actor=SYSTEM)
        self.approve()
        self.schedule()

    def _text(self, number: int) -> Text:
        title = f"{self.name} v{number}"
        return Text(title, [{"title": title, "text": f"This is {title}."}])

    def _reload(self) -> Item:
        rows = Item._base_manager.select_related("workspace", "current_revision", "approved_revision")
        self.item = rows.get(pk=self.item.pk)
        return self.item

    def _posts(self, *states: str) -> list[Post]:
        rows = Post._base_manager.select_related("workspace", "variant").filter(item=self.item)
        return list(rows.filter(state__in=states).order_by("pk") if states else rows.order_by("pk"))

    @rule()
    def edit(self) -> None:
        item = self._reload()
        number = item.current_revision.number
        try:
            revise_item(item=item, actor=self.owner, text=self._text(number + 1), base=number)
        except Conflict:
            return  # published by now
        if self._reload().state == "draft":
            submit_item(item=self.item, actor=SYSTEM)

    @precondition(lambda self: self._reload().state == "in_review")
    @rule()
    def approve(self) -> None:
        self._reload()
        advance(self.item, "approve", actor=SYSTEM, fields={"approved_revision": self.item.current_revision})
        advance(self.item, "complete", actor=SYSTEM)

    @precondition(lambda self: self._reload().state == "ready")
    @rule()
    def schedule(self) -> None:
        self._reload()
        try:
            schedule_item(
                item=self.item, account=self.account, actor=self.owner, soonest=True, at=timezone.now(), force=True
            )
        except Conflict:
            return  # it stands there already

    @precondition(lambda self: self._posts("scheduled", "claimed", "submitting"))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        post = data.draw(st.sampled_from(self._posts("scheduled", "claimed", "submitting")))
        before = self.platform.counts()[post.variant.title]
        try:
            cancel_post(post=post, actor=self.owner)
        except TooLate:
            return
        self.cancelled[post.variant.title] = before

    @precondition(lambda self: self._free())
    @rule()
    def take_up(self) -> None:
        """A worker takes a due post, and stops as soon as it has claimed it."""
        post = self._free()[0]
        worker = self.pool.start(post=post.pk, failpoints=STOPS, naive=self.naive)
        wait_until(lambda: self.pool.has_paused(worker), 60, "the worker's stop")
        self.workers[worker] = post.pk

    def _free(self) -> list[Post]:
        return [post for post in self._posts("scheduled") if post.pk not in self.workers.values()]

    @precondition(lambda self: self.workers)
    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        self._go_on(data.draw(st.sampled_from(sorted(self.workers))))

    def _go_on(self, worker: int) -> None:
        """From one stop to the next. What is approved when the intent is written may go out, whatever comes later."""
        post = Post._base_manager.select_related("item", "variant").get(pk=self.workers[worker])
        type(self).steps += 1
        if post.state == "claimed" and post.item.approved_revision_id == post.revision_id:
            self.allowed.add(post.variant.title)
        self.pool.signal(worker, signal.SIGCONT)
        # It may not have begun to run again when it is looked at.
        time.sleep(0.02)
        wait_until(lambda: self.pool.has_paused(worker), 60, "the worker's next stop")
        if not self.pool.is_running(worker):
            del self.workers[worker]

    def teardown(self) -> None:
        try:
            while self.workers:
                self._go_on(min(self.workers))
            for post in self._posts("scheduled"):
                post.item = self._reload()
                if post.item.approved_revision_id == post.revision_id:
                    self.allowed.add(post.variant.title)
                if not self.naive:
                    publish_post(post_id=post.pk)
            self._judge()
        finally:
            self.pool.__exit__()

    def _judge(self) -> None:
        counts = {title: n for title, n in self.platform.counts().items() if title.startswith(f"{self.name} v")}
        assert set(counts) <= self.allowed, "published what was not approved"
        assert all(n == 1 for n in counts.values()), "published twice"
        still = {title: counts.get(title, 0) for title in self.cancelled if title not in self._again()}
        assert all(self.cancelled[title] == n for title, n in still.items()), "published after it was cancelled"

    def _again(self) -> set[str]:
        """Titles that were scheduled once more after a cancellation."""
        titles = [post.variant.title for post in self._posts()]
        return {title for title in titles if titles.count(title) > 1}


def prepared(machine: type[Races], forker: Forker, platform: Apart) -> type[Races]:
    [account] = accounts(platform, ["fake_patient"], intake=Account.Intake.BY_HAND)
    machine.forker, machine.platform, machine.account = forker, platform, account
    machine.owner, machine.steps = Actor.of(add_person(account.workspace)), 0
    return machine


@pytest.mark.parametrize("seed", range(SEEDS))
def test_only_the_approved_version_goes_out_however_people_and_workers_meet(forker, seed):
    began = time.monotonic()
    options = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=SEEDS == 1,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with platform_server.apart() as platform:
        run_state_machine_as_test(prepared(Races, forker, platform), settings=options)
        published = sum(platform.counts().values())
        said = naive_result(forker, platform)
    row = Row("12 edits, approvals, cancellations", published, Races.steps, 0, 0, 0, naive=said, seed=seed)
    note(row, began)
    assert published > EXAMPLES // 3, "hardly anything went out, so nothing was tested"


def naive_result(forker: Forker, platform: Apart) -> str:
    """The same rules with a publisher that looks at the approval only when it takes a post: one edit is enough."""

    class Naive(Races):
        naive = True

    race = prepared(Naive, forker, platform)()
    race.take_up()
    race.edit()
    with pytest.raises(AssertionError, match="not approved"):
        race.teardown()
    return "published a version that was not approved"
