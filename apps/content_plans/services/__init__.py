"""Everything that changes content plans."""

from apps.content_plans.services.batches import import_plans
from apps.content_plans.services.delivery import carry_out_take, take_round
from apps.content_plans.services.options import set_settings, settings_of
from apps.content_plans.services.plans import (
    PlanDraft,
    create_plan,
    delete_plan,
    draft_of,
    duplicate_plan,
    edit_plan,
    fail_plan,
    mark_of,
    process,
    resume_plan,
    retry_plan,
    start_due_plans,
)
from apps.content_plans.services.processing import process_now, process_plan
from apps.content_plans.services.research import carry_out_reading, read_again

__all__ = [
    "PlanDraft",
    "carry_out_reading",
    "carry_out_take",
    "create_plan",
    "delete_plan",
    "draft_of",
    "duplicate_plan",
    "edit_plan",
    "fail_plan",
    "import_plans",
    "mark_of",
    "process",
    "process_now",
    "process_plan",
    "read_again",
    "resume_plan",
    "retry_plan",
    "set_settings",
    "settings_of",
    "start_due_plans",
    "take_round",
]
