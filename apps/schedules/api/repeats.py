"""Recurring posts and evergreen pools."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from ninja.pagination import paginate

from apps.common.pagination import CursorPagination
from apps.common.schemas import Body, Id, Moment, WallTime, ZoneName
from apps.content.models import Item
from apps.platforms.models import Account
from apps.schedules import evergreen, queries, recurring
from apps.schedules.api.finding import account_and_item, now_of, one
from apps.schedules.api.slots import Weekday
from apps.schedules.models import EvergreenEntry, EvergreenPool, Recurrence

router = Router(tags=["schedule"])


class RecurrenceOut(Schema):
    id: int = Field(examples=[4])
    item: int = Field(alias="item_id", examples=[12])
    account: int = Field(alias="account_id", examples=[3])
    weekdays: list[int] = Field(examples=[[0, 3]])
    time: WallTime | None
    timezone: str = Field(examples=["Asia/Kolkata"])
    every_hours: int | None = Field(examples=[None])
    starts_at: datetime
    until: datetime | None
    count: int | None = Field(examples=[10])
    active: bool
    problem: str = Field(description="Why the last turn was left out.", examples=[""])
    next: list[datetime] = Field(description="The turns that come next.")

    @staticmethod
    def resolve_timezone(rule: Recurrence) -> str:
        return str(rule.timezone)

    @staticmethod
    def resolve_next(rule: Recurrence, context: dict[str, Any]) -> list[datetime]:
        return recurring.next_turns(rule, now=now_of(context["request"])) if rule.active else []


class RecurrenceIn(Body):
    """Either `weekdays` and `time`, or `every_hours`."""

    item: Id = Field(examples=[12])
    account: Id = Field(examples=[3])
    weekdays: list[Weekday] = Field([], max_length=7, examples=[[0, 3]], description="0 is Monday.")
    time: WallTime | None = Field(None, examples=["18:30"], description="It stays there when clocks change.")
    timezone: ZoneName | None = Field(None, examples=["Asia/Kolkata"], description="Empty: the account's.")
    every_hours: int | None = Field(None, ge=1, le=24 * 366, description="Counted from `starts_at`.")
    starts_at: Moment | None = Field(None, description="Empty means now.")
    until: Moment | None = None
    count: int | None = Field(None, ge=1, le=10000, description="At most so many times.")
    force: bool = Field(False, description="Also in the account's quiet hours.")


class RecurrencePatch(Body):
    active: bool = Field(examples=[False], description="Stopping takes its planned posts off the schedule.")


class PoolOut(Schema):
    id: int = Field(examples=[2])
    account: int = Field(alias="account_id", examples=[3])
    active: bool
    minimum_days: int = Field(examples=[30])
    ahead_hours: int = Field(examples=[12])
    problem: str = Field(examples=[""])


class PoolIn(Body):
    account: Id = Field(examples=[3])
    active: bool = True
    minimum_days: int = Field(30, ge=0, le=3650, description="Between two posts of the same item.")
    ahead_hours: int = Field(12, ge=1, le=336, description="Slots still free so shortly before their time are filled.")


class EntryOut(Schema):
    id: int = Field(examples=[8])
    item: int = Field(alias="item_id", examples=[12])
    title: str = Field(examples=["The lighthouse keeper"])
    last_at: datetime | None = Field(description="When it was last out, or is due, on the account.")

    @staticmethod
    def resolve_title(entry: EvergreenEntry) -> str:
        return entry.item.title

    @staticmethod
    def resolve_last_at(entry: EvergreenEntry) -> datetime | None:
        return getattr(entry, "last_at", None)


class EntryIn(Body):
    item: Id = Field(examples=[12])


@router.get("/schedule/recurrences", response=list[RecurrenceOut], summary="List recurring posts")
@paginate(CursorPagination)
def list_recurrences(request: HttpRequest) -> Any:
    request.actor.require("view_content", request.workspace)
    return queries.recurrences().visible_to(request.actor.user)


@router.post("/schedule/recurrences", response={201: RecurrenceOut}, summary="Let an item recur")
def add_recurrence(request: HttpRequest, body: RecurrenceIn) -> Status:
    """The turns of the coming week are booked as posts; only what is approved goes out."""
    request.actor.require("publish_content", request.workspace)
    account, item = account_and_item(request, body.account, body.item)
    fields = body.dict(exclude={"item", "account", "timezone", "time"})
    wall = body.time.replace(second=0, microsecond=0) if body.time else None
    zone = ZoneInfo(body.timezone) if body.timezone else None
    rule = recurring.add_recurrence(item=item, account=account, actor=request.actor, time=wall, timezone=zone, **fields)
    return Status(201, rule)


@router.get("/schedule/recurrences/{int:recurrence_id}", response=RecurrenceOut, summary="One recurring post")
def get_recurrence(request: HttpRequest, recurrence_id: int) -> Recurrence:
    request.actor.require("view_content", request.workspace)
    return one(request, Recurrence, recurrence_id)


@router.patch("/schedule/recurrences/{int:recurrence_id}", response=RecurrenceOut, summary="Stop or go on")
def change_recurrence(request: HttpRequest, recurrence_id: int, body: RecurrencePatch) -> Recurrence:
    rule = one(request, Recurrence, recurrence_id)
    return recurring.set_active(recurrence=rule, active=body.active, actor=request.actor)


@router.delete("/schedule/recurrences/{int:recurrence_id}", response={204: None}, summary="Remove a recurring post")
def remove_recurrence(request: HttpRequest, recurrence_id: int) -> Status:
    """Its planned posts are taken off the schedule; what is out stays."""
    recurring.remove_recurrence(recurrence=one(request, Recurrence, recurrence_id), actor=request.actor)
    return Status(204, None)


@router.get("/schedule/evergreen", response=list[PoolOut], summary="List evergreen pools")
@paginate(CursorPagination, ordering=("-id",))
def list_evergreen_pools(request: HttpRequest) -> Any:
    request.actor.require("view_content", request.workspace)
    return queries.pools().visible_to(request.actor.user)


@router.put("/schedule/evergreen", response=PoolOut, summary="Set an account's evergreen pool")
def set_evergreen_pool(request: HttpRequest, body: PoolIn) -> EvergreenPool:
    request.actor.require("publish_content", request.workspace)
    account = one(request, Account, body.account)
    return evergreen.set_pool(account=account, actor=request.actor, **body.dict(exclude={"account"}))


@router.get("/schedule/evergreen/{int:evergreen_pool_id}/items", response=list[EntryOut], summary="Items of a pool")
def list_evergreen_items(request: HttpRequest, evergreen_pool_id: int) -> Any:
    """The one that goes out next first."""
    request.actor.require("view_content", request.workspace)
    return evergreen.with_last_post(one(request, EvergreenPool, evergreen_pool_id))[:500]


@router.post("/schedule/evergreen/{int:evergreen_pool_id}/items", response={201: EntryOut}, summary="Add an item")
def add_evergreen_item(request: HttpRequest, evergreen_pool_id: int, body: EntryIn) -> Status:
    pool = one(request, EvergreenPool, evergreen_pool_id)
    request.actor.require("publish_content", request.workspace)
    return Status(201, evergreen.add_to_pool(pool=pool, item=one(request, Item, body.item), actor=request.actor))


@router.delete("/schedule/evergreen/items/{int:evergreen_entry_id}", response={204: None}, summary="Take an item out")
def remove_evergreen_item(request: HttpRequest, evergreen_entry_id: int) -> Status:
    """What is scheduled of it stays scheduled."""
    entry = one(request, EvergreenEntry, evergreen_entry_id, "pool")
    evergreen.remove_from_pool(entry=entry, actor=request.actor)
    return Status(204, None)
