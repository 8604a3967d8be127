"""Reading the forms of plans."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.common import numbers
from apps.common.errors import Invalid
from apps.common.languages import language_code
from apps.content_plans.models import ContentPlan
from apps.content_plans.queries import text_platforms
from apps.content_plans.services import PlanDraft
from apps.content_plans.services.plans import OVERRIDABLE, listed
from apps.platforms.models import Account
from apps.templates.queries import versions_of
from apps.workspaces.models import User


def draft_from(request: HttpRequest) -> PlanDraft:
    """Raises Invalid for what is no number or no day; the rest is checked when it is saved."""
    said = request.POST
    return PlanDraft(
        **{name: said.get(name, "").strip() for name in ("title", "goal", "audience", "keyphrase", "tone")},
        language=language_code(said.get("language", "")),
        secondary=listed(said.get("secondary", "")),
        competitor_urls=listed(said.get("competitor_urls", "")),
        platforms=tuple(said.getlist("platforms")),
        accounts=tuple(number(value) for value in said.getlist("accounts")),
        skip_research=bool(said.get("skip_research")),
        overrides={str(kind): number(said[f"use_{kind}"]) for kind in OVERRIDABLE if said.get(f"use_{kind}")},
        due_on=_day(said.get("due_on", "")),
        owner=number(said["owner"]) if said.get("owner") else None,
    )


def choices_of(request: HttpRequest, plan: ContentPlan | None) -> dict[str, Any]:
    """What the form offers, and what the plan has chosen of it."""
    versions = list(versions_of(request.workspace).filter(template__kind__in=OVERRIDABLE))
    chosen = plan.overrides if plan else {}
    return {
        "platform_choices": [(name, each.label) for name, each in text_platforms().items()],
        "account_choices": Account.objects.order_by("name"),
        "owner_choices": User.objects.filter(memberships__workspace=request.workspace).order_by("email"),
        "template_choices": [
            (kind, kind.label, chosen.get(kind), [each for each in versions if each.template.kind == kind])
            for kind in OVERRIDABLE
        ],
    }


def whole(value: str, default: int | None) -> int | None:
    """What is no number, or none at all, is the default."""
    found = numbers.whole(value)
    return default if found is None else found


def number(value: str) -> int:
    found = numbers.whole(value)
    if found is None:
        raise Invalid(_("The form is not complete."), hint=_("Reload the page and try again."))
    return found


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise Invalid(_("This is no day."), due_on=[_("Write it as 2026-05-31.")]) from error
