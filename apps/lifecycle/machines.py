"""State machines as data.

A machine is declared beside its model and registered here. Admin buttons, API actions, web buttons, the sweeper and the
diagram in the docs all read the same table, and the table is checked when it is registered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models

from apps.workspaces.roles import PERMISSIONS


@dataclass(frozen=True)
class State:
    """automatic: the system, not a person, takes it further; timeout: how long that may take before `on_timeout`."""

    name: str
    label: Any
    automatic: bool = False
    timeout: timedelta | None = None
    on_timeout: str = ""
    tone: str = "neutral"  # neutral, waiting, busy, good, bad: the colour of its badge everywhere


@dataclass(frozen=True)
class Transition:
    """permission: what a person needs; None means that no person may, only the system (`automatic`)."""

    action: str
    sources: tuple[str, ...]
    target: str
    label: Any
    permission: str | None = None
    automatic: bool = False
    tone: str = "neutral"


@dataclass(frozen=True)
class Machine:
    """name: used in event types, as in "item.state". The first state is the initial one."""

    name: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise ImproperlyConfigured(f"State machine “{self.name}”: " + "; ".join(problems))

    @property
    def initial(self) -> str:
        return self.states[0].name

    @property
    def choices(self) -> list[tuple[str, Any]]:
        return [(state.name, state.label) for state in self.states]

    def state(self, name: str) -> State:
        return next(state for state in self.states if state.name == name)

    def is_final(self, name: str) -> bool:
        return not any(name in each.sources for each in self.transitions)

    def transition(self, action: str, source: str | None = None) -> Transition | None:
        """The transition of that action; where an action leads elsewhere from another state, the one from `source`."""
        matches = [each for each in self.transitions if each.action == action]
        return next((each for each in matches if source in each.sources), matches[0] if matches else None)

    def from_state(self, source: str) -> tuple[Transition, ...]:
        return tuple(each for each in self.transitions if source in each.sources)


def _problems(machine: Machine) -> Iterable[str]:
    names = [state.name for state in machine.states]
    if len(set(names)) != len(names):
        yield "a state is declared twice"
    for each in machine.transitions:
        for name in (*each.sources, each.target):
            if name not in names:
                yield f"“{each.action}” names an unknown state “{name}”"
        if each.permission is not None and each.permission not in PERMISSIONS:
            yield f"“{each.action}” needs an unknown permission “{each.permission}”"
        if each.permission is None and not each.automatic:
            yield f"nobody may do “{each.action}”"
    pairs = [(each.action, source) for each in machine.transitions for source in each.sources]
    if len(set(pairs)) != len(pairs):
        yield "an action leads to two states from one"
    reached = _reachable(machine)
    for name in names:
        if name not in reached:
            yield f"state “{name}” cannot be reached"
    for state in machine.states:
        yield from _state_problems(machine, state)


def _reachable(machine: Machine) -> set[str]:
    reached, frontier = {machine.initial}, [machine.initial]
    while frontier:
        here = frontier.pop()
        for each in machine.transitions:
            if here in each.sources and each.target not in reached:
                reached.add(each.target)
                frontier.append(each.target)
    return reached


def _state_problems(machine: Machine, state: State) -> Iterable[str]:
    leaving = machine.from_state(state.name)
    if state.automatic and (state.timeout is None or not state.on_timeout):
        yield f"automatic state “{state.name}” has no timeout"
    if state.automatic and not any(each.automatic for each in leaving):
        yield f"nothing automatic leaves “{state.name}”"
    if state.on_timeout and state.on_timeout not in {each.action for each in leaving if each.automatic}:
        yield f"the timeout of “{state.name}” names no automatic action that leaves it"


_machines: dict[str, Machine] = {}


def register(label: str, machine: Machine) -> Machine:
    """Declare `machine` for the model "app_label.Model"; returns it."""
    if label.lower() in _machines:
        raise ImproperlyConfigured(f"{label} has a state machine already.")
    _machines[label.lower()] = machine
    return machine


def machine_of(model: type[models.Model] | models.Model) -> Machine:
    return _machines[model._meta.concrete_model._meta.label_lower]


def registered() -> dict[str, Machine]:
    """Every machine by the lower-case label of its model."""
    return dict(_machines)
