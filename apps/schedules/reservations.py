"""Times that were asked for before an item was ready. `intake.use_reservations` turns them into posts."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import Invalid
from apps.common.transactions import unit_of_work
from apps.content.models import Item
from apps.lifecycle.events import emit
from apps.platforms.models import Account
from apps.schedules.models import Reservation
from apps.workspaces import audit
from apps.workspaces.actors import Actor


def reserve(*, item: Item, account: Account, at: datetime, actor: Actor) -> Reservation:
    """Keep that time for an item that is not ready yet; a second one for the same account takes the place of the first.

    Raises Invalid for a time that has passed.
    """
    actor.require("publish_content", account.workspace)
    if item.workspace_id != account.workspace_id:
        raise Invalid(_("That account belongs to another workspace."))
    if at <= database_now():
        raise Invalid(_("Its time has passed."), at=[_("Choose a time in the future.")])
    with unit_of_work():
        kept, _made = Reservation._base_manager.update_or_create(
            item=item,
            account=account,
            defaults={"due_at": at, "made_by": actor.label, "problem": "", "settled_at": None},
            create_defaults={"due_at": at, "made_by": actor.label, "workspace": account.workspace},
        )
        _note(kept, actor, "reservation.set")
    return kept


def drop_reservation(*, reservation: Reservation, actor: Actor) -> None:
    """The item keeps its way through review; only its time is given up. It then waits for a person to place it."""
    actor.require("publish_content", reservation.workspace)
    with unit_of_work():
        _note(reservation, actor, "reservation.drop")
        reservation.settled_at = database_now()
        reservation.save(update_fields=["settled_at"])


def _note(kept: Reservation, actor: Actor, action: str) -> None:
    data = {"item": kept.item_id, "account": kept.account_id, "due_at": kept.due_at.isoformat()}
    audit.record(workspace=kept.workspace, actor=actor, action=action, target=kept, data=data)
    emit(workspace=kept.workspace_id, type="reservation.changed", subject=kept, data={**data, "action": action})
