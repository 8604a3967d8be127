"""Letting calls to text engines in: one payment a question, within the budget, no more at once than agreed.

The workspace's budget row is the lock. A call that is let in leaves a Generation `running`, with the money set aside
for it; both are gone when its answer is written. What a lost worker left is released when its time is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import AdapterError, DomainError
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.templates.mails import tell_limit
from apps.templates.models import Budget, Generation
from apps.templates.providers import Asked
from apps.workspaces.models import Workspace

LOST_AFTER = timedelta(minutes=10)
# After so many calls in a row without an answer a provider is left alone for a while.
_TRIPS, _REST = 5, timedelta(seconds=60)


class BudgetExceeded(DomainError):
    """The month's hard limit would be passed; nothing was asked and nothing spent."""

    code = "over_budget"
    status = 402


@dataclass(frozen=True)
class LetIn:
    generation: Generation


@dataclass(frozen=True)
class Answered:
    """The question was paid for before."""

    earlier: Generation


@dataclass(frozen=True)
class NotYet:
    """Ask again in a moment: the same question is being answered, or the provider has all the calls it may have."""

    reason: str


Admission = LetIn | Answered | NotYet


@dataclass(frozen=True)
class Spent:
    """US dollars in one month. reserved: set aside for calls under way."""

    spent: Decimal
    reserved: Decimal


def month_of(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def spent_in_month(workspace: Workspace, now: datetime) -> Spent:
    rows = Generation._base_manager.filter(workspace=workspace, created_at__gte=month_of(now))
    found = rows.aggregate(spent=Sum("cost"), reserved=Sum("reserved"))
    return Spent(found["spent"] or Decimal(0), found["reserved"] or Decimal(0))


def admit(*, draft: Generation, asked: Asked, cost: Decimal, reuse_after: datetime) -> Admission:
    """Let one call in. draft: its unsaved row, saved as `running` when it may go on; cost: the most it may cost.

    Raises BudgetExceeded, and AdapterError while a provider that keeps failing is left alone.
    """
    workspace, now = draft.workspace, database_now()
    with unit_of_work():
        budget = locked_budget(workspace)
        _release_lost(workspace, now)
        same = Generation._base_manager.filter(workspace=workspace, question=draft.question)
        earlier = _earlier(same, reuse_after)
        if earlier:
            return Answered(earlier)
        if same.filter(outcome=Generation.Outcome.RUNNING).exists():
            return NotYet(_("The same text is being written already."))
        if not asked.is_free:
            busy = _busy(workspace, asked, now)
            if busy:
                return NotYet(busy)
            _require_working(workspace, asked, now)
            _require_budget(budget, cost, now)
        draft.outcome, draft.reserved, draft.created_at = Generation.Outcome.RUNNING, cost, now
        draft.save()
    return LetIn(draft)


def locked_budget(workspace: Workspace) -> Budget:
    Budget._base_manager.get_or_create(workspace=workspace)
    return Budget._base_manager.select_for_update().get(workspace=workspace)


def _release_lost(workspace: Workspace, now: datetime) -> None:
    lost = Generation._base_manager.filter(
        workspace=workspace, outcome=Generation.Outcome.RUNNING, created_at__lt=now - LOST_AFTER
    )
    lost.update(outcome=Generation.Outcome.ERROR, reserved=0, note=_("The worker was lost."))


def _earlier(same, reuse_after: datetime) -> Generation | None:
    answered = same.filter(outcome=Generation.Outcome.PARSED, reused=None, created_at__gt=reuse_after)
    return answered.order_by("-created_at").first()


def _busy(workspace: Workspace, asked: Asked, now: datetime) -> str:
    calls = Generation._base_manager.filter(workspace=workspace, engine=asked.engine, reused=None)
    if calls.filter(outcome=Generation.Outcome.RUNNING).count() >= asked.concurrency:
        return _("The provider has as many calls at once as it may have.")
    limit = asked.calls_per_minute
    if limit and calls.filter(created_at__gt=now - timedelta(minutes=1)).count() >= limit:
        return _("The provider has had its calls of this minute.")
    return ""


def _require_working(workspace: Workspace, asked: Asked, now: datetime) -> None:
    """A circuit breaker: the last calls of this provider tell its state."""
    calls = Generation._base_manager.filter(workspace=workspace, engine=asked.engine, model=asked.model, reused=None)
    last = list(calls.exclude(outcome=Generation.Outcome.RUNNING).order_by("-created_at", "-pk")[:_TRIPS])
    if len(last) < _TRIPS or any(call.outcome != Generation.Outcome.UNAVAILABLE for call in last):
        return
    rests_until = last[0].created_at + timedelta(seconds=last[0].seconds) + _REST
    if rests_until > now:
        raise AdapterError(
            _("The text provider has not answered %(count)d times in a row, and is left alone for a minute.")
            % {"count": _TRIPS},
            retry_after=(rests_until - now).total_seconds(),
            hint=_("See whether it is running; work goes on by itself when it answers."),
        )


def _require_budget(budget: Budget, cost: Decimal, now: datetime) -> None:
    if budget.soft_limit is None and budget.hard_limit is None:
        return
    month = spent_in_month(budget.workspace, now)
    total = month.spent + month.reserved + cost
    if budget.hard_limit is not None and total > budget.hard_limit:
        raise BudgetExceeded(
            _("The AI budget of this month is used up: %(spent)s of %(limit)s USD.")
            % {"spent": round(month.spent + month.reserved, 2), "limit": round(budget.hard_limit, 2)},
            hint=_("Raise the limit under AI, or wait for the next month; the work waits."),
        )


def give_notice(*, workspace: Workspace, over_hard: bool = False) -> None:
    """Tell watchers once a month that the soft limit, or the hard one, was reached."""
    with unit_of_work():
        budget, now = locked_budget(workspace), database_now()
        month = spent_in_month(workspace, now)
        limits = {"soft": budget.soft_limit, "hard": budget.hard_limit if over_hard else None}
        for name, limit in limits.items():
            reached = limit is not None and (over_hard if name == "hard" else month.spent >= limit)
            if reached and budget.noticed.get(name) != f"{now:%Y-%m}":
                budget.noticed[name] = f"{now:%Y-%m}"
                budget.save(update_fields=["noticed"])
                data = {"limit": str(limit), "spent": str(month.spent), "kind": name}
                emit(workspace=workspace, type="budget.reached", subject=budget, data=data)
                transaction.on_commit(partial(tell_limit, budget.pk, name, month.spent), robust=True)
