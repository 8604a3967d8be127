"""Items of lasting worth that fill slots which nothing newer has taken, the one that rested longest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Max, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import Conflict, Invalid
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.content.models import Item
from apps.lifecycle.events import emit
from apps.platforms.models import Account
from apps.schedules.booking import GONE, free_slots_until
from apps.schedules.machine import SCHEDULABLE
from apps.schedules.models import EvergreenEntry, EvergreenPool, Post
from apps.schedules.services import repeat_item
from apps.schedules.slots import Occurrence
from apps.workspaces import audit
from apps.workspaces.actors import Actor


def set_pool(
    *, account: Account, actor: Actor, minimum_days: int = 30, ahead_hours: int = 12, active: bool = True
) -> EvergreenPool:
    """The account's pool, made when there is none. Raises Invalid."""
    actor.require("publish_content", account.workspace)
    if not 1 <= ahead_hours <= 24 * 14:
        raise Invalid(_("That is too far ahead."), ahead_hours=[_("Choose from 1 to 336 hours.")])
    if not 0 <= minimum_days <= 3650:
        raise Invalid(_("Nothing can rest so long."), minimum_days=[_("Choose from 0 to 3650 days.")])
    values = {"minimum_days": minimum_days, "ahead_hours": ahead_hours, "active": active}
    with unit_of_work():
        pool, _made = EvergreenPool._base_manager.update_or_create(
            account=account, defaults=values, create_defaults={**values, "workspace": account.workspace}
        )
        _note(pool, actor, "evergreen.set", values)
    return pool


def add_to_pool(*, pool: EvergreenPool, item: Item, actor: Actor) -> EvergreenEntry:
    """Raises Conflict for an item that is there or is not approved."""
    actor.require("publish_content", pool.workspace)
    if item.workspace_id != pool.workspace_id:
        raise Invalid(_("That item belongs to another workspace."))
    if item.state not in SCHEDULABLE:
        raise Conflict(
            _("Only what is ready can go into a pool; this is: %(state)s.") % {"state": item.get_state_display()},
            hint=_("Approve it and let production finish first."),
        )
    try:
        with unit_of_work():
            with transaction.atomic():
                entry = EvergreenEntry._base_manager.create(
                    workspace=pool.workspace, pool=pool, item=item, added_by=actor.label
                )
            _note(pool, actor, "evergreen.add", {"item": item.pk})
    except IntegrityError as error:
        raise Conflict(_("“%(title)s” is in the pool already.") % {"title": item.title}) from error
    return entry


def remove_from_pool(*, entry: EvergreenEntry, actor: Actor) -> None:
    """What is scheduled of it stays scheduled."""
    actor.require("publish_content", entry.workspace)
    with unit_of_work():
        _note(entry.pool, actor, "evergreen.remove", {"item": entry.item_id})
        entry.delete()


def _note(pool: EvergreenPool, actor: Actor, action: str, data: dict) -> None:
    told = {"account": pool.account_id, **data}
    audit.record(workspace=pool.workspace, actor=actor, action=action, target=pool, data=told)
    emit(workspace=pool.workspace_id, type="evergreen.changed", subject=pool, data={**told, "action": action})


def fill_pools(now: datetime | None = None) -> int:
    """Fill the slots that are about to pass unused; returns how many. Harmless when called twice, at once or often."""
    now = now or database_now()
    pools = EvergreenPool._base_manager.filter(
        active=True, account__state=Account.State.ACTIVE, workspace__paused_at=None, entries__isnull=False
    )
    return sum(_fill(pool, now) for pool in pools.select_related("account__workspace").distinct())


def _fill(pool: EvergreenPool, now: datetime) -> int:
    places = free_slots_until(pool.account, after=now, until=now + timedelta(hours=pool.ahead_hours))
    # Where a person cancelled what the pool had put, nothing shall stand.
    cancelled = set(_posts_of(pool).filter(state="cancelled", due_at__gt=now).values_list("due_at", flat=True))
    count, problem = 0, ""
    for place in places:
        if place.at not in cancelled:
            filled, problem = _fill_slot(pool, place)
            count += filled
    EvergreenPool._base_manager.filter(pk=pool.pk).exclude(problem=fit(problem, 300)).update(problem=fit(problem, 300))
    return count


def _posts_of(pool: EvergreenPool):
    return Post._base_manager.filter(account=pool.account_id, repeat__startswith=pool.repeats)


def _fill_slot(pool: EvergreenPool, place: Occurrence) -> tuple[bool, str]:
    name = f"{pool.repeats}{place.at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    problem = ""
    for entry in rested(pool, at=place.at):
        try:
            repeat_item(item=entry.item, account=pool.account, at=place.at, repeat=name, slot=place.slot_id)
        except IntegrityError:
            return False, problem  # another tick, or a person, was faster
        except (Conflict, Invalid) as error:
            problem = f"{entry.item.title}: {error.message}"
            continue
        return True, problem
    return False, problem or _("Every item of the pool went out too lately, or is not approved.")


def with_last_post(pool: EvergreenPool):
    """The pool's entries with `last_at`, when each was last out or is due on the account; longest rested first."""
    return entries().filter(pool=pool)


def entries():
    """Every pool's entries with `last_at`, those that rested longest first."""
    posts = Post._base_manager.filter(account=OuterRef("pool__account"), item=OuterRef("item"))
    last = posts.exclude(state__in=GONE).order_by().values("item").annotate(last=Max("due_at")).values("last")
    found = EvergreenEntry._base_manager.annotate(last_at=Subquery(last)).select_related("item", "pool", "workspace")
    return found.order_by(F("last_at").asc(nulls_first=True), "added_at", "pk")


def rested(pool: EvergreenPool, *, at: datetime):
    """Entries that may go out at that time."""
    long_ago = at - timedelta(days=pool.minimum_days)
    return with_last_post(pool).filter(Q(last_at=None) | Q(last_at__lte=long_ago), item__state__in=SCHEDULABLE)
