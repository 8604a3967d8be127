"""Serving a stored file with byte ranges, a chunk at a time, under ASGI and WSGI alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

import regex
from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified, StreamingHttpResponse
from django.utils.http import http_date, parse_http_date_safe

CHUNK = 256 * 1024
_RANGE = regex.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class Stored:
    """A file in the default storage. etag: quoted; size: bytes."""

    name: str
    size: int
    content_type: str
    etag: str
    changed: datetime


class Unsatisfiable(Exception):
    """The range asked for lies outside the file."""


def serve(request: HttpRequest, file: Stored) -> HttpResponseBase:
    """200, 206, 304 or 416. A range of several stretches is answered with the whole, as the protocol allows."""
    if _is_known(request, file):
        return _described(HttpResponseNotModified(), file)
    try:
        stretch = _stretch(request, file)
    except Unsatisfiable:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{file.size}"
        return _described(response, file)
    first, last = stretch or (0, file.size - 1)
    length = last - first + 1
    if request.method == "HEAD":
        response: HttpResponseBase = HttpResponse(content_type=file.content_type)
    else:
        read = _read_async if isinstance(request, ASGIRequest) else _read
        response = StreamingHttpResponse(read(file.name, first, length), content_type=file.content_type)
    if stretch:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{last}/{file.size}"
    response["Content-Length"] = str(length)
    return _described(response, file)


def _described(response: HttpResponseBase, file: Stored) -> HttpResponseBase:
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = file.etag
    response["Last-Modified"] = http_date(file.changed.timestamp())
    response["Cache-Control"] = "public, max-age=86400"
    return response


def _is_known(request: HttpRequest, file: Stored) -> bool:
    if "If-None-Match" in request.headers:
        tags = [tag.strip().removeprefix("W/") for tag in request.headers["If-None-Match"].split(",")]
        return "*" in tags or file.etag in tags
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and int(file.changed.timestamp()) <= since


def _stretch(request: HttpRequest, file: Stored) -> tuple[int, int] | None:
    """First and last byte asked for; None for the whole file. Raises Unsatisfiable."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or match.groups() == ("", "") or not _may_resume(request, file):
        return None
    start, end = match.groups()
    if not start:
        if int(end) == 0:
            raise Unsatisfiable
        return max(file.size - int(end), 0), file.size - 1
    first, last = int(start), min(int(end), file.size - 1) if end else file.size - 1
    if end and int(end) < first:
        return None
    if first >= file.size:
        raise Unsatisfiable
    return first, last


def _may_resume(request: HttpRequest, file: Stored) -> bool:
    """If-Range: a piece fits what the client has only when it is of the same file."""
    condition = request.headers.get("If-Range", "").strip()
    if not condition or condition == file.etag:
        return True
    return parse_http_date_safe(condition) == int(file.changed.timestamp())


def _read(name: str, first: int, length: int) -> Iterator[bytes]:
    with default_storage.open(name) as handle:
        handle.seek(first)
        while length > 0 and (piece := handle.read(min(CHUNK, length))):
            length -= len(piece)
            yield piece


async def _read_async(name: str, first: int, length: int) -> AsyncIterator[bytes]:
    """Reads in threads of their own: a slow disk or storage must not hold up the event loop, nor other requests."""
    handle: BinaryIO = await _in_thread(default_storage.open, name)
    try:
        await _in_thread(handle.seek, first)
        while length > 0 and (piece := await _in_thread(handle.read, min(CHUNK, length))):
            length -= len(piece)
            yield piece
    finally:
        await _in_thread(handle.close)


async def _in_thread(function, *args):
    return await sync_to_async(function, thread_sensitive=False)(*args)
