"""What the page of a plan shows, gathered in a number of queries that does not depend on how much there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.common.text.lengths import measure
from apps.content.models import Variant
from apps.content_plans import queries
from apps.content_plans.integrity import findings
from apps.content_plans.judging import shown_of
from apps.content_plans.models import ContentPlan, ResearchPage, Round
from apps.lifecycle.services import open_actions
from apps.platforms.base import Draft, Platform

CHART_WIDTH, CHART_HEIGHT, CHART_EDGE = 640, 150, 26
APPROVED = ("approved", "rendering", "ready")
PUBLISHED = ("published", "analyzed")


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
    note: str

    @property
    def over(self) -> bool:
        return 0 < self.limit < self.length


def context_of(request: HttpRequest, plan: ContentPlan) -> dict[str, Any]:
    """Only the round that is shown comes with its text; of the others, the score and what changed."""
    known = queries.text_platforms()
    heavy = ("markdown", "metadata", "claims", "gap", "integrity", "scores")
    rounds = list(queries.rounds_of(plan).defer(*heavy))
    chosen = _chosen(rounds, request.GET.get("round", ""), plan)
    pages = list(ResearchPage.objects.filter(plan=plan).defer("text").order_by("position"))
    runs, items = queries.runs_of(plan), queries.items_of(plan)
    results = queries.results_of(items)
    revision = plan.item.current_revision if plan.item else None
    return {
        "plan": plan,
        "item": plan.item,
        "items": items,
        "revision": revision,
        "asked": queries.asked_of(plan.item),
        "approved": bool(plan.item) and plan.item.state in (*APPROVED, "scheduled"),
        "actions": open_actions(plan, request.actor),
        "accounts": list(plan.accounts.all()),
        "platform_names": [str(known[name].label) for name in plan.platforms if name in known],
        "own_templates": queries.overrides_of(plan),
        "rounds": rounds,
        "chosen": chosen,
        "shown": shown_of(plan, chosen) if chosen else None,
        "findings": findings(chosen.integrity) if chosen else [],
        "approvable": bool(chosen and revision and chosen.pk == plan.round_id and revision.body == chosen.markdown),
        "points": chart_of(rounds),
        "pages": pages,
        "read": [page for page in pages if page.outcome == ResearchPage.Outcome.READ],
        "gap": chosen.gap if chosen else [],
        "previews": _previews(plan, revision),
        "runs": runs,
        "open_runs": [run for run in runs if run.state in {"queued", "running"}],
        "results": results,
        "troubled": [post for post in results if post.item_id == plan.item_id and post.needs_person],
        "spent": queries.spent_on(queries.paid_for(plan)),
        "steps": _steps(plan),
        "chart": {"width": CHART_WIDTH, "height": CHART_HEIGHT},
    }


def _chosen(rounds: list[Round], wanted: str, plan: ContentPlan) -> Round | None:
    """The round asked for, else the one that was taken, else the latest; with its text."""
    if not rounds:
        return None
    by_key = {str(each.pk): each for each in rounds}
    found = by_key.get(wanted) or by_key.get(str(plan.round_id)) or rounds[-1]
    return queries.rounds_of(plan).get(pk=found.pk)


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
    shown = [each for each in revision.variants.order_by("platform", "part") if each.platform in known]
    return [_preview(plan, each, known[each.platform]) for each in shown]


def _preview(plan: ContentPlan, variant: Variant, adapter: Platform) -> Preview:
    draft = Draft(title=variant.title, text=variant.text, hashtags=tuple(variant.hashtags), language=plan.language)
    text, limits = adapter.compose(draft), adapter.limits
    note = plan.variant_notes.get(variant.platform, "")
    return Preview(variant, str(adapter.label), text, measure(text, limits.unit), limits.text, note)


def _steps(plan: ContentPlan) -> list[dict[str, str]]:
    """The way from the brief to what readers see, with where it is; a failed plan shows where it got to."""
    at, state = _stage(plan)
    labels = [_("Research"), _("Draft"), _("Refinement"), _("Review"), _("Schedule"), _("Published")]
    return [
        {"label": label, "state": "done" if number < at else state if number == at else "next"}
        for number, label in enumerate(labels)
    ]


def _stage(plan: ContentPlan) -> tuple[int, str]:
    """The number of the step, from 0, and how it stands."""
    if plan.state == "draft":
        return -1, "next"
    if plan.state == "failed":
        return (1 if plan.brief or plan.outline else 0), "failed"
    if plan.state != "ready":
        return {"queued": 0, "researching": 0, "generating": 1, "refining": 2}[plan.state], "now"
    item = plan.item.state if plan.item else "draft"
    if item in PUBLISHED:
        return 6, "done"
    return (5, "now") if item == "scheduled" else (4, "now") if item in APPROVED else (3, "now")
