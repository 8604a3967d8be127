"""Pages about what AI costs, whom it asks, and what was generated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.common.clock import database_now
from apps.common.errors import AdapterError, DomainError
from apps.templates import forms, money, queries
from apps.templates.models import Generation, Kind, TextProvider
from apps.workspaces.models import Workspace

PAGE, DAYS = 25, 30
_HEIGHT = 120  # of the chart, pixels


@require_http_methods(["GET", "POST"])
def spending(request: HttpRequest, slug: str) -> HttpResponse:
    """The month's budget, a chart, and the calls."""
    if request.method == "GET":
        request.actor.require("view_content", request.workspace)
        return _spending_page(request)
    request.actor.require("manage_workspace", request.workspace)
    try:
        limits = {name: forms.dollars(request.POST, name) for name in ("soft_limit", "hard_limit")}
        money.set_budget(workspace=request.workspace, actor=request.actor, **limits)
    except DomainError as problem:
        return _spending_page(request, problem=problem)
    messages.success(request, _("The limits are saved."))
    return redirect("ai:spending", slug)


def _spending_page(request: HttpRequest, *, problem: DomainError | None = None) -> HttpResponse:
    shown = {name: request.GET.get(name, "") for name in ("kind", "outcome", "engine")}
    flagged = True if request.GET.get("flagged") else None
    rows = queries.filtered_generations(**shown, flagged=flagged)
    shown_month = month_of(request.workspace)
    month = shown_month["month"]
    context = {
        **shown_month,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "shown": shown,
        "flagged": flagged,
        "kinds": Kind.choices,
        "outcomes": Generation.Outcome.choices,
        "problem": problem,
        "typed": request.POST if problem else {"soft_limit": month.soft_limit, "hard_limit": month.hard_limit},
    }
    return render(request, "ai/spending.html", context, status=problem.status if problem else 200)


def month_of(workspace: Workspace) -> dict[str, Any]:
    """For "ai/month.html"."""
    month = money.month(workspace)
    columns = chart(money.days(workspace, last=DAYS), database_now().date())
    return {"month": month, "bar": _bar(month), "chart": columns}


def _bar(month: money.Month) -> dict[str, Any] | None:
    """Shares of the bar in percent; None where no limit gives it a length."""
    whole = month.hard_limit or month.soft_limit
    if not whole:
        return None
    spent = min(Decimal(100), month.spent / whole * 100)
    return {
        "spent": round(spent, 1),
        "reserved": round(min(100 - spent, month.reserved / whole * 100), 1),
        "soft": round(min(Decimal(100), month.soft_limit / whole * 100), 1) if month.soft_limit is not None else None,
    }


@dataclass(frozen=True)
class Column:
    """One day: pieces are (number of the kind's colour, y, height, words)."""

    day: date
    x: int
    pieces: list[tuple[int, float, float, str]]


def chart(days: list[money.Day], today: date) -> dict[str, Any]:
    """A stacked column a day; by cost, or by calls while nothing has a cost."""
    by_cost = any(each.cost for each in days)
    kinds = [kind for kind in Kind.values if any(each.kind == kind for each in days)]
    dates = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    totals = [sum(float(each.cost if by_cost else each.calls) for each in days if each.day == day) for day in dates]
    most = max(totals, default=0) or 1
    columns = []
    for number, day in enumerate(dates):
        pieces, top = [], float(_HEIGHT)
        for each in sorted((each for each in days if each.day == day), key=lambda each: kinds.index(each.kind)):
            value = float(each.cost if by_cost else each.calls)
            height = value / most * (_HEIGHT - 4)
            top -= height
            said = f"{each.cost:.4f} USD" if by_cost else _("%(count)s calls") % {"count": each.calls}
            pieces.append(
                (kinds.index(each.kind) % 8, round(top, 2), round(height, 2), f"{Kind(each.kind).label}: {said}")
            )
        columns.append(Column(day, number * 20, pieces))
    return {
        "columns": columns,
        "kinds": [(number % 8, Kind(kind).label) for number, kind in enumerate(kinds)],
        "by_cost": by_cost,
        "most": most if days else 0,
        "width": DAYS * 20,
        "height": _HEIGHT,
    }


@require_GET
def generation(request: HttpRequest, slug: str, generation_id: int) -> HttpResponse:
    """One call: what was answered, what it cost, what became of it."""
    request.actor.require("view_content", request.workspace)
    found = get_object_or_404(queries.generations().select_related("reused"), pk=generation_id)
    return render(request, "ai/generation.html", {"generation": found})


@require_http_methods(["GET", "POST"])
def provider(request: HttpRequest, slug: str) -> HttpResponse:
    """Whom the workspace asks; the key is written and never shown."""
    if request.method == "GET":
        request.actor.require("view_content", request.workspace)
        return _provider_page(request)
    request.actor.require("manage_workspace", request.workspace)
    post = request.POST
    try:
        fields = {
            **{name: post.get(name, "").strip() for name in ("engine", "base_url", "model")},
            **{name: forms.dollars(post, name) for name in ("input_price", "output_price")},
            "concurrency": forms.whole(post, "concurrency", 2),
            "calls_per_minute": forms.whole(post, "calls_per_minute", 0),
        }
        key = "" if "forget" in post else post.get("api_key", "").strip() or None
        money.set_provider(workspace=request.workspace, actor=request.actor, fields=fields, api_key=key)
    except DomainError as problem:
        return _provider_page(request, problem=problem)
    messages.success(request, _("The provider is saved. See whether it answers."))
    return redirect("ai:provider", slug)


def _provider_page(request: HttpRequest, *, problem: DomainError | None = None, **more: Any) -> HttpResponse:
    shown = money.shown_provider(request.workspace)
    typed = {name: value for name, value in request.POST.items() if name != "api_key"} if problem else shown
    context = {"shown": shown, "typed": typed, "engines": TextProvider.Engine.choices, "problem": problem, **more}
    return render(request, "ai/provider.html", context, status=problem.status if problem else 200)


@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """The button that sees whether the provider answers."""
    if request.method == "GET":
        return redirect("ai:provider", slug)
    try:
        found = money.check_provider(workspace=request.workspace, actor=request.actor)
    except AdapterError as error:
        return _provider_page(request, failure=error)
    return _provider_page(request, connection=found)


@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    if request.method == "GET":
        return redirect("ai:provider", slug)
    money.remove_provider(workspace=request.workspace, actor=request.actor)
    messages.success(request, _("The key is forgotten; the installation's provider is asked."))
    return redirect("ai:provider", slug)
