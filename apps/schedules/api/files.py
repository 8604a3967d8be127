"""The schedule as files: CSV in and out, and calendar addresses."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status
from ninja.pagination import paginate

from apps.common.pagination import CursorPagination
from apps.common.schemas import Body
from apps.schedules import calendars, queries, spreadsheet
from apps.schedules.api.finding import one
from apps.schedules.api.posts import PostFilter, wanted_of
from apps.schedules.models import CalendarFeed

router = Router(tags=["schedule"])


class ImportIn(Body):
    csv: str = Field(
        min_length=1,
        max_length=spreadsheet.MAX_BYTES,
        description=f"Columns: {', '.join(spreadsheet.COLUMNS)}.",
        examples=["item,account,at,timezone\n12,night-stories,2030-12-01 18:30,Asia/Kolkata\n"],
    )
    dry_run: bool = Field(True, description="Only look at it.")
    force: bool = Field(False, description="Also rows that something speaks against.")


class PostRowOut(Schema):
    line: int = Field(alias="number", examples=[2])
    title: str = Field(examples=["The lighthouse keeper"])
    account: int | None = Field(examples=[3])
    at: datetime | None
    does: str = Field(examples=["Schedules it"])
    errors: list[str]
    warnings: list[str] = Field(description="What `force` overrules.")

    @staticmethod
    def resolve_account(row: spreadsheet.Row) -> int | None:
        return row.account.pk if row.account else None


class ImportOut(Schema):
    imported: bool = Field(description="False in a dry run, and while a row has an error: all rows or none.")
    rows: list[PostRowOut]


class CalendarOut(Schema):
    id: int = Field(examples=[2])
    name: str = Field(examples=["Asha's phone"])
    made_by: str = Field(examples=["Asha"])
    created_at: datetime
    last_read_at: datetime | None


class CalendarIn(Body):
    name: str = Field(min_length=1, max_length=80, examples=["Asha's phone"])


class NewCalendarOut(CalendarOut):
    address: str = Field(description="Shown this once.", examples=["https://desk.example.org/calendar/….ics"])


@router.post("/schedule/import", response=ImportOut, summary="Import a CSV file")
def import_schedule(request: HttpRequest, body: ImportIn) -> Any:
    """A row with `item` schedules it; a row with `text` becomes an item that goes to review and keeps its time."""
    return spreadsheet.import_schedule(
        workspace=request.workspace, actor=request.actor, content=body.csv, dry_run=body.dry_run, force=body.force
    )


@router.get(
    "/schedule/export",
    summary="Export as CSV",
    openapi_extra={"responses": {200: {"description": "OK", "content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
def export_schedule(request: HttpRequest, filters: Query[PostFilter]) -> HttpResponse:
    """At most 10,000 posts, soonest first; no cell begins like a formula."""
    request.actor.require("view_content", request.workspace)
    posts = queries.posts().visible_to(request.actor.user).filter(**wanted_of(filters)).order_by("due_at", "pk")
    response = HttpResponse(
        spreadsheet.export_schedule(posts[: spreadsheet.MAX_ROWS]), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="schedule.csv"'
    return response


@router.get("/schedule/calendars", response=list[CalendarOut], summary="List calendar addresses")
@paginate(CursorPagination)
def list_calendars(request: HttpRequest) -> Any:
    """Those that still work, without the addresses themselves."""
    request.actor.require("view_content", request.workspace)
    return queries.calendars().visible_to(request.actor.user)


@router.post("/schedule/calendars", response={201: NewCalendarOut}, summary="Make a calendar address")
def make_calendar(request: HttpRequest, body: CalendarIn) -> Status:
    """A secret address at which calendar programs read the schedule; it is kept only as a hash."""
    feed, address = calendars.make_calendar(workspace=request.workspace, actor=request.actor, name=body.name)
    feed.address = address
    return Status(201, feed)


@router.delete("/schedule/calendars/{int:calendar_feed_id}", response={204: None}, summary="Revoke a calendar address")
def revoke_calendar(request: HttpRequest, calendar_feed_id: int) -> Status:
    calendars.revoke_calendar(feed=one(request, CalendarFeed, calendar_feed_id), actor=request.actor)
    return Status(204, None)
