"""The public side of a feed, and the one door through which its account writes."""

from __future__ import annotations

import json
import secrets
from uuid import UUID

import pydantic
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_POST, require_safe
from django_scopes import scope

from apps.common.errors import DomainError, Invalid, NotFound
from apps.platforms.feed import links, media, queries, services, syndication, watching
from apps.platforms.feed.models import FeedEntry

PAGE = 12
SYNDICATED = 50
COOKIE = "rd_seen"
TYPES = {"mp4": ("video", "video/mp4"), "jpg": ("thumbnail", "image/jpeg"), "vtt": ("captions", "text/vtt")}


def _or_404(find, *args):
    try:
        return find(*args)
    except NotFound as error:
        raise Http404(str(error)) from error


@require_safe
def feed(request: HttpRequest, handle: str) -> HttpResponse:
    found = _or_404(queries.feed_at, handle)
    page = Paginator(queries.entries_of(found), PAGE).get_page(request.GET.get("page"))
    context = {"feed": found, "page": page, "totals": queries.totals(found), "feed_url": links.feed_url(found)}
    return render(request, "feed/feed.html", context)


@require_safe
def entry(request: HttpRequest, handle: str, slug: str) -> HttpResponse:
    found = _or_404(queries.entry_at, handle, slug)
    parts = queries.parts_of(found)
    context = {
        "feed": found.feed,
        "entry": found,
        "parts": parts,
        "next": next((part for part in parts if part.part == found.part + 1), None),
        "more": queries.entries_of(found.feed).exclude(pk__in=[part.pk for part in parts] or [found.pk])[:4],
        "ticket": watching.ticket(found),
        "needed": watching.needed_seconds(found),
        "url": links.entry_url(found),
        "video_url": links.media_url(found, "mp4") if found.video else "",
        "image_url": _image_of(found),
    }
    response = render(request, "feed/entry.html", context)
    # The page carries a ticket with its time: a shared cache would hand one out twice.
    response["Cache-Control"] = "private, no-store"
    if COOKIE not in request.COOKIES:
        value = secrets.token_urlsafe(12)
        response.set_cookie(COOKIE, value, max_age=86400, httponly=True, samesite="Lax", secure=request.is_secure())
    return response


def _image_of(entry: FeedEntry) -> str:
    """Where the image of a shared link is: the one that was chosen, else the video's still, else the first picture."""
    pictures, chosen = links.picture_urls(entry), entry.card.get("picture")
    if chosen is not None and chosen < len(pictures):
        return pictures[chosen]
    return links.media_url(entry, "jpg") if entry.thumbnail else next(iter(pictures), "")


@csrf_exempt  # a visitor has no session to protect; the signed ticket says which page the call comes from
@require_POST
def seen(request: HttpRequest, handle: str, slug: str) -> JsonResponse:
    """The player's report that somebody watched."""
    found = _or_404(queries.entry_at, handle, slug)
    counted = watching.count_view(
        found,
        token=request.POST.get("ticket", ""),
        # Behind a proxy, daphne --proxy-headers has put the visitor's address here.
        ip=request.META.get("REMOTE_ADDR", ""),
        user_agent=request.headers.get("User-Agent", ""),
        cookie=request.COOKIES.get(COOKIE, ""),
    )
    found.refresh_from_db(fields=["views"], from_queryset=FeedEntry._base_manager.all())
    return JsonResponse({"counted": counted, "views": found.views})


def _newest(_request: HttpRequest, handle: str):
    found = _or_404(queries.feed_at, handle)
    return queries.entries_of(found).values_list("published_at", flat=True).first() or found.created_at


@require_safe
@condition(last_modified_func=_newest)
def rss(_request: HttpRequest, handle: str) -> HttpResponse:
    found = _or_404(queries.feed_at, handle)
    content = syndication.rss(found, list(queries.entries_of(found)[:SYNDICATED]))
    return HttpResponse(content, content_type="application/rss+xml; charset=utf-8")


@require_safe
@condition(last_modified_func=_newest)
def json_feed(_request: HttpRequest, handle: str) -> HttpResponse:
    found = _or_404(queries.feed_at, handle)
    content = syndication.json_feed(found, list(queries.entries_of(found)[:SYNDICATED]))
    return HttpResponse(json.dumps(content, ensure_ascii=False), content_type="application/feed+json; charset=utf-8")


@require_safe
def media_file(request: HttpRequest, handle: str, key: UUID, suffix: str) -> HttpResponseBase:
    if suffix not in TYPES:
        raise Http404
    found = _or_404(queries.entry_with_key, handle, key)
    kind, content_type = TYPES[suffix]
    name = getattr(found, kind)
    if not name or not default_storage.exists(name):
        raise Http404
    size = default_storage.size(name)
    mark = found.video_sha256[:32] if kind == "video" else f"{key.hex}-{size}"
    stored = media.Stored(name, size, content_type, f'"{mark}"', found.published_at)
    return media.serve(request, stored)


@require_safe
def picture(request: HttpRequest, handle: str, key: UUID, number: int) -> HttpResponseBase:
    found = _or_404(queries.entry_with_key, handle, key)
    if not 1 <= number <= len(found.pictures):
        raise Http404
    about = found.pictures[number - 1]
    if not default_storage.exists(about["name"]):
        raise Http404
    mark = f'"{about["sha256"][:32]}"'
    return media.serve(request, media.Stored(about["name"], about["size"], about["type"], mark, found.published_at))


@csrf_exempt  # authenticated by a bearer key, not by a session
def ingest(request: HttpRequest, handle: str, key: UUID) -> JsonResponse:
    """PUT an entry: 201 when it is new, 200 when this key has been here before. GET what it has got."""
    if request.method not in {"GET", "PUT"}:
        return JsonResponse({"detail": _("Use PUT.")}, status=405, headers={"Allow": "GET, PUT"})
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    try:
        found = services.authenticate(handle, secret if scheme.lower() == "bearer" else "")
        with scope(workspace=found.workspace):
            if request.method == "GET":
                return JsonResponse(services.counts_of(found, key))
            made, is_new = services.ingest(found, key, _payload(request))
    except DomainError as error:
        body = {"detail": error.message, "code": error.code, "errors": error.details}
        return JsonResponse(body, status=error.status)
    return JsonResponse(services.describe(made), status=201 if is_new else 200)


def _payload(request: HttpRequest) -> services.EntryPayload:
    try:
        return services.EntryPayload.model_validate_json(request.body)
    except pydantic.ValidationError as error:
        problems = {".".join(map(str, each["loc"])): [each["msg"]] for each in error.errors()}
        raise Invalid(_("The entry is not complete."), **problems) from error
