"""Reconciles rows with what should follow from them; losing the broker or a worker loses no work.

Everything here may run twice at once, and on a healthy day finds nothing to do.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.apps import apps
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from apps.content_plans.services import start_due_plans
from apps.lifecycle.handlers import handled
from apps.lifecycle.machines import Machine, registered
from apps.lifecycle.runs import reclaim_lapsed_runs, waiting_runs
from apps.lifecycle.services import TransitionRefused, advance
from apps.pipeline import tasks
from apps.pipeline.health import remember
from apps.pipeline.receivers import send
from apps.schedules.evergreen import fill_pools
from apps.schedules.recurring import fill_recurrences
from apps.templates.spending import release_all_lost
from apps.uploads import services as uploads
from apps.uploads.notices import waiting_workspaces
from apps.workspaces.actors import SYSTEM
from apps.workspaces.audit import describe

log = structlog.get_logger(__name__)

# How long a follow-up may take to arrive by message before it is thought lost.
PATIENCE = timedelta(seconds=20)
BATCH = 200


@scopes_disabled()
def sweep_all() -> dict[str, int]:
    """One pass; returns how much each kind of repair found."""
    found = {
        "runs_reclaimed": reclaim_lapsed_runs(),
        "runs_woken": _wake_runs(),
        "plans_started": start_due_plans(),
        "calls_released": release_all_lost(),
        "turns_booked": fill_recurrences(),
        "slots_filled": fill_pools(),
        "states_followed": sum(_follow(label, machine) for label, machine in registered().items()),
        "states_timed_out": sum(_time_out(label, machine) for label, machine in registered().items()),
        **{f"posts_{name}": count for name, count in uploads.sweep().items()},
        "people_told": _tell_people(),
    }
    if any(found.values()):
        log.info("swept", **found)
    remember(found)
    return found


def _tell_people() -> int:
    return sum(_sent(tasks.tell, workspace) for workspace in waiting_workspaces(timezone.now()))


def _wake_runs() -> int:
    late = waiting_runs().filter(state_at__lt=timezone.now() - PATIENCE)[:BATCH]
    return sum(_sent(tasks.execute, run.workspace_id, run.pk, queue=run.queue) for run in late)


def _follow(label: str, machine: Machine) -> int:
    model = apps.get_model(label)
    count = 0
    for (name, state), handler in handled().items():
        if name == machine.name:
            late = model._base_manager.filter(state=state, state_at__lt=timezone.now() - PATIENCE)
            for row in handler.pending(late).order_by("state_at")[:BATCH]:
                count += _sent(tasks.follow, row.workspace_id, describe(row), state)
    return count


def _sent(task, *args, **options) -> int:
    send(task, *args, **options)
    return 1


def _time_out(label: str, machine: Machine) -> int:
    """Take rows out of states that they have been in for longer than the machine allows."""
    model, count = apps.get_model(label), 0
    for state in machine.states:
        if state.timeout is None:
            continue
        overdue = model._base_manager.filter(state=state.name, state_at__lt=timezone.now() - state.timeout)
        for row in overdue.select_related("workspace")[:BATCH]:
            try:
                with scope(workspace=row.workspace):
                    advance(row, state.on_timeout, actor=SYSTEM, data={"reason": "timeout"})
                count += 1
            except TransitionRefused:
                continue
    return count
