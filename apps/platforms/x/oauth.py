"""X's OAuth 2 with PKCE. Every refresh token works once: the next one comes with the new access token."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms.base import Login, NeedsLogin, RateLimited
from apps.platforms.http import client, retry_after

SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
SECONDS = 20.0


def begin(page: str, fields: Mapping[str, Any], *, redirect_uri: str, state: str, challenge: str) -> Login:
    query = {
        "response_type": "code",
        "client_id": fields["client_id"],
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    kept = {"client_id": fields["client_id"], "client_secret": fields["client_secret"]}
    return Login(f"{page}?{urlencode(query)}", kept)


def finish(url: str, kept: Mapping[str, Any], *, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
    given = _exchange(
        url, kept, grant_type="authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=verifier
    )
    missing = set(SCOPES) - set(str(given.get("scope", "")).split())
    if missing or not given.get("refresh_token"):
        raise NeedsLogin(
            _("The login does not allow everything that publishing needs."),
            hint=_("In X's developer console, give the app “Read and write”, then log in again."),
        )
    return _kept(kept, given)


def renew(url: str, credentials: Mapping[str, Any]) -> dict[str, Any]:
    given = _exchange(url, credentials, grant_type="refresh_token", refresh_token=credentials["refresh_token"])
    return _kept(credentials, given)


def _kept(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    fresh = {name: given[name] for name in ("access_token", "refresh_token") if given.get(name)}
    return {**known, **fresh, "expires_at": time.time() + float(given.get("expires_in", 7200))}


def _exchange(url: str, app: Mapping[str, Any], **grant: Any) -> dict[str, Any]:
    auth = httpx.BasicAuth(app["client_id"], app["client_secret"])
    try:
        with client(timeout=SECONDS) as http:
            response = http.post(url, data={"client_id": app["client_id"], **grant}, auth=auth)
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        raise AdapterError(_("X's login could not be reached."), reason=reason) from error
    try:
        given = response.json()
    except ValueError:
        given = {}
    if response.is_success and given.get("access_token"):
        return given
    status, code = response.status_code, str(given.get("error", ""))
    if code in ("invalid_client", "unauthorized_client"):
        raise NeedsLogin(
            _("X does not know the client ID or its secret."),
            hint=_("Compare them with X's developer console, then connect the account again."),
        )
    # X says invalid_request of a token that was used or revoked.
    if code in ("invalid_grant", "invalid_request", "access_denied") or status == 401:
        raise NeedsLogin(_("The login was revoked or has ended."), hint=_("Connect the account again."))
    if status == 429:
        raise RateLimited(_("X asks to wait."), retry_after=retry_after(response), status_code=status)
    raise AdapterError(_("X's login had a fault of its own."), status_code=status, said=code)
