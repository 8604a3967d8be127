"""Reading what forms send; each raises Invalid with a sentence for a person."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.common.clock import zone_names
from apps.common.errors import Invalid
from apps.common.numbers import required, whole
from apps.schedules.slots import instant


def number(request: HttpRequest, name: str) -> int:
    return required(request.POST, name)


def optional_number(request: HttpRequest, name: str) -> int | None:
    return number(request, name) if request.POST.get(name, "").strip() else None


def numbers(request: HttpRequest, name: str) -> list[int]:
    """The ticked boxes of that name."""
    return [found for value in request.POST.getlist(name) if (found := whole(value)) is not None]


def wall_time(request: HttpRequest, name: str) -> time:
    try:
        return time.fromisoformat(request.POST.get(name, "")).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError as error:
        raise Invalid(_("Say at what time."), **{name: [_("Write it as 18:30.")]}) from error


def zone(request: HttpRequest, name: str, otherwise: ZoneInfo) -> ZoneInfo:
    value = request.POST.get(name, "").strip()
    if value and value not in zone_names():
        said = _("“%(zone)s” is not the name of a time zone, such as Asia/Kolkata.") % {"zone": value}
        raise Invalid(said, **{name: [said]})
    return ZoneInfo(value) if value else otherwise


def moment(request: HttpRequest, name: str, zone: ZoneInfo) -> datetime:
    """A date and time on the wall of that zone, as an instant in UTC."""
    try:
        wall = datetime.fromisoformat(request.POST.get(name, ""))
        if wall.tzinfo is not None or not 2000 <= wall.year <= 9000:
            raise ValueError("not a wall time")
    except ValueError as error:
        raise Invalid(_("Say on what day and at what time."), **{name: [_("Choose a day and a time.")]}) from error
    at = instant(wall.date(), wall.time(), zone)
    if at is None:
        raise Invalid(_("That day does not exist in %(zone)s.") % {"zone": zone}, **{name: [str(wall.date())]})
    return at


def optional_moment(request: HttpRequest, name: str, zone: ZoneInfo) -> datetime | None:
    return moment(request, name, zone) if request.POST.get(name, "").strip() else None
