"""A state machine with a mistake is refused when it is declared."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.lifecycle import checks, handlers
from apps.lifecycle.machines import Machine, State, Transition, machine_of, register, registered
from apps.lifecycle.models import RUN_MACHINE, Run

HOUR = timedelta(hours=1)
OPEN, DONE = State("open", "Open"), State("done", "Done")
FINISH = Transition("finish", ("open",), "done", "Finish", "write_content")


def machine(*transitions: Transition, states: tuple[State, ...] = (OPEN, DONE)) -> Machine:
    return Machine("test", states, transitions)


def test_a_sound_machine_knows_its_ends():
    sound = machine(FINISH)
    assert sound.initial == "open"
    assert [sound.is_final(name) for name in ("open", "done")] == [False, True]
    assert sound.choices == [("open", "Open"), ("done", "Done")]
    assert sound.from_state("open") == (FINISH,)
    assert sound.transition("finish") == FINISH
    assert sound.transition("begin") is None


BUSY = State("open", "Open", automatic=True, timeout=HOUR, on_timeout="finish")


@pytest.mark.parametrize(
    ("transitions", "states", "problem"),
    [
        ([Transition("finish", ("open",), "gone", "Finish", "write_content")], (OPEN, DONE), "unknown state “gone”"),
        ([Transition("finish", ("gone",), "done", "Finish", "write_content")], (OPEN, DONE), "unknown state “gone”"),
        ([], (OPEN, DONE), "state “done” cannot be reached"),
        ([FINISH], (OPEN, OPEN, DONE), "a state is declared twice"),
        ([Transition("finish", ("open",), "done", "Finish", "fly")], (OPEN, DONE), "unknown permission “fly”"),
        ([Transition("finish", ("open",), "done", "Finish")], (OPEN, DONE), "nobody may do “finish”"),
        ([FINISH, Transition("finish", ("open",), "open", "F", "write_content")], (OPEN, DONE), "two states from one"),
        ([FINISH], (State("open", "Open", automatic=True), DONE), "automatic state “open” has no timeout"),
        ([FINISH], (BUSY, DONE), "nothing automatic leaves “open”"),
        (
            [Transition("finish", ("open",), "done", "Finish", automatic=True)],
            (State("open", "Open", automatic=True, timeout=HOUR, on_timeout="fail"), DONE),
            "names no automatic action that leaves it",
        ),
    ],
)
def test_a_machine_with_a_mistake_is_refused_by_name(transitions, states, problem):
    with pytest.raises(ImproperlyConfigured) as refused:
        machine(*transitions, states=states)
    assert str(refused.value).startswith("State machine “test”: ")
    assert problem in str(refused.value)


def test_a_model_has_one_machine():
    assert machine_of(Run) is RUN_MACHINE
    with pytest.raises(ImproperlyConfigured, match="has a state machine already"):
        register("lifecycle.Run", machine(FINISH))


def test_the_machines_of_the_house_pass_the_system_check():
    assert {"lifecycle.run", "content.item", "stories.story", "schedules.post"} <= set(registered())
    assert checks.check_machines(None) == []


@pytest.fixture
def house(monkeypatch):
    """The registry, with room for a mistake."""

    def add(label: str, mistaken: Machine) -> None:
        monkeypatch.setitem(registered.__globals__["_machines"], label, mistaken)

    return add


def test_a_machine_of_a_model_that_is_not_there_is_found_at_the_start(house):
    house("content.nothing", machine(FINISH))
    assert [problem.id for problem in checks.check_machines(None)] == ["lifecycle.E001"]


def test_a_machine_of_a_model_without_a_state_is_found_at_the_start(house):
    house("workspaces.workspace", machine(FINISH))
    assert [problem.id for problem in checks.check_machines(None)] == ["lifecycle.E002"]


def test_a_state_too_long_for_its_column_is_found_at_the_start(house):
    longest = State("d" * 25, "Done")
    house(
        "lifecycle.run", machine(Transition("end", ("open",), "d" * 25, "End", "write_content"), states=(OPEN, longest))
    )
    assert "lifecycle.E003" in [problem.id for problem in checks.check_machines(None)]


def test_an_automatic_state_that_nothing_takes_further_is_found_at_the_start(house):
    going = State("going", "Going", automatic=True, timeout=HOUR, on_timeout="finish")
    finish = Transition("finish", ("going",), "done", "Finish", automatic=True)
    house("lifecycle.run", Machine("errand", (going, DONE), (finish,)))
    found = [(problem.id, problem.hint) for problem in checks.check_machines(None)]
    assert ("lifecycle.E004", 'In apps/pipeline/flow.py, declare a function with @handles("errand", "going").') in found


def test_a_handler_of_a_state_that_is_not_there_is_found_at_the_start(monkeypatch):
    nothing = handlers.Handler(lambda row: None, lambda rows: rows)
    monkeypatch.setitem(handlers.handled.__globals__["_handlers"], ("item", "flying"), nothing)
    assert [problem.id for problem in checks.check_machines(None)] == ["lifecycle.E005"]


def test_a_state_has_one_handler(monkeypatch):
    monkeypatch.setattr(handlers, "_handlers", {})
    handlers.handles("item", "ready")(print)
    with pytest.raises(ValueError, match=r"item\.ready has a handler already"):
        handlers.handles("item", "ready")(print)
