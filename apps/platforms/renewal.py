"""Credentials that end are renewed in time, by one worker at a time, and what was renewed is never lost.

A platform that rotates its refresh tokens gives each new one once: asking twice with the same one ends the login. So
the right to ask is a lease on the account's row, taken by one conditional UPDATE; no transaction is open during the
call, and the answer is committed before anything else happens.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.db import OperationalError
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import AdapterError
from apps.common.transactions import unit_of_work
from apps.platforms.base import Connection, NeedsLogin
from apps.platforms.models import Account
from apps.platforms.services import flag_login
from apps.workspaces import audit
from apps.workspaces.actors import SYSTEM
from apps.workspaces.fields import Sealed

log = structlog.get_logger(__name__)

_LOOK_AGAIN = 0.1
_SAVE_PAUSES = (0.0, 0.2, 1.0, 3.0)


def fresh_connection(account: Account, *, refused: Mapping[str, Any] | None = None) -> Connection:
    """The account with credentials that hold for now, renewed where that is due.

    refused: credentials that the platform took no longer, whatever it had said of their end; they are not given back.
    May call the platform, so it must not be called in a transaction. Raises NeedsLogin when the platform refuses to
    renew them, after the account was flagged, or when refused ones cannot be renewed; AdapterError when they have ended
    and could not be renewed just now.
    """
    plug = account.adapter
    patience = time.monotonic() + plug.timeout + plug.margin
    while _is_due(account, refused):
        token = _take(account)
        if token is not None:
            return _renew(account, token, refused)
        if time.monotonic() > patience:
            raise AdapterError(_("The login is being renewed."), hint=_("It is tried again by itself."), retry_after=10)
        time.sleep(_LOOK_AGAIN)
        account.refresh_from_db(fields=["credentials", "state"])
    return _connection(account)


def keep_credentials(account: Account, credentials: Mapping[str, Any]) -> None:
    """Store what the platform exchanged the credentials for, during a call made with the ones that `account` holds."""
    seen = sealed_of(account)
    if Account._base_manager.get(pk=account.pk).credentials == account.credentials:
        _store(account, seen, credentials)


def sealed_of(account: Account) -> Sealed:
    """The credentials as they stand in the database; two equal values are the same credentials."""
    return Account._base_manager.values_list("credentials", flat=True).get(pk=account.pk)


def _connection(account: Account) -> Connection:
    return Connection(account.handle, account.credentials, account.settings)


def _ends_at(account: Account) -> float | None:
    ends = account.credentials.get("expires_at")
    return float(ends) if ends else None


def _is_due(account: Account, refused: Mapping[str, Any] | None) -> bool:
    ends = _ends_at(account)
    if refused is not None and account.credentials == refused:
        return True
    return ends is not None and ends - database_now().timestamp() < account.adapter.refresh_before


def _take(account: Account) -> uuid.UUID | None:
    """The lease to renew the account's credentials, or None while another worker has it."""
    now, token, plug = database_now(), uuid.uuid4(), account.adapter
    free = Account._base_manager.filter(Q(renew_until=None) | Q(renew_until__lte=now), pk=account.pk)
    until = now + timedelta(seconds=plug.timeout + plug.margin)
    return token if free.update(renew_token=token, renew_until=until) else None


def _free(account: Account, token: uuid.UUID) -> None:
    Account._base_manager.filter(pk=account.pk, renew_token=token).update(renew_token=None, renew_until=None)


def _renew(account: Account, token: uuid.UUID, refused: Mapping[str, Any] | None) -> Connection:
    try:
        # Whoever had the lease before may have renewed them.
        account.refresh_from_db(fields=["credentials", "state"])
        if _is_due(account, refused):
            _exchange(account, still_good=account.credentials != refused)
    finally:
        _free(account, token)
    return _connection(account)


def _exchange(account: Account, *, still_good: bool) -> None:
    """still_good: the old credentials may be used until they end."""
    seen = sealed_of(account)
    try:
        renewed = account.adapter.refresh(_connection(account))
    except NeedsLogin as error:
        flag_login(account=account, actor=SYSTEM, reason=error.message, seen=seen)
        raise
    except AdapterError as error:
        if not still_good or (_ends_at(account) or 0) <= database_now().timestamp():
            raise
        # They still hold for a while, and the next call tries again.
        log.warning("renewal_failed", account=account.pk, platform=account.platform, reason=error.message)
        return
    if renewed is not None:
        _store(account, seen, renewed)
    elif not still_good:
        raise NeedsLogin(_("This login cannot be renewed."), hint=_("Connect the account again."))


def _store(account: Account, seen: Sealed, credentials: Mapping[str, Any]) -> None:
    """Committed at once and alone; the note about it follows. A login by a person meanwhile is not overwritten."""
    before, account.credentials = account.credentials, dict(credentials)
    sealed = Account._meta.get_field("credentials").pre_save(account, False)
    mine = Account._base_manager.filter(pk=account.pk, credentials=seen)
    stored = _insist(lambda: mine.update(credentials=sealed))
    if not stored:
        account.refresh_from_db(fields=["credentials", "state"])
        if account.credentials == before:  # the same ones under another key: somebody rotates the keys
            _store(account, sealed_of(account), credentials)
        return
    with unit_of_work():
        audit.record(workspace=account.workspace, actor=SYSTEM, action="account.renew", target=account)


def _insist(write) -> int:
    """Once more when the database is busy: these credentials exist nowhere else."""
    for pause in _SAVE_PAUSES:
        time.sleep(pause)
        try:
            return write()
        except OperationalError:
            if pause == _SAVE_PAUSES[-1]:
                raise
            log.warning("renewed_credentials_not_stored_yet", exc_info=True)
    raise AssertionError("unreachable")
