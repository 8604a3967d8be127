"""The page that finds stories, plans and items by their words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.common.text.searching import LONGEST_QUERY
from apps.content.search import SOURCES, search


@require_GET
def search_page(request: HttpRequest, slug: str) -> HttpResponse:
    """While somebody types, only the results are asked for (htmx)."""
    request.actor.require("view_content", request.workspace)
    text, kind = request.GET.get("q", "").strip()[:LONGEST_QUERY], request.GET.get("kind", "")
    kinds = [kind] if kind in SOURCES else []
    context = {
        "q": text,
        "kind": kind,
        "groups": search(text, workspace=request.workspace, kinds=kinds, most=50 if kinds else 8) if text else [],
    }
    partial = request.htmx and request.htmx.target == "results"
    return render(request, "desk/search_results.html" if partial else "desk/search.html", context)
