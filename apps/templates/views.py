"""Pages about AI."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def templates(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse("")


def spending(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse("")
