"""Logging in on a platform's own page: OAuth with PKCE (RFC 7636, S256).

The value that goes around the world (`state`) is random, is stored as a hash, and comes back to the same browser,
person and workspace, once, within ten minutes. What finishing needs, the verifier among it, lies sealed meanwhile.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings as site
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_scopes import scope

from apps.common.errors import AdapterError, Conflict, DomainError, Invalid
from apps.common.transactions import unit_of_work
from apps.platforms.base import Connection, NeedsLogin
from apps.platforms.models import Account, PendingLogin
from apps.platforms.registry import adapter
from apps.platforms.services import check_notice, identify, kept_fields, log_in_again, save_account, told_in_form
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

VALID_FOR = timedelta(minutes=10)


class LoginGone(DomainError):
    """The way back leads nowhere: it was used, is too old, or belongs to another browser."""

    code = "login_gone"
    status = 410

    def __init__(self) -> None:
        super().__init__(_("This login is not waiting any more."), hint=_("Begin it again on the accounts page."))


def callback_url() -> str:
    """The one address that platforms send people back to; it is what an app must be registered with."""
    return site.SITE_URL + reverse("account-callback")


def begin_login(
    *,
    workspace: Workspace,
    actor: Actor,
    session_key: str,
    platform: str,
    fields: Mapping[str, Any],
    account: Account | None = None,
    accepted: bool = False,
    name: str = "",
    settings: dict[str, Any] | None = None,
) -> str:
    """The address of the platform's login page. account: the one that logs in again, None for a new one.

    May call the platform. Raises Invalid for missing fields, AdapterError when the platform does not answer.
    """
    actor.require("manage_accounts", workspace)
    plug = adapter(platform)
    if account is None:
        check_notice(plug, accepted)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    given = kept_fields(plug, fields)
    try:
        login = plug.begin_login(given, redirect_uri=callback_url(), state=state, challenge=challenge)
    except NeedsLogin:
        raise
    except AdapterError as error:
        raise told_in_form(plug, error) from error
    with unit_of_work():
        PendingLogin._base_manager.create(
            workspace=workspace,
            state_hash=_digest(state),
            session_hash=_digest(session_key),
            user=actor.user,
            platform=platform,
            account=account,
            kept={"login": dict(login.kept), "verifier": verifier, "name": name, "settings": settings or {}},
            expires_at=timezone.now() + VALID_FOR,
        )
    return login.url


def waiting_login(*, state: str, session_key: str, user: Any) -> PendingLogin:
    """The login that this browser began; raises LoginGone."""
    rows = PendingLogin._base_manager.select_related("workspace", "account__workspace", "user")
    login = rows.filter(state_hash=_digest(state), expires_at__gt=timezone.now()).first()
    if login is None or login.user_id != user.pk:
        raise LoginGone
    if not hmac.compare_digest(login.session_hash, _digest(session_key)):
        raise LoginGone
    return login


def finish_login(login: PendingLogin, *, answer: Mapping[str, str]) -> Account:
    """Take what the platform gave, ask whose login it is, and connect the account or log it in again.

    answer: what the browser came back with; an `error` in it is a refusal. Calls the platform. A login is finished
    once, whatever comes of it. Raises LoginGone, Invalid, Conflict, AdapterError.
    """
    actor = Actor.of(login.user)
    actor.require("manage_accounts", login.workspace)
    kept = login.kept
    if not PendingLogin._base_manager.filter(pk=login.pk).delete()[0]:
        raise LoginGone
    plug = adapter(login.platform)
    if "error" in answer or not all(answer.get(name) for name in plug.answers):
        raise Conflict(
            _("%(platform)s did not let Rundown in.") % {"platform": plug.label},
            hint=_("Nothing has changed. Begin again when you want to allow it."),
        )
    try:
        credentials = plug.finish_login(
            kept["login"], answer=answer, redirect_uri=callback_url(), verifier=kept["verifier"]
        )
    except NeedsLogin as error:
        raise Invalid(error.message, hint=error.hint or _("Begin the login again.")) from error
    account = login.account
    settings = account.settings if account else kept["settings"]
    identity = identify(plug, Connection(account.handle if account else "", credentials, settings))
    with scope(workspace=login.workspace):
        if account is not None:
            return log_in_again(account=account, actor=actor, identity=identity, credentials=credentials)
        return save_account(
            workspace=login.workspace,
            actor=actor,
            plug=plug,
            identity=identity,
            credentials=credentials,
            name=kept["name"],
            settings=settings,
            limits={},
        )


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
