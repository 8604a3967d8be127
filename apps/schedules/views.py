"""Addresses outside of workspaces: the calendar, for whoever holds its key."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.schedules import calendars


@require_safe
def calendar(request: HttpRequest, key: str) -> HttpResponse:
    feed = calendars.open_calendar(key)
    if feed is None:
        raise Http404("no such calendar")
    content = calendars.render(feed.workspace)
    tag = calendars.etag(content)
    if tag in [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="rundown.ics"'
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    # The address is the key; no page that it links to may learn it.
    response["Referrer-Policy"] = "no-referrer"
    return response
