"""Slots: the recurring posting times of accounts, and what is free."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from ninja.pagination import paginate

from apps.common.errors import Conflict
from apps.common.pagination import CursorPagination
from apps.common.schemas import Body, Id, Moment, WallTime, ZoneName
from apps.platforms.models import Account
from apps.platforms.queries import accounts
from apps.schedules import queries, timetable
from apps.schedules.api.finding import now_of, one
from apps.schedules.api.posts import PostOut
from apps.schedules.booking import next_free_slots
from apps.schedules.models import Slot
from apps.schedules.slots import Occurrence

MOST_ACCOUNTS = 50
router = Router(tags=["schedule"])


Weekday = Annotated[int, Field(ge=0, le=6)]


class SlotFilter(Schema):
    account: Id | None = Field(None, description="Only slots of this account.")


class SlotOut(Schema):
    id: int = Field(examples=[5])
    account: int = Field(alias="account_id", examples=[3])
    weekday: int = Field(description="0 is Monday.", examples=[0])
    time: WallTime
    timezone: str = Field(examples=["Asia/Kolkata"])

    @staticmethod
    def resolve_timezone(slot: Slot) -> str:
        return str(slot.timezone)


class SlotIn(Body):
    account: Id = Field(examples=[3])
    weekdays: list[Weekday] = Field(min_length=1, max_length=7, examples=[[0, 2, 4]], description="0 is Monday.")
    time: WallTime = Field(examples=["18:30"], description="On the wall; it stays there when the clocks change.")
    timezone: ZoneName | None = Field(None, examples=["Asia/Kolkata"], description="Empty: the account's.")


class SlotPatch(Body):
    weekday: Weekday | None = Field(None, examples=[4])
    time: WallTime | None = Field(None, examples=["19:00"])
    timezone: ZoneName | None = Field(None, examples=["Asia/Kolkata"])


class FreeFilter(Schema):
    account: Id | None = Field(None, description="Empty: every account of the workspace.")
    after: Moment | None = Field(None, description="Later than this; empty means now.")
    count: int = Field(1, ge=1, le=50, description="So many of each account, as if each were taken in turn.")


class FreeOut(Schema):
    account: int = Field(examples=[3])
    at: datetime
    slot: int = Field(examples=[5])
    seconds_until: float = Field(examples=[5400.0])


class TakenFilter(Schema):
    account: Id | None = Field(None, description="Empty: any account of the workspace.")
    at: Moment | None = Field(None, description="Empty means now.")
    tolerance_minutes: int = Field(0, ge=0, le=24 * 60, description="Earlier or later by so much counts too.")


class TakenOut(Schema):
    taken: bool
    posts: list[PostOut]


@router.get("/schedule/slots", response=list[SlotOut], summary="List slots")
@paginate(CursorPagination, ordering=("id",))
def list_slots(request: HttpRequest, filters: Query[SlotFilter]) -> Any:
    request.actor.require("view_content", request.workspace)
    return Slot.objects.visible_to(request.actor.user).filter(**filters.dict(exclude_none=True))


@router.post("/schedule/slots", response={201: list[SlotOut]}, summary="Add slots")
def add_slots(request: HttpRequest, body: SlotIn) -> Status:
    """One for each weekday; those that are there already are not made again."""
    request.actor.require("manage_accounts", request.workspace)
    made = timetable.add_slots(
        account=one(request, Account, body.account),
        actor=request.actor,
        weekdays=body.weekdays,
        time=body.time.replace(second=0, microsecond=0),
        timezone=ZoneInfo(body.timezone) if body.timezone else None,
    )
    return Status(201, made)


@router.get("/schedule/slots/next-free", response=list[FreeOut], summary="The next free slots")
def list_free_slots(request: HttpRequest, filters: Query[FreeFilter]) -> Any:
    """Slots that keep the account's gap, daily limit and quiet hours, soonest first.

    Answers 409 when the account has none within a year.
    """
    request.actor.require("view_content", request.workspace)
    now = now_of(request)
    after = filters.after or now
    if filters.account:
        account = one(request, Account, filters.account)
        found = [(account, each) for each in next_free_slots(account, after=after, count=filters.count)]
    else:
        chosen = accounts().visible_to(request.actor.user).order_by("pk")[:MOST_ACCOUNTS]
        found = [(each, place) for each in chosen for place in _free(each, after, filters.count)]
    return [
        {
            "account": account.pk,
            "at": place.at,
            "slot": place.slot_id,
            "seconds_until": (place.at - now).total_seconds(),
        }
        for account, place in sorted(found, key=lambda pair: pair[1].at)
    ]


def _free(account: Account, after: datetime, count: int) -> list[Occurrence]:
    try:
        return next_free_slots(account, after=after, count=count)
    except Conflict:
        return []


@router.get("/schedule/slots/is-taken", response=TakenOut, summary="Is there a post at a time?")
def is_time_taken(request: HttpRequest, filters: Query[TakenFilter]) -> Any:
    """`+` in a time zone must be sent as %2B."""
    request.actor.require("view_content", request.workspace)
    account = one(request, Account, filters.account) if filters.account else None
    tolerance = timedelta(minutes=filters.tolerance_minutes)
    posts = list(queries.posts_at(account, filters.at or now_of(request), tolerance=tolerance)[:100])
    return {"taken": bool(posts), "posts": posts}


@router.get("/schedule/slots/{int:slot_id}", response=SlotOut, summary="One slot")
def get_slot(request: HttpRequest, slot_id: int) -> Slot:
    request.actor.require("view_content", request.workspace)
    return one(request, Slot, slot_id)


@router.patch("/schedule/slots/{int:slot_id}", response=SlotOut, summary="Move a slot")
def change_slot(request: HttpRequest, slot_id: int, body: SlotPatch) -> Slot:
    """Posts that stand in it keep their time."""
    request.actor.require("manage_accounts", request.workspace)
    fields = body.dict(exclude_none=True)
    if "timezone" in fields:
        fields["timezone"] = ZoneInfo(fields["timezone"])
    if "time" in fields:
        fields["time"] = fields["time"].replace(second=0, microsecond=0)
    return timetable.change_slot(slot=one(request, Slot, slot_id), actor=request.actor, **fields)


@router.delete("/schedule/slots/{int:slot_id}", response={204: None}, summary="Remove a slot")
def remove_slot(request: HttpRequest, slot_id: int) -> Status:
    """Posts that stand in it keep their time."""
    request.actor.require("manage_accounts", request.workspace)
    timetable.remove_slot(slot=one(request, Slot, slot_id), actor=request.actor)
    return Status(204, None)
