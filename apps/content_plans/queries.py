"""Reading content plans, what was found for them and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from apps.content.models import Item
from apps.content.search import matching
from apps.content_plans.machine import UNDER_WAY
from apps.content_plans.models import ContentPlan, ResearchPage, Round
from apps.engines.research import Source
from apps.lifecycle.models import Run
from apps.platforms.base import Platform
from apps.platforms.registry import adapter, platforms
from apps.templates.models import Generation, PromptVersion
from apps.templates.queries import versions_of
from apps.workspaces.audit import describe

_PAID = ("parsed", "refusal", "truncated", "invalid")

# By name: the column, and where it may be empty, what stands for that upwards and downwards, so that it comes last.
_SORTS = {
    "title": ("title", None, None),
    "score": ("seo_score", 101, -1),
    "due": ("due_on", date.max, date.min),
    "made": ("created_at", None, None),
}


def plans() -> QuerySet[ContentPlan]:
    """Plans of the current workspace, with what lists show of them."""
    return ContentPlan.objects.select_related("workspace", "owner", "item")


def plan_to_show(plan_id: int) -> ContentPlan | None:
    """With what its page needs."""
    rows = plans().select_related("item__current_revision__generation", "item__workspace", "round")
    return rows.filter(pk=plan_id).first()


def find_plans(
    *, state: str = "", search: str = "", owner: int | None = None, platform: str = "", sort: str = ""
) -> QuerySet[ContentPlan]:
    """state: of the machine, or "under-way" for all that the system works on. sort: a name of `_SORTS`, downwards with
    a minus sign before it; anything else: the latest first."""
    rows = plans()
    if state:
        rows = rows.filter(state__in=UNDER_WAY if state == "under-way" else [state])
    if search:
        rows = rows.filter(pk__in=matching("plan", search))
    if owner:
        rows = rows.filter(owner=owner)
    if platform:
        rows = rows.filter(platforms__icontains=f'"{platform}"')
    return _sorted(rows, sort if sort.removeprefix("-") in _SORTS else "-made")


def _sorted(rows: QuerySet[ContentPlan], sort: str) -> QuerySet[ContentPlan]:
    """By an annotation that is never empty, so that cursors can go on behind it."""
    down = "-" if sort.startswith("-") else ""
    column, upwards, downwards = _SORTS[sort.removeprefix("-")]
    last = downwards if down else upwards
    place = F(column) if last is None else Coalesce(column, Value(last))
    return rows.annotate(place=place).order_by(f"{down}place", f"{down}id")


@cache
def _adapters() -> dict[str, Platform]:
    return {name: adapter(name) for name in platforms()}


def text_platforms() -> dict[str, Platform]:
    """The platforms that take a text without a video, by slug."""
    return {name: each for name, each in _adapters().items() if not each.limits.video_required}


def counted_platforms() -> set[str]:
    """The platforms that tell what their posts have got."""
    return {name for name, each in _adapters().items() if each.metrics}


def sources_of(plan: ContentPlan) -> dict[int, Source]:
    """What was read for a plan, by the number that the page has in the brief."""
    return {page.position: page.source for page in pages_read(plan)}


def pages_read(plan: ContentPlan) -> list[ResearchPage]:
    rows = ResearchPage._base_manager.filter(plan=plan, outcome=ResearchPage.Outcome.READ)
    return list(rows.order_by("position"))


def rounds_of(plan: ContentPlan) -> QuerySet[Round]:
    return Round._base_manager.filter(plan=plan).order_by("edition", "number")


def items_of(plan: ContentPlan) -> list[Item]:
    """What was made from a plan, newest first, with its posts and what their platforms have counted."""
    rows = Item._base_manager.filter(Q(plan=plan) | Q(rounds__plan=plan)).distinct().order_by("-pk")
    return list(rows.prefetch_related("posts__account", "posts__variant", "posts__readings"))


def results_of(items: Iterable[Item]) -> list[Any]:
    """The posts of these items, the next or latest first."""
    return sorted((post for item in items for post in item.posts.all()), key=lambda post: post.due_at, reverse=True)


def asked_of(item: Item | None) -> Any:
    """The decision that sent the text back, with its comment; None when nobody did."""
    if item is None or item.state not in ("changes_requested", "rejected"):
        return None
    return item.current_revision.decisions.order_by("-pk").first()


def overrides_of(plan: ContentPlan) -> list[PromptVersion]:
    """The versions of AI templates that the plan uses instead of the active ones."""
    return list(versions_of(plan.workspace).filter(pk__in=plan.overrides.values())) if plan.overrides else []


def paid_for(plan: ContentPlan) -> QuerySet[Generation]:
    """The answers that a model gave for a plan, usable or not."""
    rows = Generation._base_manager.filter(workspace=plan.workspace_id, subject=describe(plan), reused=None)
    return rows.filter(outcome__in=_PAID, trial=False).exclude(engine="extractive")


def spent_on(answers: QuerySet[Generation]) -> dict[str, Any]:
    """{"calls", "unknown": those whose cost nobody knows, "cost": of the others, in US dollars}."""
    # In this order: a later name would be taken for the column.
    sums = {"calls": Count("pk"), "unknown": Count("pk", filter=Q(cost=None)), "cost": Sum("cost", default=Decimal(0))}
    return answers.order_by().aggregate(**sums)


def runs_of(plan: ContentPlan, *, most: int = 20) -> list[Run]:
    """The work on a plan, newest first."""
    runs = Run._base_manager.filter(workspace=plan.workspace_id, subject=describe(plan))
    return list(runs.prefetch_related("steps").order_by("-created_at")[:most])


def open_runs_of(plans: Iterable[ContentPlan]) -> dict[int, Run]:
    """The work under way, by plan, in two queries for all of them."""
    names = {describe(plan): plan.pk for plan in plans}
    runs = Run.objects.filter(subject__in=names, state__in=["queued", "running"]).prefetch_related("steps")
    return {names[run.subject]: run for run in runs}
