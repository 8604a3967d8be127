"""Logging in on the account's own server: atproto's OAuth, with a pushed request (PAR), PKCE and bound tokens (DPoP).

Servers know an installation by the address at which it describes itself (`document`), and ask there for its keys. One
on this very machine, which no server can reach, is known by a form that the protocol keeps for development; its logins
end after two weeks.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms import http
from apps.platforms.addresses import server_address
from apps.platforms.base import Login, NeedsLogin, PlatformConfig, RateLimited
from apps.platforms.bluesky.client import home_of
from apps.platforms.bluesky.dpop import ALGORITHM, Bound, new_key, public, signed
from apps.platforms.guard import guarded_httpx_client

# Where the site serves `document`; the address is our name, so it never changes.
PATH = "/accounts/bluesky/client.json"
SCOPE = "atproto transition:generic"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LOOPBACK = ("127.0.0.1", "::1")
_SECONDS = 30.0
_LIVES = 60


def document(config: PlatformConfig, redirect_uri: str) -> dict[str, Any]:
    """How this installation describes itself to servers."""
    return {
        "client_id": config.site_url + PATH,
        "client_name": "Rundown",
        "client_uri": config.site_url,
        "redirect_uris": [redirect_uri],
        "application_type": "web",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": SCOPE,
        "dpop_bound_access_tokens": True,
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": ALGORITHM,
        "jwks": {"keys": [{**public(key), "kid": key["kid"], "alg": ALGORITHM} for key in config.signing_keys()]},
    }


def client_of(config: PlatformConfig, redirect_uri: str) -> dict[str, str]:
    """As whom we log in: our name, and which of our keys stands for it. Raises AdapterError."""
    site = urlsplit(config.site_url)
    if site.hostname in _LOOPBACK:
        return {"client_id": f"http://localhost?{urlencode({'redirect_uri': redirect_uri, 'scope': SCOPE})}"}
    if site.scheme != "https":
        raise AdapterError(
            _("Bluesky sends people back only to an address that begins with https://."),
            permanent=True,
            hint=_("Paste an app password, or set SITE_URL to an address with https."),
        )
    return {"client_id": config.site_url + PATH, "kid": config.signing_keys()[0]["kid"]}


class OAuth:
    """directory: where identifiers of accounts are looked up."""

    def __init__(self, config: PlatformConfig, directory: str) -> None:
        self._config, self._directory = config, directory
        self._http = guarded_httpx_client(config, _SECONDS, follow_redirects=False)

    def __enter__(self) -> OAuth:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._http.close()

    def begin(self, server: str, handle: str, *, redirect_uri: str, state: str, challenge: str) -> Login:
        client = client_of(self._config, redirect_uri)
        known = self._login_server(server)
        kept = {**client, "server": server, "issuer": known["issuer"], "dpop_key": new_key()}
        kept["token_endpoint"] = known["token_endpoint"]
        asked = {
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "login_hint": handle,
        }
        pushed = self._post(known["pushed_authorization_request_endpoint"], kept, asked)
        query = {"client_id": client["client_id"], "request_uri": _text(pushed, "request_uri")}
        return Login(f"{known['authorization_endpoint']}?{urlencode(query)}", kept)

    def finish(
        self, kept: Mapping[str, Any], answer: Mapping[str, str], *, redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        if answer["iss"] != kept["issuer"]:
            raise NeedsLogin(_("Another server answered than the one that was asked."))
        form = {"redirect_uri": redirect_uri, "code": answer["code"], "code_verifier": verifier}
        given = self._post(kept["token_endpoint"], kept, {"grant_type": "authorization_code", **form})
        if set(SCOPE.split()) - set(str(given.get("scope", "")).split()):
            raise NeedsLogin(_("The login does not allow everything that publishing needs."))
        did = _text(given, "sub")
        home = self._home(did)
        # Whoever gives tokens for an account must be the one that its own server trusts.
        if self._issuer(home) != kept["issuer"]:
            raise NeedsLogin(_("The account lives on another server than the one that was asked."))
        return {**kept, "did": did, "pds": home, **_tokens(given)}

    def renewed(self, credentials: Mapping[str, Any]) -> dict[str, Any]:
        form = {"grant_type": "refresh_token", "refresh_token": credentials["refresh_token"]}
        return {**credentials, **_tokens(self._post(credentials["token_endpoint"], credentials, form))}

    # --- Who is asked -------------------------------------------------------------------------------------------------
    def _login_server(self, server: str) -> dict[str, str]:
        """Name and addresses of what gives tokens for a server's accounts; they all belong to one host."""
        issuer = self._issuer(server)
        known = self._read(f"{issuer}/.well-known/oauth-authorization-server") or {}
        names = ("token_endpoint", "authorization_endpoint", "pushed_authorization_request_endpoint")
        found = {name: str(known.get(name) or "") for name in names}
        if known.get("issuer") != issuer or not all(address.startswith(f"{issuer}/") for address in found.values()):
            raise AdapterError(
                _("%(server)s offers no login page for applications.") % {"server": urlsplit(server).netloc},
                permanent=True,
                hint=_("Check the server, or paste an app password."),
            )
        return {"issuer": issuer, **found}

    def _issuer(self, server: str) -> str:
        """A server of accounts names it; a server that only logs people in, as Bluesky's own, is it."""
        named = (self._read(f"{server}/.well-known/oauth-protected-resource") or {}).get("authorization_servers")
        return server_address(str(named[0]) if isinstance(named, list) and named else server, self._config)

    def _home(self, did: str) -> str:
        """The account's own server, as the account's document says."""
        method, _colon, name = did.removeprefix("did:").partition(":")
        places = {
            "plc": f"{self._directory}/{did}",
            "web": f"{server_address(name, self._config)}/.well-known/did.json" if method == "web" else "",
        }
        home = home_of(self._read(places[method])) if places.get(method) else ""
        if not home:
            raise AdapterError(_("The network does not say where the account lives."), hint=_("Try again in a moment."))
        return server_address(home, self._config)

    # --- Asking -------------------------------------------------------------------------------------------------------
    def _read(self, url: str) -> dict[str, Any] | None:
        """A document; None where there is none."""
        answer = _content(http.exchange(self._http, "GET", url, changes=False))
        return answer if isinstance(answer, dict) else None

    def _post(self, url: str, kept: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
        proof = Bound(kept["issuer"], kept["dpop_key"])
        data = {**form, "client_id": kept["client_id"], **self._assertion(kept)}
        response = http.exchange(self._http, "POST", url, changes=False, data=data, auth=proof)
        answer = _content(response)
        if response.is_success and isinstance(answer, dict):
            return answer
        raise _refused(response, answer if isinstance(answer, dict) else {})

    def _assertion(self, kept: Mapping[str, Any]) -> dict[str, str]:
        """By one of our keys, that it is us who ask: the one that the login was begun with."""
        if "kid" not in kept:
            return {}
        key = next((each for each in self._config.signing_keys() if each["kid"] == kept["kid"]), None)
        if key is None:
            raise NeedsLogin(_("The key that this login was made with is gone."), hint=_("Connect the account again."))
        claims = {"iss": kept["client_id"], "sub": kept["client_id"], "aud": kept["issuer"]}
        claims["exp"] = int(time.time()) + _LIVES
        return {"client_assertion_type": _ASSERTION, "client_assertion": signed(claims, key, {"kid": key["kid"]})}


def _content(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise AdapterError(_("The login server's answer could not be read."))
    return value


def _tokens(given: Mapping[str, Any]) -> dict[str, Any]:
    lasts = given.get("expires_in")
    return {
        "access_token": _text(given, "access_token"),
        "refresh_token": _text(given, "refresh_token"),
        "expires_at": time.time() + (float(lasts) if isinstance(lasts, int | float) else 0.0),
    }


def _refused(response: httpx.Response, answer: Mapping[str, Any]) -> AdapterError:
    status, code = response.status_code, str(answer.get("error", ""))
    said = str(answer.get("error_description") or code or status)[:200]
    if status == 429:
        return RateLimited(_("The login server asks to wait."), retry_after=http.retry_after(response))
    if code in ("invalid_grant", "access_denied"):
        return NeedsLogin(_("The login was revoked or has ended."), hint=_("Connect the account again."), said=said)
    if 400 <= status < 500:
        return AdapterError(
            _("The login server refused: %(said)s") % {"said": said},
            permanent=True,
            hint=_("This site must be reachable from the internet at SITE_URL. Or paste an app password."),
            said=code,
        )
    return AdapterError(_("The login server did not answer properly."), status_code=status)
