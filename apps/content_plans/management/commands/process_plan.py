"""Process a plan here and now, without a worker: the way out when the queue is down."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_scopes import scope

from apps.common.errors import DomainError
from apps.content_plans.models import ContentPlan
from apps.content_plans.services import process_now


class Command(BaseCommand):
    help = "Process a content plan in the foreground."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("plan", type=int, help="Number of the plan, as in its address.")

    def handle(self, *args: Any, **options: Any) -> None:
        plan = ContentPlan._base_manager.select_related("workspace").filter(pk=options["plan"]).first()
        if plan is None:
            raise CommandError(f"There is no plan {options['plan']}.")
        try:
            with scope(workspace=plan.workspace):
                plan = process_now(plan=plan)
        except DomainError as error:
            raise CommandError(f"{error.message} {error.hint}".strip()) from error
        except KeyboardInterrupt as stop:
            raise CommandError("Stopped. What is done is kept; the same command goes on.", returncode=130) from stop
        said = plan.problem or plan.waiting
        if said:
            raise CommandError(f"{plan.get_state_display()}: {said['message']} {said['hint']}".strip())
        score = "" if plan.seo_score is None else f", SEO score {plan.seo_score}"
        self.stdout.write(f"{plan.title}: {plan.get_state_display()}{score}, rounds: {plan.rounds_done}")
