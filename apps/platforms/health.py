"""Asking the platforms whether the accounts' logins still work: daily, and whenever somebody wants to know."""

from __future__ import annotations

import random
import time
from datetime import timedelta

import structlog
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, NeedsPerson
from apps.platforms.models import Account, PendingLogin
from apps.platforms.renewal import fresh_connection, sealed_of
from apps.platforms.services import flag_login, note_good, note_trouble
from apps.workspaces.actors import SYSTEM, Actor

log = structlog.get_logger(__name__)

DAY = timedelta(days=1)
# A platform that did not answer is asked again sooner.
SOON = timedelta(hours=1)
_BATCH = 50


def check_account(*, account: Account, actor: Actor = SYSTEM) -> Account:
    """Ask now. Calls the platform, so it must not be called in a transaction; what came of it stands in the account."""
    if not account.is_connected:
        return account
    Account._base_manager.filter(pk=account.pk).update(check_after=_next_check())
    account.refresh_from_db(fields=["credentials", "state"])
    seen = sealed_of(account)
    try:
        connection = fresh_connection(account)
        seen = sealed_of(account)
        identity = account.adapter.check(connection)
    except AdapterError as error:
        _note_failure(account, error, seen)
    except Exception:  # a bug in an adapter says nothing about the login
        log.exception("adapter_bug", account=account.pk, platform=account.platform)
        message = _("The check failed for a reason of our own; it stands in the log.")
        note_trouble(account=account, message=message, again_at=database_now() + SOON)
    else:
        note_good(account=account, actor=actor, identity=identity)
    account.refresh_from_db()
    return account


def _note_failure(account: Account, error: AdapterError, seen) -> None:
    reason = f"{error.message} {error.hint}".strip()
    if isinstance(error, NeedsLogin) or (isinstance(error, NeedsPerson) and error.reason == "login"):
        flag_login(account=account, actor=SYSTEM, reason=error.message, seen=seen)
        return
    wait = max(timedelta(seconds=error.retry_after or 0), SOON)
    note_trouble(account=account, message=reason, again_at=database_now() + min(wait, DAY))


def check_due_accounts(*, seconds: float = 40.0) -> int:
    """Check the accounts whose day is over, for at most about so long; returns how many.

    May run in several processes at once: each account is taken by one of them.
    """
    PendingLogin._base_manager.filter(expires_at__lt=database_now()).delete()
    until, count = time.monotonic() + seconds, 0
    due = Account._base_manager.filter(check_after__lte=database_now()).exclude(state=Account.State.DISCONNECTED)
    for account in due.select_related("workspace").order_by("check_after")[:_BATCH]:
        if time.monotonic() > until:
            break
        mine = Account._base_manager.filter(pk=account.pk, check_after=account.check_after)
        if mine.update(check_after=_next_check()):
            check_account(account=account)
            count += 1
    return count


def _next_check():
    """Within a day, and not at the same minute for all that were connected together."""
    return database_now() + DAY * random.uniform(0.9, 1.0)
