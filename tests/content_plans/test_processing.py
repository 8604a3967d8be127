"""A plan from its brief to an item in review."""

from __future__ import annotations

from apps.content_plans.services import process
from apps.workspaces.actors import SYSTEM
from tests.content_plans.conftest import fresh
from tests.factories.plans import make_plan


def test_a_plan_without_a_model_becomes_an_honest_skeleton_in_review(in_workspace, site, carry):
    urls = (site("/one"), site("/missing"), site("/two"))
    plan = make_plan(in_workspace, title="Rain barrels", competitor_urls=urls, platforms=("bluesky", "wordpress"))
    process(plan=plan, actor=SYSTEM)
    run = carry("plan", plan)
    plan = fresh(plan)
    assert (run.state, run.error, plan.state) == ("succeeded", None, "ready")
    assert [(page.outcome, bool(page.error)) for page in plan.pages.order_by("position")] == [
        ("read", False), ("failed", True), ("read", False),
    ]  # fmt: skip
    item = plan.item
    assert (item.state, item.kind, item.format) == ("in_review", "plan", "text")
    assert item.current_revision.body == plan.round.markdown
    assert item.current_revision.generation.engine == "extractive"
    variants = {each.platform: each for each in item.current_revision.variants.all()}
    assert variants["wordpress"].text == plan.round.markdown
    assert 0 < len(variants["bluesky"].text) <= 300
    assert all(claim["source"] in (1, 2) for claim in plan.round.claims)
    assert (plan.round.calls, plan.round.cost, plan.round.engine) == (0, 0, "extractive")
