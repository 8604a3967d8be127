"""Content plans, and what is made on the way."""

from __future__ import annotations

from itertools import count
from typing import Any

from apps.content_plans.models import ContentPlan, PlanSettings, ResearchPage, Round
from apps.content_plans.services import PlanDraft, create_plan
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import Workspace

_numbers = count(1)
ARTICLE = """## Rain barrels for a small garden

A rain barrel saves water. Put the rain barrel below a downpipe, and clean it twice a year.

## What it costs

The barrel costs little. However, the stand must carry its weight."""


def make_plan(workspace: Workspace, *, state: str = "draft", **fields: Any) -> ContentPlan:
    """A plan about rain barrels that nobody has processed, in any state."""
    values = {"title": f"Rain barrels {next(_numbers)}", "keyphrase": "rain barrel", **fields}
    brief = {name: values.pop(name) for name in list(values) if name in PlanDraft.__dataclass_fields__}
    plan = create_plan(workspace=workspace, actor=SYSTEM, draft=PlanDraft(**brief))
    if state != "draft" or values:
        ContentPlan._base_manager.filter(pk=plan.pk).update(state=state, **values)
        plan.refresh_from_db(from_queryset=ContentPlan._base_manager.all())
    return plan


def make_round(plan: ContentPlan, number: int = 1, **fields: Any) -> Round:
    """A judged version of a plan's text, as if it had cost nothing."""
    values = {
        "markdown": ARTICLE,
        "metadata": {
            "title": "Rain barrels", "seo_title": "Rain barrel: what to know",
            "description": "A rain barrel saves water.", "excerpt": "", "slug": "rain-barrel", "hashtags": ["garden"],
        },
        "seo_score": 55,
        "readability": 60,
        "scores": {"density": 4},
        "integrity": {"claims": 0, "sourced": 0, "unsourced": [], "new_links": [], "twins": []},
        "cost": 0,
        **fields,
    }  # fmt: skip
    return Round._base_manager.create(
        workspace=plan.workspace, plan=plan, edition=values.pop("edition", plan.edition), number=number, **values
    )


def make_page(plan: ContentPlan, position: int = 1, **fields: Any) -> ResearchPage:
    values = {
        "url": f"https://example.org/{position}",
        "outcome": "read",
        "title": "Barrels compared",
        "text": "A rain barrel holds water. A rain barrel needs a lid.",
        "headings": [[1, "Barrels compared"], [2, "Why a lid"]],
        "questions": ["Why a lid?"],
        "keywords": [["rain barrel", 2]],
        "words": 11,
        **fields,
    }
    return ResearchPage._base_manager.create(workspace=plan.workspace, plan=plan, position=position, **values)


def _round(workspace: Workspace) -> Round:
    """Of the plan that the workspace has already, since addresses name both."""
    title = f"{workspace.name} plan"
    plan = ContentPlan.objects.filter(title=title).first() or make_plan(workspace, title=title)
    return make_round(plan, plan.rounds.count() + 1)


TENANT = {
    "content_plans.ContentPlan": lambda workspace: make_plan(workspace, title=f"{workspace.name} plan"),
    "content_plans.PlanSettings": lambda workspace: PlanSettings.objects.get_or_create(workspace=workspace)[0],
    "content_plans.ResearchPage": lambda workspace: make_page(
        make_plan(workspace), title=f"{workspace.name} page", url=f"https://{workspace.slug}.example/"
    ),
    "content_plans.Round": lambda workspace: _round(workspace),
}
