"""What a workspace wants of its plans."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.common.errors import Invalid
from apps.common.transactions import unit_of_work
from apps.content_plans.models import PlanSettings
from apps.lifecycle.events import emit
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

MOST_ROUNDS, MOST_LEAD = 3, 60


def settings_of(workspace: Workspace) -> PlanSettings:
    """The workspace's settings; one that never chose has the defaults, unsaved."""
    return PlanSettings._base_manager.filter(workspace=workspace).first() or PlanSettings(workspace=workspace)


def set_settings(
    *, workspace: Workspace, actor: Actor, start: str, lead_days: int, target_score: int, most_rounds: int
) -> PlanSettings:
    """Raises Invalid."""
    actor.require("manage_workspace", workspace)
    problems: dict[str, list[str]] = {}
    if start not in PlanSettings.Start.values:
        problems["start"] = [_("Choose when processing starts.")]
    for name, value, least, most in (
        ("lead_days", lead_days, 0, MOST_LEAD),
        ("target_score", target_score, 1, 100),
        ("most_rounds", most_rounds, 0, MOST_ROUNDS),
    ):
        if not least <= value <= most:
            problems[name] = [_("From %(least)d to %(most)d.") % {"least": least, "most": most}]
    if problems:
        raise Invalid(_("The settings cannot be used."), **problems)
    said = {"start": start, "lead_days": lead_days, "target_score": target_score, "most_rounds": most_rounds}
    with unit_of_work():
        options, _made = PlanSettings._base_manager.update_or_create(workspace=workspace, defaults=said)
        audit.record(workspace=workspace, actor=actor, action="plans.settings", target=options, data=said)
        emit(workspace=workspace, type="plans.settings", subject=options, data={**said, "by": actor.label})
    return options
