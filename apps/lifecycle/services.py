"""The one way to change a state."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.common.errors import Conflict, NotAllowed
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.lifecycle.machines import Machine, Transition, machine_of
from apps.lifecycle.models import StatefulModel
from apps.lifecycle.signals import advanced
from apps.workspaces import audit
from apps.workspaces.actors import Actor

Row = TypeVar("Row", bound=StatefulModel)


class TransitionRefused(Conflict):
    """The row is not, or no longer, in a state that the action starts from."""

    code = "transition_refused"


def advance(
    obj: Row,
    action: str,
    *,
    actor: Actor,
    fields: dict[str, Any] | None = None,
    where: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
) -> Row:
    """Move `obj` along its machine: permission, conditional UPDATE, event and audit row in one transaction.

    fields: further columns to set in the same UPDATE. where: further conditions, such as a lease token.
    data: what the event says beside the states. Raises NotAllowed or TransitionRefused; then nothing is written.
    """
    machine = machine_of(obj)
    transition = _find(machine, action, obj.state)
    check_allowed(obj, transition, actor)
    with unit_of_work():
        source = _move(obj, machine, action, fields or {}, where or {})
        target = machine.transition(action, source).target
        change = {"action": action, "from": source, "to": target, "by": actor.label, **(data or {})}
        emit(workspace=obj.workspace_id, type=f"{machine.name}.state", subject=obj, data=change)
        if not actor.is_system:
            audit.record(
                workspace=obj.workspace, actor=actor, action=f"{machine.name}.{action}", target=obj, data=change
            )
        transaction.on_commit(
            lambda: advanced.send(sender=type(obj), instance=obj, action=action, source=source, target=target)
        )
    return obj


def check_allowed(obj: StatefulModel, transition: Transition, actor: Actor) -> None:
    """Raises NotAllowed unless this actor may do that transition, whatever the state."""
    if actor.is_system:
        if not transition.automatic:
            raise NotAllowed(_("“%(action)s” needs a person.") % {"action": transition.label})
        return
    if transition.permission is None:
        raise NotAllowed(_("“%(action)s” happens by itself.") % {"action": transition.label})
    actor.require(transition.permission, obj.workspace)


def open_actions(obj: StatefulModel, actor: Actor) -> list[Transition]:
    """What this actor may do with the row now, in the order of the machine's table."""
    return [
        each
        for each in obj.open_transitions
        if each.permission is not None and (actor.is_system or actor.may(each.permission, obj.workspace))
    ]


def _find(machine: Machine, action: str, state: str) -> Transition:
    transition = machine.transition(action, state)
    if transition is None:
        raise ValueError(f"State machine “{machine.name}” has no action “{action}”")
    return transition


def _move(obj: Row, machine: Machine, action: str, fields: dict[str, Any], where: dict[str, Any]) -> str:
    """The conditional UPDATE; returns the state left. One row changed means that this caller did it."""
    model = type(obj)
    row = model._base_manager.select_for_update().filter(pk=obj.pk, **where)
    state = row.values_list("state", flat=True).first()
    transition = machine.transition(action, state)
    if state is None or state not in transition.sources:
        _refuse(obj, transition, state)
    changes = {"state": transition.target, "state_at": timezone.now(), **fields}
    if not model._base_manager.filter(pk=obj.pk, state=state, **where).update(**changes):
        _refuse(obj, transition, state)
    # An UPDATE by field name must also show on the object in hand, relations included.
    for name, value in changes.items():
        if not hasattr(value, "resolve_expression"):
            setattr(obj, name, value)
    if any(hasattr(value, "resolve_expression") for value in fields.values()):
        obj.refresh_from_db(fields=list(fields), from_queryset=model._base_manager.all())
    return state


def _refuse(obj: StatefulModel, transition: Transition, state: str | None) -> None:
    current = machine_of(obj).state(state).label if state else _("gone, or in other hands")
    raise TransitionRefused(
        _("“%(action)s” is not possible now: this is %(state)s.") % {"action": transition.label, "state": current},
        hint=_("Reload to see what happened meanwhile."),
        state=state,
    )


def labelled(obj: models.Model) -> str:
    """A row's lasting name, as events and runs know it."""
    return audit.describe(obj)
