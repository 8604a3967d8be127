"""Runs, events, tickets for live updates, and health."""

# No postponed annotations here: the pagination's wrapper would look for their names in its own module.

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status
from ninja.pagination import paginate

from apps.common.errors import Conflict
from apps.common.pagination import CursorPagination
from apps.common.rows import found
from apps.lifecycle import health, queries, runs, tickets
from apps.lifecycle.models import Event, Run
from apps.lifecycle.services import open_actions

router = Router()

RunState = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class RunFilter(Schema):
    state: RunState | None = Field(None, description="Only runs in this state.")
    kind: str = Field("", max_length=40, description="Only this kind of work, such as render.")
    subject: str = Field("", max_length=80, description="Only work on this row, such as content.item:12.")


class StepOut(Schema):
    number: int = Field(examples=[1])
    name: str = Field(examples=["narrate"])
    label: str = Field(examples=["Narrating"])
    percent: float = Field(examples=[62.5])
    note: str = Field(examples=["15 of 24 sentences"])
    started_at: datetime | None
    finished_at: datetime | None


class ErrorOut(Schema):
    code: str = Field(examples=["adapter_error"])
    message: str = Field(examples=["The voice could not be loaded."])
    hint: str = Field(examples=["Choose another voice in the settings."])


class RunOut(Schema):
    id: int = Field(examples=[31])
    kind: str = Field(examples=["render"])
    subject: str = Field(examples=["content.item:12"])
    state: RunState
    state_at: datetime
    percent: float = Field(examples=[41.2])
    attempt: int = Field(examples=[1])
    max_attempts: int = Field(examples=[3])
    error: ErrorOut | None
    started_by: str = Field(examples=["Asha"])
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    actions: list[str] = Field(description="What the caller may do with it now.", examples=[["cancel"]])
    steps: list[StepOut]

    @staticmethod
    def resolve_steps(run: Run) -> list[Any]:
        return sorted(run.steps.all(), key=lambda step: step.number)

    @staticmethod
    def resolve_actions(run: Run, context: dict[str, Any]) -> list[str]:
        return [each.action for each in open_actions(run, context["request"].actor)]


class EventOut(Schema):
    seq: int = Field(examples=[128])
    type: str = Field(examples=["item.state"])
    at: datetime
    subject: str = Field(examples=["content.item:12"])
    data: dict[str, Any] = Field(examples=[{"action": "approve", "from": "in_review", "to": "approved"}])


class EventsOut(Schema):
    epoch: str = Field(description="Another value means another log: begin again.")
    head: int = Field(description="Number of the newest event.", examples=[128])
    oldest: int = Field(description="Number of the oldest event that is still kept.", examples=[1])
    items: list[EventOut]


class TicketOut(Schema):
    ticket: str = Field(examples=["kq2b…"])
    expires_at: datetime
    url: str = Field(description="Append ?last=… to resume.", examples=["wss://desk.example.org/ws/w/team/"])
    protocols: list[str] = Field(
        description="Subprotocols to offer when the WebSocket is opened.", examples=[["rundown.v1", "ticket.kq2b…"]]
    )


class HealthPartOut(Schema):
    ok: bool
    detail: str = Field(examples=["The database answers."])


class HealthOut(Schema):
    status: Literal["ok", "unhealthy"]
    parts: dict[str, HealthPartOut]


@router.get("/pipeline/runs", response=list[RunOut], tags=["pipeline"], summary="List runs")
@paginate(CursorPagination)
def list_runs(request: HttpRequest, filters: Query[RunFilter]) -> Any:
    """Pieces of work, newest first, with their steps and progress."""
    request.actor.require("view_content", request.workspace)
    return _of_this_workspace(request, queries.runs(**filters.dict(exclude_none=True)))


@router.get("/pipeline/runs/{int:run_id}", response=RunOut, tags=["pipeline"], summary="One run")
def get_run(request: HttpRequest, run_id: int) -> Run:
    request.actor.require("view_content", request.workspace)
    return _run(request, run_id)


@router.post("/pipeline/runs/{int:run_id}/cancel", response=RunOut, tags=["pipeline"], summary="Cancel a run")
def cancel_run(request: HttpRequest, run_id: int) -> Run:
    """A queued run never starts; a running one stops at its next report of progress."""
    runs.cancel_run(run=_run(request, run_id), actor=request.actor)
    return _run(request, run_id)


@router.post("/pipeline/runs/{int:run_id}/retry", response=RunOut, tags=["pipeline"], summary="Try a run again")
def retry_run(request: HttpRequest, run_id: int) -> Run:
    """Queue a failed or cancelled run again; what it had finished is not made again."""
    runs.retry_run(run=_run(request, run_id), actor=request.actor)
    return _run(request, run_id)


@router.get("/events", response=EventsOut, tags=["live"], summary="Events after a number")
def list_events(
    request: HttpRequest,
    after: int = Query(0, ge=0, le=2**53, description="The number of the last event that you have."),
    limit: int = Query(100, ge=1, le=500),
) -> dict[str, Any]:
    """The same events as on the WebSocket, without a gap, for programs that ask now and then.

    Answers 409 when events behind `after` are no longer kept.
    """
    request.actor.require("view_content", request.workspace)
    head = queries.head_of(request.workspace)
    if 0 < after < head.oldest - 1:
        raise Conflict(
            _("Events behind number %(after)s are no longer kept.") % {"after": after},
            hint=_("Load what you need anew, and go on from `oldest` - 1."),
            oldest=head.oldest,
        )
    items = Event.objects.filter(seq__gt=after).order_by("seq")[:limit]
    return {"epoch": head.epoch, "head": head.seq, "oldest": head.oldest, "items": list(items)}


@router.post("/live/tickets", response={201: TicketOut}, tags=["live"], summary="A ticket for one WebSocket")
def create_ticket(request: HttpRequest) -> Status:
    """It opens one socket, once, within a minute."""
    key, ticket = tickets.issue(workspace=request.workspace, actor=request.actor)
    url = request.build_absolute_uri(f"/ws/w/{request.workspace.slug}/").replace("http", "ws", 1)
    protocols = [tickets.PROTOCOL, f"{tickets.PREFIX}{key}"]
    return Status(201, {"ticket": key, "expires_at": ticket.expires_at, "url": url, "protocols": protocols})


@router.get("/health", response={200: HealthOut, 503: HealthOut}, auth=None, tags=["health"], summary="Health")
def get_health(request: HttpRequest) -> Status:
    """Whether every part of the installation works."""
    return Status(*health.answer())


def _of_this_workspace(request: HttpRequest, rows: Any) -> Any:
    return rows.select_related("workspace").visible_to(request.actor.user)


def _run(request: HttpRequest, run_id: int) -> Run:
    return found(_of_this_workspace(request, queries.runs()), run_id, _("There is no such run."))
