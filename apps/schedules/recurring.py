"""Items that go out again and again.

`fill_recurrences` books the turns of the coming week as ordinary posts, named after their turn, so that they show on
the schedule and running it twice does nothing. A wall time keeps to the wall through changes of the clock, by the rule
of `slots`; hours are counted as they pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import Conflict, Invalid
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.content.models import Item
from apps.lifecycle.events import emit
from apps.platforms.models import Account
from apps.schedules import concerns
from apps.schedules.machine import SCHEDULABLE
from apps.schedules.models import Post, Recurrence
from apps.schedules.quiet import is_quiet
from apps.schedules.services import cancel_post, repeat_item, require_connected
from apps.schedules.slots import occurrences
from apps.workspaces import audit
from apps.workspaces.actors import Actor

AHEAD = timedelta(days=7)
# How far the plan may fall behind before it is looked at again; most calls find nothing to do.
_SLACK = timedelta(hours=1)
_LOOK = timedelta(days=14)


@dataclass(frozen=True)
class _Weekly:
    pk: int
    weekday: int
    time: time
    timezone: ZoneInfo


def turns(rule: Recurrence, *, after: datetime, until: datetime) -> list[datetime]:
    """The instants of the rule later than `after` and not later than `until`, in order, within its own bounds."""
    last = min(until, rule.until) if rule.until else until
    first = max(after, rule.starts_at - timedelta(microseconds=1))
    if last <= first:
        return []
    if rule.every_hours:
        step = timedelta(hours=rule.every_hours)
        number = max(-((rule.starts_at - first) // step), 0)
        found = []
        while (at := rule.starts_at + number * step) <= last:
            found += [at] if at > first else []
            number += 1
        return found
    week = [_Weekly(day, day, rule.time, rule.timezone) for day in rule.weekdays]
    days = (last - first) // timedelta(days=1) + 1
    return [each.at for each in occurrences(week, after=first, days=days) if each.at <= last]


def next_turns(rule: Recurrence, *, count: int = 3, now: datetime | None = None) -> list[datetime]:
    """What comes next, for people to look at."""
    now = now or database_now()
    return turns(
        rule, after=now, until=max(now, rule.starts_at) + timedelta(hours=rule.every_hours or 0) * count + _LOOK
    )[:count]


def add_recurrence(
    *,
    item: Item,
    account: Account,
    actor: Actor,
    weekdays: Iterable[int] = (),
    time: time | None = None,
    timezone: ZoneInfo | None = None,
    every_hours: int | None = None,
    starts_at: datetime | None = None,
    until: datetime | None = None,
    count: int | None = None,
    force: bool = False,
) -> Recurrence:
    """Let an approved item recur: on weekdays (0 is Monday) at a wall time, or every so many hours.

    Raises Invalid for a rule that says neither or both, Conflict for an item that is not approved, Doubtful for turns
    that fall into the account's quiet hours.
    """
    actor.require("publish_content", account.workspace)
    rule = Recurrence(
        workspace=account.workspace,
        item=item,
        account=account,
        weekdays=sorted(set(weekdays)),
        time=time,
        timezone=timezone or account.timezone,
        every_hours=every_hours,
        starts_at=starts_at or database_now(),
        until=until,
        count=count,
        made_by=actor.label,
    )
    _check_rule(rule)
    quiet = [at for at in next_turns(rule, count=14) if is_quiet(account, at)]
    concerns.check(
        [each for each in concerns.of_times(account, quiet[:1]) if each.code == "quiet"], actor=actor, force=force
    )
    rule.in_quiet_hours = bool(quiet)
    with unit_of_work():
        rule.save()
        _note(rule, actor, "recurrence.add")
    return rule


def _check_rule(rule: Recurrence) -> None:
    if rule.item.workspace_id != rule.account.workspace_id:
        raise Invalid(_("That account belongs to another workspace."))
    if rule.item.state not in SCHEDULABLE:
        raise Conflict(
            _("Only what is ready can recur; this is: %(state)s.") % {"state": rule.item.get_state_display()},
            hint=_("Approve it and let production finish first."),
        )
    wrong: dict[str, list[str]] = {}
    if (rule.time is None) == (rule.every_hours is None):
        wrong["time"] = [_("Say either a wall time or a number of hours.")]
    if rule.time is not None and not (rule.weekdays and set(rule.weekdays) <= set(range(7))):
        wrong["weekdays"] = [_("Choose at least one, from 0 (Monday) to 6.")]
    if rule.every_hours is not None and not 1 <= rule.every_hours <= 24 * 366:
        wrong["every_hours"] = [_("Choose 1 hour or more.")]
    if rule.every_hours and rule.every_hours * 60 < rule.account.minimum_gap:
        wrong["every_hours"] = [
            _("The account keeps %(gap)s minutes between posts.") % {"gap": rule.account.minimum_gap}
        ]
    if rule.until and rule.until <= max(rule.starts_at, database_now()):
        wrong["until"] = [_("Choose a time after its beginning.")]
    if rule.count is not None and not 1 <= rule.count <= 10_000:
        wrong["count"] = [_("Choose from 1 to 10000.")]
    if wrong:
        raise Invalid(_("This is no rule to repeat by."), **wrong)


def set_active(*, recurrence: Recurrence, active: bool, actor: Actor) -> Recurrence:
    """Stop or go on. What is stopped takes its planned posts off the schedule; going on puts them back.

    Raises Conflict for a disconnected account.
    """
    actor.require("publish_content", recurrence.workspace)
    if active:
        require_connected(recurrence.account)
    with unit_of_work():
        if not active:
            _withdraw(recurrence, actor)
        recurrence.active, recurrence.filled_until, recurrence.problem = active, None, ""
        recurrence.save(update_fields=["active", "filled_until", "problem"])
        _note(recurrence, actor, "recurrence.resume" if active else "recurrence.pause")
    return recurrence


def remove_recurrence(*, recurrence: Recurrence, actor: Actor) -> None:
    """Its planned posts are taken off the schedule; what is out stays."""
    actor.require("publish_content", recurrence.workspace)
    with unit_of_work():
        _withdraw(recurrence, actor)
        _note(recurrence, actor, "recurrence.remove")
        recurrence.delete()


def _withdraw(rule: Recurrence, actor: Actor) -> None:
    for post in posts_of(rule).filter(state="scheduled").select_related("workspace"):
        cancel_post(post=post, actor=actor)
        Post._base_manager.filter(pk=post.pk).update(repeat="")


def posts_of(rule: Recurrence):
    return Post._base_manager.filter(account=rule.account_id, item=rule.item_id, repeat__startswith=rule.repeats)


def fill_recurrences(now: datetime | None = None) -> int:
    """Book the turns of the coming week; returns how many. Harmless when called twice, at once or too often."""
    now = now or database_now()
    behind = Q(filled_until=None) | Q(filled_until__lt=now + AHEAD - _SLACK)
    rules = Recurrence._base_manager.filter(behind, active=True).select_related(
        "item", "account__workspace", "workspace"
    )
    return sum(_fill(rule, now) for rule in rules)


def _fill(rule: Recurrence, now: datetime) -> int:
    if rule.item.state not in SCHEDULABLE:
        _say(rule, _("Waits until the item is approved and ready."))
        return 0
    done = posts_of(rule).values("repeat").distinct().count()
    start, end = max(rule.filled_until or now, now), now + AHEAD
    booked, problem = 0, ""
    for at in turns(rule, after=start, until=end):
        if rule.count and done >= rule.count:
            break
        taken, why = _take_turn(rule, at)
        booked, done, problem = booked + taken, done + taken, why or problem
    over = (rule.count and done >= rule.count) or (rule.until and rule.until <= end)
    Recurrence._base_manager.filter(pk=rule.pk, active=True).update(filled_until=end, active=not over)
    _say(rule, problem)
    return booked


def _take_turn(rule: Recurrence, at: datetime) -> tuple[bool, str]:
    """Whether the turn was booked by this call, and why not."""
    name = f"{rule.repeats}{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    with unit_of_work():
        # Ticks that run at once come here one after the other, so that none misses what another has booked.
        Account._base_manager.select_for_update(of=("self",)).get(pk=rule.account_id)
        booked = posts_of(rule)
        if booked.filter(repeat=name).exists():
            return False, ""
        if rule.count and booked.values("repeat").distinct().count() >= rule.count:
            return False, ""
        try:
            repeat_item(item=rule.item, account=rule.account, at=at, repeat=name, in_quiet_hours=rule.in_quiet_hours)
        except IntegrityError:
            return False, ""  # another tick was faster
        except (Conflict, Invalid) as error:
            data = {"at": at.isoformat(), "reason": error.message, "item": rule.item_id, "account": rule.account_id}
            emit(workspace=rule.workspace_id, type="recurrence.skipped", subject=rule, data=data)
            return False, error.message
    return True, ""


def _say(rule: Recurrence, problem: str) -> None:
    Recurrence._base_manager.filter(pk=rule.pk).exclude(problem=fit(problem, 300)).update(problem=fit(problem, 300))


def _note(rule: Recurrence, actor: Actor, action: str) -> None:
    data = {"item": rule.item_id, "account": rule.account_id}
    audit.record(workspace=rule.workspace, actor=actor, action=action, target=rule, data=data)
    emit(workspace=rule.workspace_id, type="recurrence.changed", subject=rule, data={**data, "action": action})
