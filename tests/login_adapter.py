"""Adapters for tests/servers/login_server.py: one that logs in on the platform's page, one with a form."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from apps.common.errors import AdapterError
from apps.platforms import http
from apps.platforms.base import (
    Capability,
    Connection,
    CredentialField,
    Identity,
    Limits,
    Login,
    NeedsLogin,
    Platform,
    PublishRequest,
    PublishResult,
    Report,
    SettingField,
)


class _Loopback(Platform):
    capability = Capability.NONE
    limits = Limits(as_of=date(2026, 11, 1), text=500, posts_per_day=5, source="tests/servers/login_server.py")
    timeout = 2.0
    margin = 0.5

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        return PublishResult(external_id=self.check(request.connection).handle)

    def check(self, connection: Connection) -> Identity:
        headers = {"Authorization": f"Bearer {connection.credentials['access_token']}"}
        with http.client(timeout=self.timeout, headers=headers) as client:
            url = f"{connection.credentials['server']}/me"
            handle = http.send(client, "GET", url, changes=False).json()["handle"]
        ends = connection.credentials.get("cookies_end")
        until = datetime.fromtimestamp(ends, UTC) if ends else None
        return Identity(handle, name=handle.title(), url=f"https://loop.example/@{handle}", expires_at=until)


class OauthPlatform(_Loopback):
    slug, label, oauth = "fake_oauth", "Loop", True
    credential_fields = (CredentialField("server", "Server", secret=False),)
    setting_fields = (SettingField("audience", "Audience", "all", choices=(("all", "Everybody"), ("few", "Friends"))),)
    notice = "It may be closed at any time."
    refresh_before = 60.0

    def begin_login(self, fields: Mapping[str, Any], *, redirect_uri: str, state: str, challenge: str) -> Login:
        query = {
            "client_id": "rundown",
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return Login(f"{fields['server']}/authorize?{urlencode(query)}", {"server": fields["server"]})

    def finish_login(
        self, kept: Mapping[str, Any], *, answer: Mapping[str, str], redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": redirect_uri}
        return self._tokens(kept["server"], {**form, "code_verifier": verifier})

    def refresh(self, connection: Connection) -> Mapping[str, Any]:
        form = {"grant_type": "refresh_token", "refresh_token": connection.credentials["refresh_token"]}
        return self._tokens(connection.credentials["server"], form)

    def _tokens(self, server: str, form: dict[str, str]) -> dict[str, Any]:
        with http.client(timeout=self.timeout) as client:
            try:
                answer = http.send(client, "POST", f"{server}/token", changes=False, data=form).json()
            except AdapterError as error:
                if error.permanent:
                    raise NeedsLogin("The platform takes this login no more.") from error
                raise
        ends = time.time() + answer["expires_in"]
        tokens = {name: answer[name] for name in ("access_token", "refresh_token")}
        return {"server": server, **tokens, "expires_at": ends}


class FormPlatform(_Loopback):
    """Credentials by form; they may hold `cookies_end`, when the session ends by itself."""

    slug, label = "fake_form", "Form"
    credential_fields = (
        CredentialField("server", "Server", secret=False),
        CredentialField("access_token", "Token", "From the settings page."),
        CredentialField("cookies_end", "End", required=False, secret=False),
    )
    setting_fields = OauthPlatform.setting_fields

    def keep(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        ends = fields.get("cookies_end")
        return {**fields, **({"cookies_end": float(ends)} if ends else {})}
