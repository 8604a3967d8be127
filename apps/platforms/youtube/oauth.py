"""Google's OAuth for web servers, with PKCE and a login that outlasts the browser."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms.base import Login, NeedsLogin
from apps.platforms.http import client, retry_after

# The second one covers reading, captions and playlists.
SCOPES = (
    "https://www.googleapis.com/auth/youtube.upload",
    "https://www.googleapis.com/auth/youtube.force-ssl",
)
SECONDS = 20.0


def begin(page: str, fields: Mapping[str, Any], *, redirect_uri: str, state: str, challenge: str) -> Login:
    query = {
        "client_id": fields["client_id"],
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "access_type": "offline",
        # Google hands out a refresh token only when it asks the person.
        "prompt": "consent",
    }
    kept = {"client_id": fields["client_id"], "client_secret": fields["client_secret"]}
    return Login(f"{page}?{urlencode(query)}", kept)


def finish(url: str, kept: Mapping[str, Any], *, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
    """Raises NeedsLogin when the code is refused, or the person did not allow everything."""
    given = _exchange(
        url, kept, grant_type="authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=verifier
    )
    missing = set(SCOPES) - set(str(given.get("scope", "")).split())
    if missing:
        raise NeedsLogin(
            _("The login does not allow everything that publishing needs."),
            hint=_("Log in again and tick every box on Google's page."),
        )
    if not given.get("refresh_token"):
        raise NeedsLogin(
            _("Google gave a login that ends within the hour."),
            hint=_("Remove the app under myaccount.google.com/permissions, then log in again."),
        )
    return _kept(kept, given)


def renew(url: str, credentials: Mapping[str, Any]) -> dict[str, Any]:
    """Raises NeedsLogin when the login was revoked."""
    given = _exchange(url, credentials, grant_type="refresh_token", refresh_token=credentials["refresh_token"])
    return _kept(credentials, given)


def _kept(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    fresh = {name: given[name] for name in ("access_token", "refresh_token") if given.get(name)}
    return {**known, **fresh, "expires_at": time.time() + float(given.get("expires_in", 3600))}


def _exchange(url: str, app: Mapping[str, Any], **grant: Any) -> dict[str, Any]:
    data = {"client_id": app["client_id"], "client_secret": app["client_secret"], **grant}
    try:
        with client(timeout=SECONDS) as http:
            response = http.post(url, data=data)
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        raise AdapterError(_("Google's login could not be reached."), reason=reason) from error
    try:
        given = response.json()
    except ValueError:
        given = {}
    if response.is_success and given.get("access_token"):
        return given
    code = str(given.get("error", ""))
    if code in ("invalid_client", "unauthorized_client"):
        raise NeedsLogin(
            _("Google does not know the client ID or its secret."),
            hint=_("Compare them with the Google Cloud console, then connect the account again."),
        )
    if code in ("invalid_grant", "access_denied") or response.status_code == 401:
        raise NeedsLogin(_("The login was revoked or has ended."), hint=_("Connect the account again."))
    raise AdapterError(
        _("Google's login had a fault of its own."),
        retry_after=retry_after(response),
        status_code=response.status_code,
        said=code,
    )
