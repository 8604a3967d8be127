"""Logging in at a server that has never heard of us: we register there first."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import requests
from django.utils.translation import gettext as _
from mastodon import Mastodon, MastodonError

from apps.common.errors import AdapterError
from apps.platforms.base import Login, NeedsLogin, PlatformConfig
from apps.platforms.guard import guarded_requests_session
from apps.platforms.mastodon.client import unreachable

SCOPES = ["read:accounts", "read:statuses", "write:media", "write:statuses"]
_SECONDS = 30.0


class OAuth:
    """address: as `server_address` gives it."""

    def __init__(self, address: str, config: PlatformConfig) -> None:
        self._address, self._config = address, config
        self._session = guarded_requests_session(config, _SECONDS)
        self._session.max_redirects = 0

    def __enter__(self) -> OAuth:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._session.close()

    def begin(self, *, redirect_uri: str, state: str, challenge: str) -> Login:
        with self._asked():
            client_id, secret = Mastodon.create_app(
                "Rundown",
                scopes=SCOPES,
                redirect_uris=redirect_uri,
                website=self._config.site_url or None,
                api_base_url=self._address,
                request_timeout=_SECONDS,
                session=self._session,
                user_agent=self._config.user_agent,
            )
            address = self._api().auth_request_url(
                client_id=client_id,
                redirect_uris=redirect_uri,
                scopes=SCOPES,
                state=state,
                allow_http=self._address.startswith("http:"),
            )
        proof = urlencode({"code_challenge": challenge, "code_challenge_method": "S256"})
        kept = {"server": self._address, "client_id": client_id, "client_secret": secret}
        return Login(f"{address}&{proof}", kept)

    def finish(self, kept: Mapping[str, Any], *, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            # Servers before 4.3 ignore it.
            "code_verifier": verifier,
            "scope": " ".join(SCOPES),
        }
        return self._token(kept, form)

    def renewed(self, credentials: Mapping[str, Any]) -> dict[str, Any]:
        return self._token(credentials, {"grant_type": "refresh_token", "refresh_token": credentials["refresh_token"]})

    def _token(self, app: Mapping[str, Any], form: dict[str, str]) -> dict[str, Any]:
        """Not by the SDK, whose log_in knows no code_verifier."""
        secrets = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
        with self._asked():
            address = self._api().oauth_authorization_server_info().get("token_endpoint")
            response = self._session.post(address or f"{self._address}/oauth/token", data=form | secrets)
            if response.status_code in (400, 401, 403):
                hint = _("Begin the login again.")
                raise NeedsLogin(_("The server refused the login."), hint=hint, status_code=response.status_code)
            if not response.ok:
                raise AdapterError(_("The server did not answer properly."), status_code=response.status_code)
            answer = response.json()
            return _credentials(self._address, answer["access_token"], answer, form, secrets)

    def _api(self) -> Mastodon:
        return Mastodon(
            api_base_url=self._address,
            session=self._session,
            request_timeout=_SECONDS,
            ratelimit_method="throw",
            user_agent=self._config.user_agent,
        )

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except (MastodonError, requests.RequestException) as error:
            raise unreachable(error, changes=False) from error
        except (KeyError, TypeError, ValueError) as error:
            message = _("That server does not let applications register.")
            raise AdapterError(message, permanent=True, hint=_("Give an access token instead.")) from error


def _credentials(
    address: str, token: str, answer: Mapping[str, Any], form: Mapping[str, str], secrets: Mapping[str, str]
) -> dict[str, Any]:
    """Mastodon's tokens last; those of some other servers end, and come with what renews them."""
    kept: dict[str, Any] = {"server": address, "access_token": token}
    again = answer.get("refresh_token") or form.get("refresh_token")
    if again and answer.get("expires_in"):
        kept |= {"refresh_token": again, "expires_at": time.time() + float(answer["expires_in"]), **secrets}
    return kept
