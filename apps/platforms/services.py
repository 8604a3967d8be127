"""Connecting accounts, changing them, and taking them away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError, Conflict, Invalid
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.platforms import mails
from apps.platforms.base import Connection, Identity, NeedsLogin, Platform
from apps.platforms.models import Account
from apps.platforms.registry import adapter
from apps.platforms.signals import Stop, account_connected, account_disconnecting, account_leaving
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.fields import Sealed
from apps.workspaces.models import Workspace

State, Health = Account.State, Account.Health
# What a person may set of an account, beside its name and the platform's own settings.
LIMITS = ("timezone", "daily_limit", "minimum_gap", "catch_up", "quiet_from", "quiet_until", "intake", "by_hand")


# --- Connecting -------------------------------------------------------------------------------------------------------
def connect_account(
    *,
    workspace: Workspace,
    actor: Actor,
    platform: str,
    name: str = "",
    handle: str = "",
    credentials: Mapping[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    accepted: bool = False,
    **limits: Any,
) -> Account:
    """A new account with its default slots, after the platform has said whom the credentials belong to.

    handle: only where the platform cannot say it itself. accepted: the platform's notice was read. limits: of LIMITS.
    Calls the platform, so it must not be called in a transaction. Nothing is saved unless everything went well: raises
    Invalid for missing or refused credentials, AdapterError when the platform did not answer, Conflict for an identity
    that is connected already.
    """
    actor.require("manage_accounts", workspace)
    plug = adapter(platform)
    check_notice(plug, accepted)
    if plug.logs_in_on_page(credentials or {}):
        raise Conflict(
            _("%(platform)s is connected on its own page.") % {"platform": plug.label},
            hint=_("Open the accounts page in a browser."),
        )
    kept = kept_credentials(plug, credentials or {})
    identity = identify(plug, Connection(handle, kept, settings or {}))
    return save_account(
        workspace=workspace,
        actor=actor,
        plug=plug,
        identity=identity,
        credentials=kept,
        name=name,
        settings=settings or {},
        limits=limits,
    )


def check_notice(plug: Platform, accepted: bool) -> None:
    if plug.notice and not accepted:
        raise Invalid(str(plug.notice), hint=_("Say that you accept it."), accepted=[_("This must be accepted.")])


def kept_credentials(plug: Platform, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of what a form was given; raises Invalid when something is missing or cannot be used."""
    return plug.keep(kept_fields(plug, given))


