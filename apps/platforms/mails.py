"""Mails about accounts, to the person who connected one, or to the workspace's owners when that person is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.platforms.models import Account
from apps.workspaces.models import Membership, User
from apps.workspaces.policy import may
from apps.workspaces.roles import Role

log = structlog.get_logger(__name__)

# So long before a login ends by itself, somebody is asked for a new one.
WARNED_BEFORE = timedelta(days=7)


def ask_for_login(account_id: int) -> None:
    """The platform refuses the login. When the mail cannot be sent, the next check tries again."""
    account = _account(account_id)
    try:
        _send(account, "login_needed", _login_subject)
    except Exception:
        log.exception("mail_not_sent", account=account_id, mail="login_needed")
        Account._base_manager.filter(pk=account_id).update(login_asked_at=None)


def warn_of_expiry(account_id: int) -> None:
    """The login ends soon."""
    account = _account(account_id)
    try:
        _send(account, "login_ends", _expiry_subject)
    except Exception:
        log.exception("mail_not_sent", account=account_id, mail="login_ends")
        Account._base_manager.filter(pk=account_id).update(expiry_told=None)


def ends_soon(account: Account, ends: datetime | None) -> bool:
    """Whether a person must log in again soon; credentials that renew themselves carry their own end."""
    if ends is None or "expires_at" in account.credentials:
        return False
    return ends - timezone.now() < WARNED_BEFORE


def _login_subject(account: Account) -> str:
    return _("%(platform)s: “%(name)s” needs a new login") % {"platform": account.label, "name": account.name}


def _expiry_subject(account: Account) -> str:
    return _("%(platform)s: the login of “%(name)s” ends soon") % {"platform": account.label, "name": account.name}


def _account(account_id: int) -> Account:
    return Account._base_manager.select_related("workspace", "connected_by").get(pk=account_id)


def _send(account: Account, template: str, subject) -> None:
    for person in recipients(account):
        with translation.override(person.language or account.workspace.language):
            address = reverse("desk:account", args=[account.workspace.slug, account.pk])
            context = {"account": account, "link": f"{settings.SITE_URL}{address}#login", "person": person}
            mail = EmailMultiAlternatives(
                " ".join(subject(account).split()),
                render_to_string(f"platforms/mail/{template}.txt", context),
                settings.DEFAULT_FROM_EMAIL,
                [person.email],
            )
            mail.attach_alternative(render_to_string(f"platforms/mail/{template}.html", context), "text/html")
        mail.send()


def recipients(account: Account) -> list[User]:
    person = account.connected_by
    if person is not None and person.is_active and may(person, "manage_accounts", account.workspace):
        return [person]
    owners = Membership._base_manager.filter(workspace=account.workspace, role=Role.OWNER, user__is_active=True)
    return [each.user for each in owners.select_related("user").order_by("pk")]
