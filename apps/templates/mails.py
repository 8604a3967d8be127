"""Telling owners and admins by mail: the month's AI budget has reached a limit, a version waits for their word."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from apps.common.transactions import unit_of_work
from apps.templates.models import Activation, Budget
from apps.workspaces.models import Membership, User, Workspace
from apps.workspaces.roles import Role

log = structlog.get_logger(__name__)


def tell_limit(budget_id: int, limit: str, spent: Decimal) -> None:
    """limit: "soft" or "hard". When nobody could be told, the next call that meets the limit tries again."""
    budget = Budget._base_manager.select_related("workspace").get(pk=budget_id)
    try:
        for person in _people(budget.workspace):
            _send(budget, person, limit, spent)
    except Exception:
        log.exception("mail_not_sent", budget=budget_id, mail=f"budget_{limit}")
        with unit_of_work():
            budget = Budget._base_manager.select_for_update().get(pk=budget_id)
            budget.noticed.pop(limit, None)
            budget.save(update_fields=["noticed"])


def tell_activation(activation_id: int) -> None:
    """A version waits for a second person: tell those who may agree, which is not the one who asked."""
    rows = Activation._base_manager.select_related("workspace", "version__template", "template")
    row = rows.get(pk=activation_id)
    people = [each for each in _people(row.workspace) if each.pk != row.asked_by_id]
    for person in people:
        with translation.override(person.language or row.workspace.language):
            kind = row.template.get_kind_display()
            said = {"workspace": row.workspace, "kind": kind, "number": row.version.number}
            subject = _("“%(workspace)s”: version %(number)d of “%(kind)s” waits for your word") % said
            address = reverse("ai:template", args=[row.workspace.slug, row.template.kind])
            context = {**said, "by": row.asked_label, "note": row.version.note, "link": f"{settings.SITE_URL}{address}"}
            try:
                _mail(person, subject, "activation", context)
            except Exception:
                # The page and the list of templates say it too.
                log.exception("mail_not_sent", activation=activation_id, mail="activation")


def _people(workspace: Workspace) -> list[User]:
    """Owners and admins."""
    members = Membership._base_manager.filter(
        workspace=workspace, role__in=(Role.OWNER, Role.ADMIN), user__is_active=True
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
        _mail(person, subject, "limit", context)


def _mail(person: User, subject: str, name: str, context: dict[str, Any]) -> None:
    text = render_to_string(f"ai/mail/{name}.txt", context)
    mail = EmailMultiAlternatives(" ".join(subject.split()), text, settings.DEFAULT_FROM_EMAIL, [person.email])
    mail.attach_alternative(render_to_string(f"ai/mail/{name}.html", context), "text/html")
    mail.send()
