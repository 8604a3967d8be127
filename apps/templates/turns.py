"""Whose turn it is with a provider: no more calls at once than agreed, and none while it rests or keeps failing.

The last calls themselves tell how a provider does. The installation's is one for all workspaces, and how many calls it
has at once may pass the limit by those that two workspaces begin in the same moment; a workspace's own is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import Postponed
from apps.templates.models import Generation
from apps.templates.providers import Asked
from apps.workspaces.models import Workspace

# A call takes at most five minutes, with all its tries; one that is longer under way has lost its worker.
LOST_AFTER = timedelta(minutes=6)
# After so many calls in a row without an answer a provider is left alone for a while.
TRIPS, REST = 5, timedelta(seconds=60)

Outcome = Generation.Outcome


@dataclass(frozen=True)
class Health:
    """How a provider does. state: "unused", "answers", "failing" or "resting", until when it is left alone.

    failures: calls without an answer since the last one with. said: why the last of them had none.
    """

    state: str
    until: datetime | None = None
    failures: int = 0
    said: str = ""
    running: int = 0
    last_minute: int = 0
    answered_at: datetime | None = None


def busy(workspace: Workspace, asked: Asked, now: datetime) -> str:
    """Why no further call may begin now; "" when one may."""
    calls = _calls(workspace, asked)
    if _running(calls, now) >= asked.concurrency:
        return _("The provider has as many calls at once as it may have.")
    limit = asked.calls_per_minute
    if limit and _in_last_minute(calls, now) >= limit:
        return _("The provider has had its calls of this minute.")
    return ""


def require_working(workspace: Workspace, asked: Asked, now: datetime) -> None:
    """Raises Postponed while the provider rests: it asked for it, or did not answer several times in a row."""
    calls = _calls(workspace, asked)
    asked_until = _asked_until(calls, now)
    if asked_until:
        raise Postponed(
            _("The text provider asked to be left alone for a while."),
            retry_after=(asked_until - now).total_seconds(),
            hint=_("Work goes on by itself after that."),
        )
    tripped_until = _tripped_until(_last_calls(calls), now)
    if tripped_until:
        raise Postponed(
            _("The text provider has not answered %(count)d times in a row, and is left alone for a minute.")
            % {"count": TRIPS},
            retry_after=(tripped_until - now).total_seconds(),
            hint=_("See whether it is running; work goes on by itself when it answers."),
        )


def health_of(workspace: Workspace, asked: Asked) -> Health:
    now, calls = database_now(), _calls(workspace, asked)
    last = _last_calls(calls)
    missed = next((number for number, call in enumerate(last) if call.outcome != Outcome.UNAVAILABLE), len(last))
    until = _asked_until(calls, now) or _tripped_until(last, now)
    answered = calls.exclude(outcome__in=[Outcome.RUNNING, Outcome.UNAVAILABLE, Outcome.ERROR])
    return Health(
        state="resting" if until else "failing" if missed else "answers" if last else "unused",
        until=until,
        failures=missed,
        said=last[0].note if missed else "",
        running=_running(calls, now),
        last_minute=_in_last_minute(calls, now),
        answered_at=answered.aggregate(last=Max("created_at"))["last"],
    )


def _calls(workspace: Workspace, asked: Asked) -> QuerySet[Generation]:
    rows = Generation._base_manager.filter(engine=asked.engine, provider=asked.provider, reused=None)
    return rows if asked.is_trusted else rows.filter(workspace=workspace)


def _running(calls: QuerySet[Generation], now: datetime) -> int:
    return calls.filter(outcome=Outcome.RUNNING, created_at__gt=now - LOST_AFTER).count()


def _in_last_minute(calls: QuerySet[Generation], now: datetime) -> int:
    return calls.filter(created_at__gt=now - timedelta(minutes=1)).count()


def _asked_until(calls: QuerySet[Generation], now: datetime) -> datetime | None:
    return calls.filter(rests_until__gt=now).aggregate(until=Max("rests_until"))["until"]


def _last_calls(calls: QuerySet[Generation]) -> list[Generation]:
    """Of any model: a provider calls what answered by another name than what was asked for."""
    over = calls.exclude(outcome=Outcome.RUNNING)
    return list(over.order_by("-created_at", "-pk")[:TRIPS])


def _tripped_until(last: list[Generation], now: datetime) -> datetime | None:
    """A circuit breaker: the last calls of this provider tell its state."""
    if len(last) < TRIPS or any(call.outcome != Outcome.UNAVAILABLE for call in last):
        return None
    until = last[0].created_at + timedelta(seconds=last[0].seconds) + REST
    return until if until > now else None
