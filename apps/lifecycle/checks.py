"""System checks: what a state machine promises is there when the site starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register

from apps.lifecycle.handlers import handled, is_taken_further
from apps.lifecycle.machines import Machine, registered
from apps.lifecycle.models import StatefulModel


@register()
def check_machines(app_configs: Any, **options: Any) -> list[CheckMessage]:
    problems = [problem for label, machine in registered().items() for problem in _problems(label, machine)]
    return [*problems, *_orphans()]


def _problems(label: str, machine: Machine) -> Iterator[CheckMessage]:
    try:
        model = apps.get_model(label)
    except LookupError:
        yield Error(
            f"The state machine “{machine.name}” is registered for {label}, and there is no such model.",
            hint="Correct the label in register().",
            id="lifecycle.E001",
        )
        return
    if not issubclass(model, StatefulModel):
        yield Error(
            f"{label} has a state machine and is not a StatefulModel.",
            hint="Derive it from apps.lifecycle.models.StatefulModel, which brings state and state_at.",
            obj=model,
            id="lifecycle.E002",
        )
        return
    longest = max(len(state.name) for state in machine.states)
    if longest > model._meta.get_field("state").max_length:
        yield Error(
            f"A state of “{machine.name}” has a name too long for its column.",
            hint="Shorten the name.",
            obj=model,
            id="lifecycle.E003",
        )
    yield from _unhandled(machine, model)


def _unhandled(machine: Machine, model: type[StatefulModel]) -> Iterator[CheckMessage]:
    for state in machine.states:
        if state.automatic and not is_taken_further(machine.name, state.name):
            yield Error(
                f"Nothing takes “{machine.name}” further from its automatic state “{state.name}”.",
                hint=f'In apps/pipeline/flow.py, declare a function with @handles("{machine.name}", "{state.name}").',
                obj=model,
                id="lifecycle.E004",
            )


def _orphans() -> Iterator[CheckMessage]:
    known = {(machine.name, state.name) for machine in registered().values() for state in machine.states}
    for name, state in sorted(set(handled()) - known):
        yield Error(
            f"A handler waits for “{name}” in the state “{state}”, and there is none.",
            hint="Correct the names in @handles().",
            id="lifecycle.E005",
        )
