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
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import Postponed
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.templates import turns
from apps.templates.mails import tell_limit
from apps.templates.models import Budget, Generation
from apps.templates.providers import Asked
from apps.workspaces.models import Workspace

# Money that is only set aside may be free again this soon.
_SOON = timedelta(minutes=1)


class BudgetExceeded(Postponed):
    """The month's hard limit would be passed; nothing was asked and nothing spent."""

    code = "over_budget"
    status = 402


class Unpriced(BudgetExceeded):
    """There is a hard limit, and nobody knows what the model costs: the limit could not hold."""

    code = "unpriced"


# Why work may wait for money; a changed limit, price or provider is a reason to try again.
WAITS_FOR_MONEY = frozenset({BudgetExceeded.code, Unpriced.code})


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
    return Spent(dollars(found["spent"]), dollars(found["reserved"]))


def dollars(total: Decimal | None) -> Decimal:
    """A sum as exact as what was added, to the millionth: SQLite adds in floating point. None: nothing was added."""
    return round(total or Decimal(0), 6)


def admit(*, draft: Generation, asked: Asked, cost: Decimal | None, reuse_after: datetime) -> Admission:
    """Let one call in. draft: its unsaved row, saved as `running` when it may go on; cost: the most it may cost, None
    where nobody knows.

    Raises BudgetExceeded, and Postponed while a provider that keeps failing is left alone.
    """
    workspace, now = draft.workspace, database_now()
    with unit_of_work():
        budget = locked_budget(workspace)
        release_lost(Generation._base_manager.filter(workspace=workspace), now)
        same = Generation._base_manager.filter(workspace=workspace, question=draft.question)
        earlier = _earlier(same, reuse_after)
        if earlier:
            return Answered(earlier)
        if same.filter(outcome=Generation.Outcome.RUNNING).exists():
            return NotYet(_("The same text is being written already."))
        if not asked.is_free:
            reason = turns.busy(workspace, asked, now)
            if reason:
                return NotYet(reason)
            turns.require_working(workspace, asked, now)
            _require_budget(budget, cost, asked, now)
        draft.outcome, draft.reserved, draft.created_at = Generation.Outcome.RUNNING, cost or Decimal(0), now
        draft.save()
    return LetIn(draft)


def locked_budget(workspace: Workspace) -> Budget:
    Budget._base_manager.get_or_create(workspace=workspace)
    return Budget._base_manager.select_for_update().get(workspace=workspace)


def release_lost(rows: QuerySet[Generation], now: datetime) -> int:
    """Give back what was set aside for calls whose worker is gone; returns how many there were."""
    lost = rows.filter(outcome=Generation.Outcome.RUNNING, created_at__lt=now - turns.LOST_AFTER)
    return lost.update(outcome=Generation.Outcome.ERROR, reserved=0, note=_("The worker was lost."))


def release_all_lost() -> int:
    """The sweeper's part: a workspace in which nothing more is asked gets its money back too."""
    return release_lost(Generation._base_manager.all(), database_now())


def _earlier(same, reuse_after: datetime) -> Generation | None:
    answered = same.filter(outcome=Generation.Outcome.PARSED, reused=None, created_at__gt=reuse_after)
    return answered.order_by("-created_at").first()


def _require_budget(budget: Budget, cost: Decimal | None, asked: Asked, now: datetime) -> None:
    limit = budget.hard_limit
    if limit is None:
        return
    next_month = (month_of(now) + timedelta(days=32)).replace(day=1)
    if cost is None:
        raise Unpriced(
            _("Nobody knows what “%(model)s” costs, so the stop at %(limit)s USD could not hold.")
            % {"model": asked.model, "limit": _in_dollars(limit)},
            retry_after=(next_month - now).total_seconds(),
            hint=_("Give the model's prices under AI, Provider (0 where it costs nothing); the work waits."),
        )
    month = spent_in_month(budget.workspace, now)
    if month.spent + month.reserved + cost <= limit:
        return
    # What is set aside may come back; what is spent is spent until the month turns.
    wait = _SOON if month.spent + cost <= limit else next_month - now
    raise BudgetExceeded(
        _("The AI budget of this month is used up: %(spent)s of %(limit)s USD, and this text may cost %(cost)s.")
        % {"spent": _in_dollars(month.spent + month.reserved), "limit": _in_dollars(limit), "cost": _in_dollars(cost)},
        retry_after=wait.total_seconds(),
        hint=_("Raise the limit under AI, or wait for the next month; the work waits."),
    )


def _in_dollars(amount: Decimal) -> Decimal:
    """To the cent, or what is less than one as far as it says something."""
    return round(amount, 2 if not amount or amount >= Decimal("0.01") else 4)


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
