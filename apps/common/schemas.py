"""Types that several parts of the API take and give."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated

from ninja import Field, Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, WithJsonSchema

from apps.common.clock import zone_names

Id = Annotated[int, Field(ge=1, lt=2**63)]


def _without_offset(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a wall time has no offset; name the time zone apart")
    return value


# JSON Schema's own format “time” demands an offset from UTC, which a time on the wall does not have.
WallTime = Annotated[
    time,
    AfterValidator(_without_offset),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"}),
]


def _of_our_times(value: datetime) -> datetime:
    if not 2000 <= value.year < 2200:
        raise ValueError("its year is none from 2000 to 2199")
    return value


def _known(zone: str) -> str:
    if zone not in zone_names():
        raise ValueError("not the name of a time zone, such as Asia/Kolkata")
    return zone


ZoneName = Annotated[str, AfterValidator(_known)]


# An instant that can be counted from: days more or less do not lead out of the calendar.
Moment = Annotated[AwareDatetime, AfterValidator(_of_our_times)]


class Body(Schema):
    """What a request brings. A field that there is not is refused by name, not left out in silence."""

    model_config = ConfigDict(extra="forbid")


class RunRef(Schema):
    run: int = Field(description="GET /pipeline/runs/{run} shows how it goes.", examples=[31])
