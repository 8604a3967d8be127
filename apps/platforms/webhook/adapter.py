"""A signed webhook: posts go to a server of one's own, which does with them what it likes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.common.errors import AdapterError, Invalid
from apps.common.text.words import fit
from apps.platforms import http
from apps.platforms.base import (
    Capability,
    Connection,
    CredentialField,
    Draft,
    Identity,
    Limits,
    Platform,
    PublishRequest,
    PublishResult,
    Report,
)
from apps.platforms.webhook.body import Body, json_body, post_body
from apps.platforms.webhook.signing import headers, key_of

_LONGEST_ID, _LONGEST_URL = 200, 500
_MOVED = (301, 302, 307, 308)


class WebhookPlatform(Platform):
    slug = "webhook"
    label = _("Signed webhook")
    capability = Capability.KEY
    own_title = True
    pictures_beside_video = True
    # What README.md asks of receivers.
    key_seconds = 86_400.0
    limits = Limits(
        as_of=date(2026, 11, 1),
        title=300,
        text=10_000,
        hashtags=30,
        pictures=10,
        source="apps/platforms/webhook/README.md",
    )
    credential_fields = (
        CredentialField(
            "url",
            _("Address"),
            help=_("Where the receiver listens, such as https://hooks.example.org/rundown."),
            secret=False,
        ),
        CredentialField(
            "secret",
            _("Signing secret"),
            help=_("Make one with “openssl rand -base64 32”, and give the receiver the same one."),
        ),
        CredentialField(
            "old_secret",
            _("Previous signing secret"),
            help=_("While you change the secret: posts are signed with both, until this is empty again."),
            required=False,
        ),
    )
    timeout = 120.0

    def compose(self, draft: Draft) -> str:
        return draft.text

    def keep(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        checks = {"url": lambda: self._url(fields), "secret": lambda: self._keys(fields)}
        for name, check in checks.items():
            try:
                check()
            except AdapterError as error:
                raise Invalid(error.message, hint=error.hint, **{name: [str(error)]}) from error
        return dict(fields)

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        body = post_body(request, self.compose(request.draft))
        identifier = str(request.post_key)
        answer = self._send(request.connection, identifier, body, request.timeout, report)
        said = _content(answer)
        external_id, url = said.get("id"), said.get("url")
        return PublishResult(
            external_id=str(external_id)[:_LONGEST_ID] if isinstance(external_id, str | int) else identifier,
            url=url if isinstance(url, str) and _is_address(url) else "",
        )

    def check(self, connection: Connection) -> Identity:
        """The receiver is asked by a signed message that publishes nothing."""
        answer = self._send(connection, str(uuid.uuid4()), json_body({"type": "ping", "data": {}}), 30.0, None)
        parts = urlsplit(self._url(connection.credentials))
        said = _content(answer)
        return Identity(f"{parts.netloc}{parts.path.rstrip('/')}", name=fit(str(said.get("name") or ""), 120))

    def _send(self, connection: Connection, identifier: str, body: Body, timeout: float, report: Report | None) -> Any:
        from apps.platforms.guard import guarded_httpx_client

        url, keys = self._url(connection.credentials), self._keys(connection.credentials)
        until = time.monotonic() + timeout
        signed = headers(keys, identifier, int(time.time()), body.read())
        described = {
            "Content-Type": body.content_type,
            "Content-Length": str(body.size),
            "Idempotency-Key": identifier,
        }
        left = max(until - time.monotonic(), 0.001)
        with guarded_httpx_client(self.config, left, event_hooks={"response": [_stay]}) as client:
            content, named = body.read(report.progress if report else None), {**described, **signed}
            return http.send(client, "POST", url, changes=report is not None, content=content, headers=named)

    def _url(self, credentials: Mapping[str, Any]) -> str:
        url = str(credentials.get("url") or "").strip()
        parts = urlsplit(url) if _is_address(url) else None
        if parts is None or (parts.scheme == "http" and parts.hostname not in self.config.private_hosts):
            raise AdapterError(_now("The address must begin with https://."), permanent=True)
        return url

    @staticmethod
    def _keys(credentials: Mapping[str, Any]) -> list[bytes]:
        """The new secret first."""
        secrets = [credentials.get("secret") or "", credentials.get("old_secret") or ""]
        return [key_of(secrets[0]), *[key_of(old) for old in secrets[1:] if old]]


def _stay(response: httpx.Response) -> None:
    """A receiver that has moved did not take the post; other redirects might follow a taken one."""
    if response.status_code in _MOVED:
        hint = _now("Connect the account with the address that it ends at.")
        raise AdapterError(_now("The receiver's address leads elsewhere."), permanent=True, hint=hint)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return len(url) <= _LONGEST_URL and parts.scheme in ("http", "https") and bool(parts.hostname)


def _content(answer: Any) -> dict[str, Any]:
    """The answer as JSON, if it is; a receiver need not say anything."""
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
