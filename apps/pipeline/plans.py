"""What follows what in the life of a content plan."""

from __future__ import annotations

from typing import Any

import structlog
from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils import timezone

from apps.content.models import Item
from apps.content_plans.machine import UNDER_WAY
from apps.content_plans.models import ContentPlan
from apps.content_plans.services import fail_plan, resume_plan
from apps.lifecycle.handlers import handles
from apps.lifecycle.models import Run
from apps.lifecycle.services import TransitionRefused
from apps.lifecycle.signals import advanced
from apps.pipeline.clips import schedule_on
from apps.schedules.models import Post
from apps.workspaces.audit import describe

log = structlog.get_logger(__name__)
OPEN = ("queued", "running")


def _without_open_run(plans: QuerySet[ContentPlan]) -> QuerySet[ContentPlan]:
    """Those that nobody works on, and that do not wait for money just now."""
    open_runs = Run._base_manager.filter(kind="plan", subject__startswith="content_plans.", state__in=OPEN)
    busy = [int(name.rpartition(":")[2]) for name in open_runs.values_list("subject", flat=True)]
    return plans.exclude(pk__in=busy).filter(Q(waits_until=None) | Q(waits_until__lte=timezone.now()))


@handles("plan", "queued", pending=_without_open_run)
def process(plan: ContentPlan) -> None:
    resume_plan(plan=plan)


@handles("plan", "researching", pending=_without_open_run)
@handles("plan", "generating", pending=_without_open_run)
@handles("plan", "refining", pending=_without_open_run)
def go_on(plan: ContentPlan) -> None:
    """A plan that waited goes on; one whose work has ended badly says what the work said."""
    if plan.waiting:
        if plan.waits_until is None or plan.waits_until <= timezone.now():
            resume_plan(plan=plan)
        return
    run = Run._base_manager.filter(kind="plan", subject=describe(plan)).order_by("-created_at", "-pk").first()
    if run is not None and run.state not in OPEN:
        fail_plan(plan=plan, run=run)


@receiver(advanced, sender=Run, dispatch_uid="pipeline.plan_run_ended")
def on_run_ended(instance: Run, target: str, **_: Any) -> None:
    """At once, where the sweeper would come by in half a minute."""
    if instance.kind != "plan" or target not in ("failed", "cancelled"):
        return
    pk = instance.subject.rpartition(":")[2]
    plan = ContentPlan._base_manager.select_related("workspace").filter(pk=pk).first()
    if plan is not None and plan.state in UNDER_WAY:
        try:
            fail_plan(plan=plan, run=instance)
        except TransitionRefused:
            log.info("overtaken", plan=plan.pk)


def schedule_plan(item: Item) -> list[Post]:
    """A ready text goes to the accounts that its plan names; without any, where accounts take items by themselves."""
    plan = ContentPlan._base_manager.filter(item=item).first()
    return schedule_on(item, list(plan.accounts.order_by("pk")) if plan else [])
