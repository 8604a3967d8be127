"""Connecting, pausing and resuming accounts."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from apps.common.errors import Conflict, Invalid
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.platforms.models import Account
from apps.platforms.registry import adapter
from apps.platforms.signals import account_connected
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace


def connect_account(
    *,
    workspace: Workspace,
    actor: Actor,
    platform: str,
    name: str,
    handle: str,
    credentials: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    **limits: Any,
) -> Account:
    """A new account, with its default slots. limits: timezone, daily_limit, minimum_gap, catch_up, intake.

    Raises Invalid for missing credentials, Conflict for a handle that is taken.
    """
    actor.require("manage_accounts", workspace)
    plug = adapter(platform)
    credentials = credentials or {}
    missing = [field.name for field in plug.credential_fields if field.required and not credentials.get(field.name)]
    if missing:
        raise Invalid(
            _("Some credentials are missing."), **{name: [_("This is needed to connect.")] for name in missing}
        )
    credentials = plug.keep(credentials)
    limits.setdefault("timezone", workspace.timezone)
    limits.setdefault("daily_limit", plug.limits.posts_per_day)
    account = Account(
        workspace=workspace,
        platform=platform,
        name=name,
        handle=handle,
        credentials=credentials,
        settings=settings or {},
        **limits,
    )
    with unit_of_work():
        _save_new(account)
        if plug.provision:
            import_string(plug.provision)(account)
        account_connected.send(sender=Account, account=account)
        data = {"platform": platform, "handle": handle}
        audit.record(workspace=workspace, actor=actor, action="account.connect", target=account, data=data)
        emit(workspace=workspace, type="account.connected", subject=account, data={**data, "by": actor.label})
    return account


def _save_new(account: Account) -> None:
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as error:
        raise Conflict(
            _("“%(handle)s” is connected already.") % {"handle": account.handle}, hint=_("Choose another handle.")
        ) from error


def pause_account(*, account: Account, actor: Actor, reason: str = "") -> Account:
    """Nothing more goes out on the account until it is resumed; a call already begun is not taken back."""
    actor.require("publish_content", account.workspace)
    return _set_state(account, actor, Account.State.PAUSED, reason)


def resume_account(*, account: Account, actor: Actor) -> Account:
    """Due posts go out again: those within the grace period; older ones count as missed."""
    actor.require("publish_content", account.workspace)
    return _set_state(account, actor, Account.State.ACTIVE, "")


def flag_login(*, account: Account, actor: Actor, reason: str) -> Account:
    """The platform refuses the account's credentials."""
    return _set_state(account, actor, Account.State.NEEDS_LOGIN, reason)


def _set_state(account: Account, actor: Actor, state: str, reason: str) -> Account:
    with unit_of_work():
        changed = (
            Account._base_manager.filter(pk=account.pk)
            .exclude(state=state)
            .update(state=state, state_reason=reason[:240])
        )
        account.state, account.state_reason = state, reason[:240]
        if changed:
            data = {"to": state, "reason": reason, "by": actor.label}
            audit.record(workspace=account.workspace, actor=actor, action="account.state", target=account, data=data)
            emit(workspace=account.workspace, type="account.state", subject=account, data=data)
    return account
