"""Changing a state: who may, from where, and what is written."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from apps.common.errors import NotAllowed
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.lifecycle.models import RUN_MACHINE, Event, Run
from apps.lifecycle.services import TransitionRefused, advance, open_actions
from apps.lifecycle.signals import advanced
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import AuditEntry
from tests.factories.lifecycle import RunFactory
from tests.factories.workspaces import WorkspaceFactory, add_person


@pytest.fixture
def run(workspace) -> Run:
    return RunFactory(workspace=workspace)


def written(workspace) -> list[tuple[int, str, dict]]:
    events = Event._base_manager.filter(workspace=workspace).order_by("seq")
    return [(event.seq, event.type, event.data) for event in events]


def audited(workspace) -> list[str]:
    trail = AuditEntry._base_manager.filter(workspace=workspace, action__startswith="run.")
    return list(trail.values_list("action", flat=True))


@pytest.mark.django_db
def test_a_change_writes_state_event_and_audit_row_together(workspace, run, actor):
    editor = actor("editor")
    before = run.state_at
    advance(run, "cancel", actor=editor, data={"why": "wrong story"})
    assert (run.state, run.state_at > before) == ("cancelled", True)
    change = {"action": "cancel", "from": "queued", "to": "cancelled", "by": editor.label, "why": "wrong story"}
    assert written(workspace) == [(1, "run.state", change)]
    assert audited(workspace) == ["run.cancel"]
    assert Run._base_manager.get(pk=run.pk).state == "cancelled"


@pytest.mark.django_db
def test_what_the_system_does_is_an_event_and_no_audit_row(workspace, run):
    advance(run, "start", actor=SYSTEM)
    assert [event[2]["by"] for event in written(workspace)] == ["Rundown"]
    assert audited(workspace) == []


@pytest.mark.django_db
def test_without_the_permission_nothing_is_written(workspace, run, actor):
    with pytest.raises(NotAllowed) as refused:
        advance(run, "cancel", actor=actor("viewer"))
    assert refused.value.details == {"permission": "write_content"}
    assert (written(workspace), audited(workspace)) == ([], [])
    assert Run._base_manager.get(pk=run.pk).state == "queued"


@pytest.mark.django_db
def test_a_person_cannot_do_what_happens_by_itself(run, actor):
    with pytest.raises(NotAllowed, match="happens by itself"):
        advance(run, "succeed", actor=actor("owner"))


@pytest.mark.django_db
def test_a_refused_change_says_where_the_row_is_and_writes_nothing(workspace, run):
    with pytest.raises(TransitionRefused) as refused:
        advance(run, "succeed", actor=SYSTEM, fields={"percent": 100})
    assert refused.value.message == "“Finish” is not possible now: this is Queued."
    assert (written(workspace), Run._base_manager.get(pk=run.pk).percent) == ([], 0)


@pytest.mark.django_db
def test_a_condition_that_does_not_hold_refuses(workspace, run):
    with pytest.raises(TransitionRefused):
        advance(run, "start", actor=SYSTEM, where={"lease_token": Run.new_token()})
    assert written(workspace) == []


@pytest.mark.django_db
def test_a_stale_copy_cannot_repeat_what_was_done(run):
    stale = Run._base_manager.select_related("workspace").get(pk=run.pk)
    advance(run, "start", actor=SYSTEM)
    with pytest.raises(TransitionRefused):
        advance(stale, "start", actor=SYSTEM)


@pytest.mark.django_db
def test_an_action_of_another_machine_is_a_mistake_of_the_program(run):
    with pytest.raises(ValueError, match="“run” has no action “approve”"):
        advance(run, "approve", actor=SYSTEM)


@pytest.mark.django_db
def test_the_open_actions_are_those_that_the_role_allows(run, actor):
    assert [each.action for each in open_actions(run, actor("editor"))] == ["cancel"]
    assert open_actions(run, actor("viewer")) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_the_same_row_at_once_one_wins(workspace, run):
    start, results = Barrier(4), []

    def claim() -> None:
        copy = Run._base_manager.select_related("workspace").get(pk=run.pk)
        start.wait()
        try:
            advance(copy, "start", actor=SYSTEM)
            results.append("won")
        except TransitionRefused:
            results.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=claim) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["refused", "refused", "refused", "won"]
    assert [event[0] for event in written(workspace)] == [1]


@pytest.mark.django_db(transaction=True)
def test_followers_hear_of_a_change_only_after_it_is_committed(workspace, run):
    heard = []

    def listen(sender, instance, action, source, target, **_more):
        heard.append((instance.pk, action, source, target))

    advanced.connect(listen, sender=Run)
    try:
        with unit_of_work():
            advance(run, "start", actor=SYSTEM)
            assert heard == []
        assert heard == [(run.pk, "start", "queued", "running")]
        with pytest.raises(ZeroDivisionError):
            _fail_after(run)
        assert len(heard) == 1
    finally:
        advanced.disconnect(listen, sender=Run)
    assert [event[0] for event in written(workspace)] == [1]


def _fail_after(run: Run) -> None:
    with unit_of_work():
        advance(run, "succeed", actor=SYSTEM)
        raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_what_follows_a_commit_at_once_is_written_too(workspace, run, actor):
    """As a plan fails when its run has failed: its watchers and its audit trail must hear of it."""
    following = RunFactory(workspace=workspace)

    def follow(instance: Run, action: str, **_: object) -> None:
        if instance.pk == run.pk:
            advance(following, "cancel", actor=actor("editor"))

    advanced.connect(follow, sender=Run)
    try:
        advance(run, "start", actor=SYSTEM)
    finally:
        advanced.disconnect(follow, sender=Run)
    assert [event[2]["action"] for event in written(workspace)] == ["start", "cancel"]
    assert audited(workspace) == ["run.cancel"]


@pytest.mark.django_db
def test_an_inner_failure_drops_only_its_own_events(workspace):
    with unit_of_work():
        emit(workspace=workspace, type="test.kept", subject="test:1", data={})
        with pytest.raises(ZeroDivisionError):
            _emit_and_fail(workspace)
        emit(workspace=workspace, type="test.kept", subject="test:2", data={})
    assert [(seq, kind) for seq, kind, _data in written(workspace)] == [(1, "test.kept"), (2, "test.kept")]


def _emit_and_fail(workspace) -> None:
    with unit_of_work():
        emit(workspace=workspace, type="test.dropped", subject="test:1", data={})
        raise ZeroDivisionError


class AnyoneDoesAnything(RuleBasedStateMachine):
    """Whatever is tried in whatever order, a row moves only along its table, and the log tells its whole way."""

    @initialize()
    def begin(self) -> None:
        self.workspace = WorkspaceFactory()
        self.row = RunFactory(workspace=self.workspace)
        self.actors = {
            "system": SYSTEM,
            "editor": Actor.of(add_person(self.workspace, "editor")),
            "viewer": Actor.of(add_person(self.workspace, "viewer")),
        }
        self.state, self.way = "queued", ["queued"]

    @rule(action=st.sampled_from(sorted({each.action for each in RUN_MACHINE.transitions})), who=st.data())
    def attempt(self, action: str, who: st.DataObject) -> None:
        name = who.draw(st.sampled_from(sorted(self.actors)))
        transition = RUN_MACHINE.transition(action, self.state)
        allowed = transition.automatic if name == "system" else transition.permission and name == "editor"
        possible = self.state in transition.sources
        try:
            advance(self.row, action, actor=self.actors[name])
        except NotAllowed:
            assert not allowed
        except TransitionRefused:
            assert allowed
            assert not possible
        else:
            assert allowed
            assert possible
            self.state = transition.target
            self.way.append(self.state)

    @invariant()
    def the_row_and_the_log_agree(self) -> None:
        assert Run._base_manager.get(pk=self.row.pk).state == self.state
        log = written(self.workspace)
        assert [seq for seq, _type, _data in log] == list(range(1, len(self.way)))
        assert [data["from"] for _seq, _type, data in log] == self.way[:-1]
        assert [data["to"] for _seq, _type, data in log] == self.way[1:]


@pytest.mark.django_db
def test_whatever_is_tried_a_row_moves_only_along_its_table():
    few = settings(max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(AnyoneDoesAnything, settings=few)
