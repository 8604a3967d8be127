"""How much longer full pages of plans take than empty ones of the same template.

    python -m bench.plan_pages [ROUNDS] [--sqlite]

A plan with 20 rounds of 120 changes, 10 variants, 10 pages read and 20 runs against one without any; a table of 5,000
plans against a table of one. The two pages of a pair in turns, by Django's client as an editor. Measured: milliseconds
from request to answer, and queries. Without DATABASE_URL it starts a PostgreSQL of its own, or with --sqlite uses a
file.
Goals: p95 of the full page under 3 times that of the empty one.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable

from bench.support import publishing

GOAL = 3.0
PLANS, ROUNDS, CHANGES, VARIANTS, PAGES, RUNS = 5000, 20, 60, 10, 10, 20
PARAGRAPH = "A rain barrel saves water. However, it needs a lid, because leaves fall into it in autumn. "
SECTION = f"## Why a rain barrel\n\n{PARAGRAPH * 6}\n\n"


def full_plan(workspace):
    """As much as a plan has after many processings."""
    from apps.content.models import Variant
    from apps.lifecycle.models import Run
    from apps.workspaces.audit import describe
    from tests.factories.content import make_item, make_text
    from tests.factories.plans import make_page, make_plan, make_round

    item = make_item(workspace, text=make_text(parts=5))
    plan = make_plan(workspace, state="ready", item=item, title="Full")
    for number in range(1, ROUNDS + 1):
        diff = [["same", PARAGRAPH], ["removed", "water"], ["added", "money"]] * CHANGES
        last = make_round(plan, number, markdown=SECTION * 10, diff=diff, seo_score=30 + number)
    for number in range(1, PAGES + 1):
        make_page(plan, number, text=PARAGRAPH * 100)
    for number in range(VARIANTS):
        Variant._base_manager.create(
            workspace=workspace, revision=item.current_revision, platform=("feed", "wordpress")[number % 2],
            part=number // 2 + 1, title="Barrels", text=PARAGRAPH * 2,
        )  # fmt: skip
    for _number in range(RUNS):
        Run._base_manager.create(workspace=workspace, kind="plan", subject=describe(plan), state="succeeded")
    type(plan)._base_manager.filter(pk=plan.pk).update(round=last)
    return plan


def many_plans(workspace) -> None:
    from apps.content_plans.models import ContentPlan

    rows = [ContentPlan(workspace=workspace, state="draft", title=f"Plan {n}", seo_score=n % 100) for n in range(PLANS)]
    ContentPlan._base_manager.bulk_create(rows, batch_size=500)


def editor_of(workspace) -> Callable[[str], object]:
    """get(address) as somebody who writes there."""
    from django.test import Client

    from tests.factories.workspaces import add_person

    client = Client(HTTP_HOST="localhost")
    client.force_login(add_person(workspace, "editor"))
    return client.get


def pairs() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """By name: what asks for the empty page, and what asks for the full one."""
    from django.urls import reverse
    from django_scopes import scope

    from tests.factories.plans import make_plan
    from tests.factories.workspaces import WorkspaceFactory

    bare, busy = WorkspaceFactory(), WorkspaceFactory()
    with scope(workspace=bare):
        empty, ask_bare = make_plan(bare, title="Empty"), editor_of(bare)
    with scope(workspace=busy):
        many_plans(busy)
        full, ask_busy = full_plan(busy), editor_of(busy)
    tables = [reverse("plans:plans", args=[each.slug]) for each in (bare, busy)]
    pages = [reverse("plans:plan", args=[plan.workspace.slug, plan.pk]) for plan in (empty, full)]
    return {
        name: (lambda at=addresses[0]: ask_bare(at), lambda at=addresses[1]: ask_busy(at))
        for name, addresses in {"plan": pages, "table": tables}.items()
    }


def timed(ask: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    answer = ask()
    passed = (time.perf_counter() - start) * 1000
    assert answer.status_code == 200, answer.status_code
    return passed


def queries(ask: Callable[[], object]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


def run(rounds: int) -> dict[str, dict[str, float]]:
    found = {}
    for name, (empty, full) in pairs().items():
        for ask in (empty, full):
            ask()  # templates are compiled and caches filled
        times = [(timed(empty), timed(full)) for _round in range(rounds)]
        one, other = ([turn[at] for turn in times] for at in (0, 1))
        p95 = [statistics.quantiles(each, n=20)[18] for each in (one, other)]
        found[name] = {
            "empty_p50": statistics.median(one),
            "full_p50": statistics.median(other),
            "empty_p95": p95[0],
            "full_p95": p95[1],
            "ratio_p50": statistics.median(other) / statistics.median(one),
            "ratio_p95": p95[1] / p95[0],
            "empty_queries": queries(empty),
            "full_queries": queries(full),
        }
    return {name: {key: round(value, 2) for key, value in each.items()} for name, each in found.items()}


def tell(result: dict[str, dict[str, float]]) -> bool:
    """Whether the goal is reached."""
    print(f"\n{'':<8}{'empty p50':>11}{'full p50':>11}{'empty p95':>11}{'full p95':>11}{'p95 ratio':>11}   queries")
    for name, each in result.items():
        times = "".join(f"{each[key]:>11.1f}" for key in ("empty_p50", "full_p50", "empty_p95", "full_p95"))
        print(
            f"{name:<8}{times}{each['ratio_p95']:>11.2f}   {each['empty_queries']:.0f} and {each['full_queries']:.0f}"
        )
    reached = all(each["ratio_p95"] < GOAL for each in result.values())
    print("\nGoal reached." if reached else f"\nGoal missed: p95 under {GOAL} times the empty page's.")
    print(json.dumps(result))
    return reached


if __name__ == "__main__":
    if "RUNDOWN_BENCH" not in os.environ:
        publishing.run_apart("bench.plan_pages", sys.argv[1:])
    else:
        publishing.set_up()
        numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
        with publishing.broker():
            result = run(*numbers or [100])
        sys.exit(0 if tell(result) else 1)