def kept_fields(plug: Platform, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the form's fields were given; raises Invalid when something is missing."""
    known = {field.name for field in plug.credential_fields}
    fields = {name: value for name, value in given.items() if name in known and value not in ("", None)}
    missing = [field.name for field in plug.credential_fields if field.required and field.name not in fields]
    if missing:
        raise Invalid(
            _("Some credentials are missing."), **{name: [_("This is needed to connect.")] for name in missing}
        )
    return fields


def asks_handle(plug: Platform) -> bool:
    """Whether a person must say the account's name, because the platform has no way to be asked."""
    return type(plug).check is Platform.check


def identify(plug: Platform, connection: Connection) -> Identity:
    """Whom the credentials belong to; raises Invalid when the platform refuses them, AdapterError when it is away."""
    if asks_handle(plug) and not connection.account.strip():
        raise Invalid(_("The account needs a handle."), handle=[_("This is needed to connect.")])
    try:
        return plug.check(connection)
    except NeedsLogin as error:
        # Adapters mostly say what helps an account that is connected already.
        known = "" if str(error.hint) == _("Connect the account again.") else error.hint
        raise Invalid(error.message, hint=known or _("Check what you entered.")) from error
    except AdapterError as error:
        raise told_in_form(plug, error) from error


def told_in_form(plug: Platform, error: AdapterError) -> AdapterError:
    """The same trouble in the words of somebody who is just connecting an account; adapters speak of posts."""
    if type(error) is AdapterError and error.permanent and not error.hint:
        message = _("What answered there is not %(platform)s, or refused to say who this is.") % {
            "platform": plug.label
        }
        return AdapterError(message, permanent=True, hint=_("Check what you entered for a slip."), **error.details)
    if not error.permanent and str(error.hint) in ("", _("It is tried again by itself.")):
        error.hint = _("Nothing was kept. Check what you entered, or try again in a moment.")
    return error


def save_account(
    *,
    workspace: Workspace,
    actor: Actor,
    plug: Platform,
    identity: Identity,
    credentials: Mapping[str, Any],
    name: str,
    settings: dict[str, Any],
    limits: dict[str, Any],
) -> Account:
    """Write a new account, or revive the disconnected one of the same identity."""
    handle = fit(identity.handle or name, 120)
    old = Account._base_manager.filter(workspace=workspace, platform=plug.slug, handle=handle).first()
    if old is not None and old.is_connected:
        raise _taken(handle)
    account = old or Account(workspace=workspace, platform=plug.slug, handle=handle)
    limits = {"timezone": workspace.timezone, "daily_limit": plug.limits.posts_per_day, **limits}
    for field, value in {"name": fit(name or identity.name or handle, 120), "settings": settings, **limits}.items():
        setattr(account, field, value)
    account.credentials, account.connected_by = dict(credentials), actor.user
    account.state, account.state_reason = State.ACTIVE, ""
    _note_identity(account, identity)
    with unit_of_work():
        _save_new(account)
        if plug.provision:
            import_string(plug.provision)(account)
        if old is None:
            account_connected.send(sender=Account, account=account)
        data = {"platform": plug.slug, "handle": handle}
        audit.record(workspace=workspace, actor=actor, action="account.connect", target=account, data=data)
        emit(workspace=workspace, type="account.connected", subject=account, data={**data, "by": actor.label})
    return account


def _save_new(account: Account) -> None:
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as error:
        raise _taken(account.handle) from error


def _taken(handle: str) -> Conflict:
    return Conflict(
        _("“%(handle)s” is connected already.") % {"handle": handle},
        hint=_("Open that account to log in again, or use another one."),
    )


def replace_credentials(*, account: Account, actor: Actor, credentials: Mapping[str, Any]) -> Account:
    """Log in again with what a form was given; the account keeps its posts and slots.

    Calls the platform. Raises Invalid for refused credentials, Conflict for those of somebody else.
    """
    actor.require("manage_accounts", account.workspace)
    plug = account.adapter
    kept = kept_credentials(plug, credentials)
    identity = identify(plug, Connection(account.handle, kept, account.settings))
    return log_in_again(account=account, actor=actor, identity=identity, credentials=kept)


def log_in_again(*, account: Account, actor: Actor, identity: Identity, credentials: Mapping[str, Any]) -> Account:
    """Put fresh credentials of the same identity in place of the old ones."""
    if identity.handle and identity.handle.casefold() != account.handle.casefold():
        raise Conflict(
            _("This login belongs to “%(other)s”, and the account is “%(handle)s”.")
            % {"other": identity.handle, "handle": account.handle},
            hint=_("Log in as the other one, or connect it as an account of its own."),
        )
    with unit_of_work():
        locked = Account._base_manager.select_for_update().get(pk=account.pk)
        if not locked.is_connected:
            raise Conflict(_("This account is disconnected."), hint=_("Connect it anew."))
        before = locked.state
        locked.credentials, locked.connected_by = dict(credentials), actor.user or locked.connected_by
        if locked.state == State.NEEDS_LOGIN:
            locked.state, locked.state_reason = State.ACTIVE, ""
        _note_identity(locked, identity)
        locked.save()
        data = {"from": before, "to": locked.state, "by": actor.label}
        audit.record(workspace=locked.workspace, actor=actor, action="account.login", target=locked, data=data)
        emit(workspace=locked.workspace_id, type="account.state", subject=locked, data=data)
    return locked


def _note_identity(account: Account, identity: Identity) -> None:
    account.health, account.health_message, account.checked_at = Health.GOOD, "", timezone.now()
    account.expires_at, account.page_url = identity.expires_at, identity.url[:500]
    account.settings = {**account.settings, **identity.settings}
    account.login_asked_at = account.expiry_told = None


# --- Changing ---------------------------------------------------------------------------------------------------------
def change_account(*, account: Account, actor: Actor, **changes: Any) -> Account:
    """changes: name, settings and LIMITS. Raises Invalid for a setting that the platform does not know."""
    actor.require("manage_accounts", account.workspace)
    if "settings" in changes:
        changes["settings"] = {**account.settings, **clean_settings(account.adapter, changes["settings"])}
    quiet = [changes.get(name, getattr(account, name)) for name in ("quiet_from", "quiet_until")]
    if (quiet[0] is None) != (quiet[1] is None):
        raise Invalid(_("Quiet hours need both times."), quiet_until=[_("Quiet hours need both times.")])
    with unit_of_work():
        for field, value in changes.items():
            setattr(account, field, value)
        account.save(update_fields=list(changes))
        data = {"fields": sorted(changes)}
        audit.record(workspace=account.workspace, actor=actor, action="account.change", target=account, data=data)
        emit(workspace=account.workspace_id, type="account.changed", subject=account, data={**data, "by": actor.label})
    return account


def clean_settings(plug: Platform, given: Mapping[str, Any]) -> dict[str, str]:
    """The settings that the platform knows, with values that it takes; raises Invalid."""
    problems, clean = {}, {}
    known = {field.name: field for field in plug.setting_fields}
    for name, value in given.items():
        field = known.get(name)
        if field is None:
            problems[name] = [_("This platform has no such setting.")]
        elif field.choices and value not in [choice for choice, _label in field.choices]:
            problems[name] = [_("“%(value)s” is none of the choices.") % {"value": value}]
        else:
            clean[name] = str(value)
    if problems:
        raise Invalid(_("Some settings cannot be used."), **problems)
    return clean


def pause_account(*, account: Account, actor: Actor, reason: str = "") -> Account:
    """Nothing more goes out on the account until it is resumed; a call already begun is not taken back."""
    actor.require("publish_content", account.workspace)
    return _set_state(account, actor, State.PAUSED, reason, sources=(State.ACTIVE, State.NEEDS_LOGIN))


def resume_account(*, account: Account, actor: Actor) -> Account:
    """Due posts go out again: those within the grace period; older ones count as missed.

    An account that was paused while its login was refused goes on waiting for a login.
    """
    actor.require("publish_content", account.workspace)
    account.refresh_from_db(fields=["state", "health", "health_message"])
    if account.state == State.PAUSED and account.health == Health.REFUSED:
        return _set_state(account, actor, State.NEEDS_LOGIN, account.health_message, sources=(State.PAUSED,))
    Account._base_manager.filter(pk=account.pk).update(login_asked_at=None)
    return _set_state(account, actor, State.ACTIVE, "", sources=(State.PAUSED, State.NEEDS_LOGIN))


def flag_login(*, account: Account, actor: Actor, reason: str, seen: Sealed | None = None) -> Account:
    """The platform refuses the credentials: nothing goes out until somebody logs in, who is asked by mail, once.

    seen: the stored credentials that were refused; when others have taken their place meanwhile, nothing happens.
    """
    mine = Account._base_manager.filter(pk=account.pk).exclude(state=State.DISCONNECTED)
    if seen is not None:
        mine = mine.filter(credentials=seen)
    with unit_of_work():
        fields = {"health": Health.REFUSED, "health_message": fit(reason, 300), "checked_at": timezone.now()}
        if not mine.update(**fields):
            return account
        _set_state(account, actor, State.NEEDS_LOGIN, reason, sources=(State.ACTIVE,))
        if mine.filter(login_asked_at=None).update(login_asked_at=timezone.now()):
            _emit_checked(account, Health.REFUSED, reason)
            transaction.on_commit(lambda: mails.ask_for_login(account.pk))
    return account


def note_good(*, account: Account, actor: Actor, identity: Identity) -> Account:
    """A check went well; an account that waited for a login goes on."""
    ends, mine = identity.expires_at, Account._base_manager.filter(pk=account.pk).exclude(state=State.DISCONNECTED)
    with unit_of_work():
        mine.update(
            health=Health.GOOD,
            health_message="",
            checked_at=timezone.now(),
            expires_at=ends,
            page_url=identity.url[:500],
            login_asked_at=None,
        )
        if any(account.settings.get(name) != value for name, value in identity.settings.items()):
            mine.update(settings={**mine.values_list("settings", flat=True).get(), **identity.settings})
        _set_state(account, actor, State.ACTIVE, "", sources=(State.NEEDS_LOGIN,))
        if mails.ends_soon(account, ends) and mine.exclude(expiry_told=ends).update(expiry_told=ends):
            transaction.on_commit(lambda: mails.warn_of_expiry(account.pk))
        _emit_checked(account, Health.GOOD, "")
    return account


def note_trouble(*, account: Account, message: str, again_at: datetime) -> Account:
    """A check could not be made, which says nothing about the login."""
    with unit_of_work():
        fields = {"health": Health.TROUBLE, "health_message": fit(message, 300), "checked_at": timezone.now()}
        Account._base_manager.filter(pk=account.pk).update(**fields, check_after=again_at)
        _emit_checked(account, Health.TROUBLE, message)
    return account


def _emit_checked(account: Account, health: str, message: str) -> None:
    data = {"health": health, "message": message}
    emit(workspace=account.workspace_id, type="account.checked", subject=account, data=data)


def _set_state(account: Account, actor: Actor, state: str, reason: str, *, sources: tuple[str, ...]) -> Account:
    with unit_of_work():
        mine = Account._base_manager.filter(pk=account.pk, state__in=sources)
        changed = mine.update(state=state, state_reason=fit(reason, 240))
        account.refresh_from_db(fields=["state", "state_reason"])
        if changed:
            data = {"to": state, "reason": reason, "by": actor.label}
            audit.record(workspace=account.workspace, actor=actor, action="account.state", target=account, data=data)
            emit(workspace=account.workspace, type="account.state", subject=account, data=data)
    return account


# --- Taking away ------------------------------------------------------------------------------------------------------
def consequences(account: Account) -> list[Stop]:
    """What disconnecting the account stops, for whoever is about to do so."""
    return [stop for _receiver, answer in account_leaving.send(sender=Account, account=account) for stop in answer]


def disconnect_account(*, account: Account, actor: Actor) -> list[Stop]:
    """Forget the credentials, cancel what is scheduled and stop what would schedule more; returns `consequences`.

    What was published stays, on the platform and in history. Raises Conflict while a post is under way.
    """
    actor.require("manage_accounts", account.workspace)
    with unit_of_work():
        locked = Account._base_manager.select_for_update(of=("self",)).select_related("workspace").get(pk=account.pk)
        if not locked.is_connected:
            return []
        stopped = consequences(locked)
        account_disconnecting.send(sender=Account, account=locked, actor=actor)
        locked.credentials, locked.state, locked.state_reason = {}, State.DISCONNECTED, ""
        locked.health, locked.health_message, locked.expires_at = Health.UNKNOWN, "", None
        locked.login_asked_at = locked.expiry_told = None
        locked.save()
        data = {"platform": locked.platform, "handle": locked.handle, "to": State.DISCONNECTED, "by": actor.label}
        data["stopped"] = {each.what: each.count for each in stopped}
        audit.record(workspace=locked.workspace, actor=actor, action="account.disconnect", target=locked, data=data)
        emit(workspace=locked.workspace_id, type="account.state", subject=locked, data=data)
    return stopped
