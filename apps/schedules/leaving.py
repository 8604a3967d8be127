"""What happens to the posts, rules and times of an account that leaves."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.common.clock import database_now
from apps.common.errors import Conflict
from apps.common.text.words import fit
from apps.platforms.models import Account
from apps.platforms.signals import Stop
from apps.schedules.evergreen import set_pool
from apps.schedules.machine import UNDER_WAY
from apps.schedules.models import EvergreenPool, Post, Recurrence, Reservation, Slot
from apps.schedules.recurring import set_active
from apps.schedules.services import cancel_post
from apps.workspaces.actors import Actor


def stop_all(account: Account, actor: Actor) -> None:
    """Cancel what is scheduled on the account, whose row is locked, and stop what would schedule more.

    Recurrences, the pool and reserved times stay where people see them, and say why they stopped; slots rest until the
    account is connected again. Raises Conflict while a worker has one of its posts; those that nobody knows about are
    asked about by the sweeper.
    """
    if _posts(account).filter(state__in=("claimed", *UNDER_WAY), lease_until__gt=database_now()).exists():
        raise Conflict(
            _("A post is being published on “%(account)s”.") % {"account": account.name},
            hint=_("Wait until it has ended, then disconnect the account."),
        )
    why = _("It stopped when “%(account)s” was disconnected.") % {"account": account.name}
    for rule in _rules(account).select_related("workspace"):
        set_active(recurrence=rule, active=False, actor=actor)
        Recurrence._base_manager.filter(pk=rule.pk).update(problem=fit(why, 300))
    for pool in _pools(account):
        same = {"minimum_days": pool.minimum_days, "ahead_hours": pool.ahead_hours}
        set_pool(account=account, actor=actor, **same, active=False)
        EvergreenPool._base_manager.filter(pk=pool.pk).update(problem=fit(why, 300))
    _reserved(account).update(problem=fit(why, 300))
    for post in _posts(account).filter(state="scheduled").select_related("workspace").order_by("due_at", "pk"):
        cancel_post(post=post, actor=actor)


def what_stops(account: Account) -> list[Stop]:
    """The same, counted and in sentences, for the person who is about to disconnect it."""
    counted = (
        ("posts", _posts(account).filter(state="scheduled").count(), _cancelled),
        ("recurrences", _rules(account).count(), _stopped),
        ("pool_items", sum(pool.entries.count() for pool in _pools(account)), _pooled),
        ("reservations", _reserved(account).count(), _given_back),
        ("slots", Slot._base_manager.filter(account=account).count(), _resting),
    )
    return [Stop(what, count, said(count) % {"count": count}) for what, count, said in counted if count]


def _posts(account: Account) -> QuerySet[Post]:
    return Post._base_manager.filter(account=account)


def _rules(account: Account) -> QuerySet[Recurrence]:
    return Recurrence._base_manager.filter(account=account, active=True)


def _pools(account: Account) -> QuerySet[EvergreenPool]:
    return EvergreenPool._base_manager.filter(account=account, active=True)


def _reserved(account: Account) -> QuerySet[Reservation]:
    return Reservation._base_manager.filter(account=account, settled_at=None)


def _cancelled(count: int) -> Any:
    return ngettext("%(count)s scheduled post is cancelled.", "%(count)s scheduled posts are cancelled.", count)


def _stopped(count: int) -> Any:
    return ngettext("%(count)s recurring post stops.", "%(count)s recurring posts stop.", count)


def _pooled(count: int) -> Any:
    return ngettext(
        "The evergreen pool with %(count)s item stops.", "The evergreen pool with %(count)s items stops.", count
    )


def _given_back(count: int) -> Any:
    return ngettext(
        "%(count)s time reserved for an item that is not ready is not used.",
        "%(count)s times reserved for items that are not ready are not used.",
        count,
    )


def _resting(count: int) -> Any:
    return ngettext(
        "%(count)s slot rests until the account is connected again.",
        "%(count)s slots rest until the account is connected again.",
        count,
    )
