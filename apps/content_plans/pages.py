"""What the page of a plan shows, gathered in a number of queries that does not depend on how much there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from apps.common.text.lengths import measure
from apps.content.models import Variant
from apps.content_plans import queries
from apps.content_plans.judging import shown_of
from apps.content_plans.machine import PLAN_MACHINE
from apps.content_plans.models import ContentPlan, ResearchPage, Round
from apps.lifecycle.services import open_actions
from apps.platforms.base import Draft

CHART_WIDTH, CHART_HEIGHT, CHART_EDGE = 640, 150, 26
STEPS = ("queued", "researching", "generating", "refining", "ready")


@dataclass(frozen=True)
class Point:
    """A round in the chart."""

    x: float
    y: float
    round: Round


@dataclass(frozen=True)
class Preview:
    """A variant as it is posted. length, limit: in the platform's own count; limit 0: none."""

    variant: Variant
    name: str
    text: str
    length: int
    limit: int
    unit: str
    note: str
    over: bool


def context_of(request: HttpRequest, plan: ContentPlan) -> dict[str, Any]:
    known = queries.text_platforms()
    rounds = list(queries.rounds_of(plan).select_related("generation"))
    chosen = _chosen(rounds, request.GET.get("round", ""), plan)
    pages = list(ResearchPage.objects.filter(plan=plan).defer("text").order_by("position"))
    runs = queries.runs_of(plan)
    revision = plan.item.current_revision if plan.item else None
    read = [page for page in pages if page.outcome == ResearchPage.Outcome.READ]
    return {
        "plan": plan,
        "item": plan.item,
        "revision": revision,
        "actions": open_actions(plan, request.actor),
        "accounts": list(plan.accounts.all()),
        "platform_names": [str(known[name].label) for name in plan.platforms if name in known],
        "rounds": rounds,
        "chosen": chosen,
        "shown": shown_of(plan, chosen) if chosen else None,
        "points": chart_of(rounds),
        "pages": pages,
        "read": read,
        "ours": chosen.words if chosen else 0,
        "gap": chosen.gap if chosen else [],
        "previews": _previews(plan, revision),
        "runs": runs,
        "open_runs": [run for run in runs if run.state in {"queued", "running"}],
        "posts": list(plan.item.posts.select_related("account", "variant").order_by("due_at")) if plan.item else [],
        "steps": _steps(plan),
        "chart": {"width": CHART_WIDTH, "height": CHART_HEIGHT},
    }


def _chosen(rounds: list[Round], wanted: str, plan: ContentPlan) -> Round | None:
    """The round asked for, else the one that was taken, else the latest."""
    by_key = {str(each.pk): each for each in rounds}
    found = by_key.get(wanted) or by_key.get(str(plan.round_id))
    return found or (rounds[-1] if rounds else None)


def chart_of(rounds: list[Round]) -> list[Point]:
    room = CHART_WIDTH - 2 * CHART_EDGE
    high = CHART_HEIGHT - 2 * CHART_EDGE
    gaps = max(len(rounds) - 1, 1)
    return [
        Point(round(CHART_EDGE + room * at / gaps, 1), round(CHART_EDGE + high * (100 - each.seo_score) / 100, 1), each)
        for at, each in enumerate(rounds)
    ]


def _previews(plan: ContentPlan, revision: Any) -> list[Preview]:
    if revision is None:
        return []
    known = queries.text_platforms()
    made = []
    for variant in revision.variants.order_by("platform", "part"):
        adapter = known.get(variant.platform)
        if adapter is None:
            continue
        draft = Draft(title=variant.title, text=variant.text, hashtags=tuple(variant.hashtags), language=plan.language)
        text, limit = adapter.compose(draft), adapter.limits.text
        length = measure(text, adapter.limits.unit)
        note = plan.variant_notes.get(variant.platform, "")
        made.append(
            Preview(
                variant,
                str(adapter.label),
                text,
                length,
                limit,
                adapter.limits.unit,
                note,
                bool(limit) and length > limit,
            )
        )
    return made


def _steps(plan: ContentPlan) -> list[dict[str, str]]:
    """The way of a plan, with where it is; a failed one shows where it got to."""
    machine_labels = {state.name: state.label for state in PLAN_MACHINE.states}
    reached = STEPS.index(plan.state) if plan.state in STEPS else -1
    steps = []
    for at, name in enumerate(STEPS):
        state = "done" if at < reached or plan.state == "ready" else "now" if at == reached else "next"
        steps.append({"label": str(machine_labels[name]), "state": state})
    return steps
