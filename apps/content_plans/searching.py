"""By what content plans are found: their brief. What is written from it is found as the item."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.content import search
from apps.content_plans.models import ContentPlan


def register() -> None:
    search.register(
        search.Source(
            kind="plan",
            label=_("Content plans"),
            model=ContentPlan,
            watched=ContentPlan,
            rows=lambda: ContentPlan._base_manager.all(),
            document=_document,
            found=lambda: ContentPlan.objects.all(),
            address=lambda slug, plan: reverse("plans:plan", args=[slug, plan.pk]),
            fields=frozenset({"title", "goal", "audience", "keyphrase", "secondary"}),
        )
    )


def _document(plan: ContentPlan) -> tuple[int, str, Iterable[str]]:
    return plan.pk, plan.title, (plan.keyphrase, ", ".join(plan.secondary), plan.goal, plan.audience)
