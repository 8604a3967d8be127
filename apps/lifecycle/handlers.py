"""Which function takes a row further from which state; `pipeline` fills this, the sweeper and a check read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import models

Follow = Callable[[models.Model], None]
Pending = Callable[[models.QuerySet], models.QuerySet]


@dataclass(frozen=True)
class Handler:
    """pending: narrows the rows of the state to those whose follow-up was lost, for the sweeper."""

    follow: Follow
    pending: Pending


_handlers: dict[tuple[str, str], Handler] = {}


def handles(machine: str, state: str, *, pending: Pending = lambda rows: rows) -> Callable[[Follow], Follow]:
    """Declare the function that is called after a row of `machine` has reached `state`."""

    def declare(follow: Follow) -> Follow:
        if (machine, state) in _handlers:
            raise ValueError(f"{machine}.{state} has a handler already")
        _handlers[machine, state] = Handler(follow, pending)
        return follow

    return declare


_carried: set[tuple[str, str]] = set()


def carried(machine: str, *states: str) -> None:
    """Declare states that a lease's owner and the sweeper take further, without a follow-up of their own."""
    _carried.update((machine, state) for state in states)


def is_taken_further(machine: str, state: str) -> bool:
    return (machine, state) in _handlers or (machine, state) in _carried


def handler_of(machine: str, state: str) -> Handler | None:
    return _handlers.get((machine, state))


def handled() -> dict[tuple[str, str], Handler]:
    return dict(_handlers)
