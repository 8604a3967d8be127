"""What goes onto the schedule by itself: ready items, at the times kept for them or where accounts take them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import Conflict, Invalid
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.content.models import Item
from apps.lifecycle.events import emit
from apps.lifecycle.models import Event
from apps.platforms.models import Account
from apps.schedules.models import Post, Reservation
from apps.schedules.services import schedule_item
from apps.workspaces import audit
from apps.workspaces.actors import SYSTEM

log = structlog.get_logger(__name__)
UNSCHEDULED = "item.not_scheduled"


def schedule_ready_item(*, item: Item) -> list[Post]:
    """Schedule a ready item at the times reserved for it; one without any, where accounts take items by themselves.

    An account that ever had a post of this revision is left alone: a person who cancelled it meant it.
    """
    posts, reserved = use_reservations(item=item)
    if reserved:
        return posts
    accounts = Account._base_manager.filter(workspace=item.workspace).exclude(intake=Account.Intake.BY_HAND)
    accounts = accounts.exclude(state=Account.State.DISCONNECTED)
    had = Post._base_manager.filter(item=item, revision=item.approved_revision).values("account")
    for account in accounts.exclude(pk__in=had):
        at = database_now() if account.intake == Account.Intake.AT_ONCE else None
        try:
            posts += schedule_item(item=item, account=account, actor=SYSTEM, at=at, soonest=True)
        except (Conflict, Invalid) as error:
            log.info("not_scheduled", item=item.pk, account=account.pk, reason=str(error))
            note_unscheduled(item=item, account=account, reason=error.message)
    return posts


def use_reservations(*, item: Item) -> tuple[list[Post], set[int]]:
    """Turn what was reserved for a ready item into posts; also returns the accounts that a person ever reserved.

    One that cannot be kept says why, once, and waits for a person. One that was kept for a version before is kept for
    this one too.
    """
    posts: list[Post] = []
    reserved = list(Reservation._base_manager.filter(item=item).select_related("account__workspace"))
    for each in reserved:
        if not _still_wanted(each, item):
            continue
        at = max(each.due_at, database_now())
        try:
            if at - each.due_at > timedelta(minutes=each.account.catch_up):
                raise Conflict(_("The time has passed before this was ready."))
            with unit_of_work():
                posts += schedule_item(item=item, account=each.account, actor=SYSTEM, at=at)
                _settle(each, settled_at=database_now(), problem="")
        except (Conflict, Invalid) as error:
            note_unscheduled(item=item, account=each.account, reason=error.message)
            _settle(each, settled_at=None, problem=fit(error.message, 300))
    return posts, {each.account_id for each in reserved}


def _settle(reservation: Reservation, **fields: Any) -> None:
    Reservation._base_manager.filter(pk=reservation.pk).update(**fields)


def _still_wanted(reservation: Reservation, item: Item) -> bool:
    """What was given up is not, nor what came of it already, in this version or out there in another."""
    if reservation.settled_at is None:
        return True
    came = Post._base_manager.filter(item=item, account=reservation.account_id)
    return came.exists() and not came.filter(Q(revision=item.approved_revision) | Q(state="published")).exists()


def note_unscheduled(*, item: Item, account: Account, reason: str) -> None:
    """Say why a ready item did not get its place; the sweeper asks again and again, and is told so once."""
    data = {"account": account.pk, "account_name": account.name, "reason": reason}
    said = Event._base_manager.filter(workspace=item.workspace_id, subject=audit.describe(item), type=UNSCHEDULED)
    if not said.filter(data__account=account.pk, data__reason=reason, at__gte=item.state_at).exists():
        emit(workspace=item.workspace_id, type=UNSCHEDULED, subject=item, data=data)
