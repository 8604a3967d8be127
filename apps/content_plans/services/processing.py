"""Carrying out a plan, from wherever it stands: research, draft, refinement, variants, review.

Everything on the way is kept as it is made and answers are not asked for twice, so the work may be begun again.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.common.errors import Conflict
from apps.common.transactions import unit_of_work
from apps.content_plans.models import ContentPlan
from apps.content_plans.queries import rounds_of
from apps.content_plans.services import drafting
from apps.content_plans.services.asking import Writer
from apps.content_plans.services.delivery import deliver
from apps.content_plans.services.plans import process, resume_plan, retry_plan
from apps.content_plans.services.refinement import best_round, keep_round, refine
from apps.content_plans.services.research import read_pages
from apps.lifecycle.events import emit
from apps.lifecycle.models import Run
from apps.lifecycle.runs import Work, execute_run, reclaim_lapsed_runs
from apps.lifecycle.services import advance
from apps.templates.spending import BudgetExceeded
from apps.workspaces.actors import SYSTEM

STEPS = 6
# How soon to look whether there is money again; the button looks at once.
_LOOK_AGAIN = timedelta(minutes=10)


def process_plan(*, plan: ContentPlan, work: Work) -> None:
    """Take a plan to its item in review. Over the budget it stays in its state, with the reason, for later.

    Raises Conflict for one that is not to be processed.
    """
    if plan.state == "failed":
        # Somebody tries its work again, not the plan.
        retry_plan(plan=plan, actor=SYSTEM)
    if not plan.is_under_way:
        raise Conflict(_("This plan is not being processed."), hint=_("Process it on its page."))
    work.plan(STEPS)
    plan.keep(waiting=None, waits_until=None, problem=None)
    writer = Writer(plan)
    try:
        _research(plan, writer, work)
        _draft(plan, writer, work)
        work.step("refine", label=_("Refining"), total=3)
        if plan.state == "generating":
            _enter(plan, "refine")
        work.progress(3, note=refine(plan, writer, work))
        deliver(plan, best_round(plan), writer, work)
        _enter(plan, "finish")
    except BudgetExceeded as error:
        _wait(plan, work, error)


def process_now(*, plan: ContentPlan) -> ContentPlan:
    """Process a plan in this process, without the queue. Raises Conflict when a worker has it."""
    # One that was killed in the middle has it no longer.
    reclaim_lapsed_runs()
    plan.refresh_from_db(fields=["state"], from_queryset=ContentPlan._base_manager.all())
    with ExitStack() as held, override(plan.workspace.language):
        # Taken before anybody hears of it: a worker would be faster, and a run that waits to be tried again is not due.
        with unit_of_work():
            if not plan.is_under_way:
                process(plan=plan, actor=SYSTEM)
            run = resume_plan(plan=plan)
            Run._base_manager.filter(pk=run.pk, state="queued").update(not_before=None)
            work = held.enter_context(execute_run(run.pk))
            if work is None:
                raise Conflict(_("A worker is at this plan already."), hint=_("Watch it on the plan's page."))
        process_plan(plan=plan, work=work)
    run.refresh_from_db(from_queryset=type(run)._base_manager.all())
    plan = ContentPlan._base_manager.select_related("workspace").get(pk=plan.pk)
    if run.state == "queued" and run.error:
        plan.waiting = plan.waiting or {"message": run.error["message"], "hint": run.error.get("hint", "")}
    return plan


def _research(plan: ContentPlan, writer: Writer, work: Work) -> None:
    work.step("research", label=_("Researching"), total=max(len(plan.competitor_urls), 1))
    if plan.state == "queued":
        _enter(plan, "research")
    if plan.state != "researching":
        work.progress(max(len(plan.competitor_urls), 1), note=_("done before"))
        return
    read_pages(plan, work)
    if plan.brief is None:
        plan.keep(brief=drafting.summarise(plan, writer))


def _draft(plan: ContentPlan, writer: Writer, work: Work) -> None:
    work.step("generate", label=_("Writing the outline"), total=1)
    if plan.state == "researching":
        _enter(plan, "generate")
    if plan.state != "generating" or rounds_of(plan).filter(edition=plan.edition).exists():
        work.progress(1, note=_("done before"))
        return
    if plan.outline is None:
        plan.keep(outline=drafting.write_outline(plan, writer))
    work.step("sections", label=_("Writing the draft"), total=max(len(plan.outline["sections"]), 1))
    markdown, claims = drafting.write_sections(plan, writer, work)
    metadata = drafting.write_metadata(plan, writer, markdown)
    bill = writer.settle()
    keep_round(plan, markdown=markdown, metadata=metadata, claims=claims, bill=bill, asked=[], before=None)


def _wait(plan: ContentPlan, work: Work, error: BudgetExceeded) -> None:
    waiting = {"message": error.message, "hint": error.hint or _("Raise the limit, or wait for the next month.")}
    plan.keep(waiting=waiting, waits_until=timezone.now() + _LOOK_AGAIN)
    work.progress(0, note=error.message)
    emit(workspace=plan.workspace, type="plan.waiting", subject=plan, data={"title": plan.title, **waiting})


def _enter(plan: ContentPlan, action: str) -> None:
    advance(plan, action, actor=SYSTEM, data={"title": plan.title})
