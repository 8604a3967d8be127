"""The slots of an account: adding, moving and removing them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.common.errors import Conflict, Invalid
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.platforms.models import Account
from apps.schedules.models import Slot
from apps.workspaces import audit
from apps.workspaces.actors import Actor

DEFAULT_TIMES = (time(9), time(12, 30), time(18))
WEEK = frozenset(range(7))


def add_default_slots(*, account: Account) -> list[Slot]:
    """Three a day, at times when people look: morning, noon, evening, in the account's zone."""
    slots = [
        Slot(workspace=account.workspace, account=account, weekday=day, time=wall, timezone=account.timezone)
        for day in range(7)
        for wall in DEFAULT_TIMES
    ]
    return Slot._base_manager.bulk_create(slots)


def add_slots(
    *, account: Account, actor: Actor, weekdays: Iterable[int], time: time, timezone: ZoneInfo | None = None
) -> list[Slot]:
    """A slot at that wall time on each of the weekdays (0 is Monday), in the account's zone unless another is named.

    Those that are there already are left as they are. Raises Invalid without a weekday.
    """
    actor.require("manage_accounts", account.workspace)
    days = set(weekdays)
    if not days or not days <= WEEK:
        raise Invalid(_("Choose the weekdays."), weekdays=[_("At least one, from 0 (Monday) to 6.")])
    zone = timezone or account.timezone
    with unit_of_work():
        has = Slot._base_manager.select_for_update().filter(account=account, time=time, timezone=zone)
        missing = days - set(has.values_list("weekday", flat=True))
        rows = [
            Slot(workspace=account.workspace, account=account, weekday=day, time=time, timezone=zone)
            for day in sorted(missing)
        ]
        made = Slot._base_manager.bulk_create(rows, ignore_conflicts=False)
        for slot in made:
            _note(slot, actor, "slot.add")
    return made


def change_slot(*, slot: Slot, actor: Actor, **fields: Any) -> Slot:
    """fields: weekday, time, timezone. Posts that stand in the slot keep their time. Raises Conflict for a double."""
    actor.require("manage_accounts", slot.workspace)
    for name, value in fields.items():
        setattr(slot, name, value)
    try:
        with unit_of_work():
            with transaction.atomic():
                slot.save(update_fields=list(fields) or None)
            _note(slot, actor, "slot.change")
    except IntegrityError as error:
        raise Conflict(_("The account has that slot already."), hint=_("Choose another time.")) from error
    return slot


def follow_account(*, account: Account, actor: Actor) -> int:
    """Move the slots that stand in other zones to the same wall times in the account's; returns how many."""
    actor.require("manage_accounts", account.workspace)
    count = 0
    with unit_of_work():
        for slot in Slot._base_manager.filter(account=account).exclude(timezone=account.timezone):
            try:
                change_slot(slot=slot, actor=actor, timezone=account.timezone)
            except Conflict:  # the account's own zone has that slot already
                remove_slot(slot=slot, actor=actor)
            count += 1
    return count


def remove_slot(*, slot: Slot, actor: Actor) -> None:
    """Posts that stand in the slot keep their time."""
    actor.require("manage_accounts", slot.workspace)
    with unit_of_work():
        _note(slot, actor, "slot.remove")
        slot.delete()


def _note(slot: Slot, actor: Actor, action: str) -> None:
    data = {
        "account": slot.account_id,
        "weekday": slot.weekday,
        "time": f"{slot.time:%H:%M}",
        "timezone": str(slot.timezone),
    }
    audit.record(workspace=slot.workspace, actor=actor, action=action, target=slot, data=data)
    emit(workspace=slot.workspace_id, type="slot.changed", subject=slot, data={**data, "action": action})
