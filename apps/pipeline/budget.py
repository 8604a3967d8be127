"""What waited for money goes on when a limit, a price or the provider has changed."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from apps.content_plans.machine import UNDER_WAY
from apps.content_plans.models import ContentPlan
from apps.content_plans.services import resume_plan
from apps.lifecycle.runs import hasten_runs
from apps.templates.signals import money_changed
from apps.templates.spending import WAITS_FOR_MONEY
from apps.workspaces.models import Workspace


@receiver(money_changed, dispatch_uid="pipeline.money_changed")
def go_on(workspace: Workspace, **_: Any) -> None:
    hasten_runs(workspace, waiting_for=WAITS_FOR_MONEY)
    waiting = ContentPlan._base_manager.filter(workspace=workspace, state__in=UNDER_WAY).exclude(waiting=None)
    for plan in waiting.select_related("workspace"):
        resume_plan(plan=plan)
