"""Telling owners and admins by mail that the month's AI budget has reached a limit."""

from __future__ import annotations

from decimal import Decimal

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from apps.common.transactions import unit_of_work
from apps.templates.models import Budget
from apps.workspaces.models import Membership, User
from apps.workspaces.roles import Role

log = structlog.get_logger(__name__)


def tell_limit(budget_id: int, limit: str, spent: Decimal) -> None:
    """limit: "soft" or "hard". When nobody could be told, the next call that meets the limit tries again."""
    budget = Budget._base_manager.select_related("workspace").get(pk=budget_id)
    try:
        for person in _people(budget):
            _send(budget, person, limit, spent)
    except Exception:
        log.exception("mail_not_sent", budget=budget_id, mail=f"budget_{limit}")
        with unit_of_work():
            budget = Budget._base_manager.select_for_update().get(pk=budget_id)
            budget.noticed.pop(limit, None)
            budget.save(update_fields=["noticed"])


def _people(budget: Budget) -> list[User]:
    members = Membership._base_manager.filter(
        workspace=budget.workspace, role__in=(Role.OWNER, Role.ADMIN), user__is_active=True
    )
    return [each.user for each in members.select_related("user").order_by("pk")]


def _send(budget: Budget, person: User, limit: str, spent: Decimal) -> None:
    workspace = budget.workspace
    with translation.override(person.language or workspace.language):
        subject = (
            _("“%(workspace)s”: the AI budget of this month is used up")
            if limit == "hard"
            else _("“%(workspace)s”: AI spending has reached your notice")
        ) % {"workspace": workspace}
        context = {
            "workspace": workspace,
            "is_hard": limit == "hard",
            "limit": getattr(budget, f"{limit}_limit"),
            "hard_limit": budget.hard_limit,
            "spent": spent,
            "link": f"{settings.SITE_URL}{reverse('ai:spending', args=[workspace.slug])}",
        }
        mail = EmailMultiAlternatives(
            " ".join(subject.split()),
            render_to_string("ai/mail/limit.txt", context),
            settings.DEFAULT_FROM_EMAIL,
            [person.email],
        )
        mail.attach_alternative(render_to_string("ai/mail/limit.html", context), "text/html")
    mail.send()
