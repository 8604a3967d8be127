"""Mastodon, and servers that speak its API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.platforms.addresses import given_server, server_address
from apps.platforms.base import (
    Capability,
    Connection,
    CredentialField,
    Draft,
    Identity,
    Limits,
    Login,
    Platform,
    PublishRequest,
    PublishResult,
    Report,
    SettingField,
)
from apps.platforms.mastodon.counting import countable

VISIBILITIES = (
    ("public", _("Everybody, and in public timelines")),
    ("unlisted", _("Everybody, but not in public timelines")),
    ("private", _("Followers only")),
    ("direct", _("Mentioned people only")),
)
# What servers set for themselves and tell: settings of the account, and the limits that they stand for.
OF_SERVER = {
    "characters": "text",
    "images": "pictures",
    "image_bytes": "picture_bytes",
    "video_bytes": "video_bytes",
    "alt_text": "alt_text",
}


class MastodonPlatform(Platform):
    slug = "mastodon"
    label = _("Mastodon")
    capability = Capability.KEY
    # Servers remember a key for an hour; see README.md.
    key_seconds = 3600.0
    limits = Limits(
        as_of=date(2026, 11, 1),
        unit="graphemes",
        text=500,
        pictures=4,
        picture_bytes=16 * 1024 * 1024,
        alt_text=1500,
        video_bytes=99 * 1024 * 1024,
        calls=30,
        per_seconds=300,
        source="https://docs.joinmastodon.org/entities/Instance/",
    )
    credential_fields = (
        CredentialField(
            "server",
            _("Server"),
            help=_("Where the account lives, such as mastodon.social: the second half of @name@server."),
            secret=False,
        ),
        CredentialField(
            "access_token",
            _("Access token"),
            help=_(
                "Leave this empty to log in on the server's own page. Or make a token there, under Preferences, "
                "Development, New application, with the scopes read:accounts, read:statuses, write:media and "
                "write:statuses, and paste “Your access token”."
            ),
            required=False,
        ),
    )
    setting_fields = (
        SettingField("visibility", _("Who can see the posts"), default="public", choices=VISIBILITIES),
        SettingField(
            "content_warning",
            _("Content warning"),
            help=_("Put before every post, which then opens with a click. It counts towards the length."),
        ),
        SettingField(
            "characters",
            _("Characters in a post"),
            default="500",
            help=_("How many the server allows; asked of it at every check, where it tells."),
        ),
    )
    oauth = True
    metrics = ("likes", "reposts", "replies")
    timeout = 180.0

    def compose(self, draft: Draft) -> str:
        tags = " ".join(f"#{tag}" for tag in draft.hashtags)
        return "\n\n".join(piece for piece in (draft.text or draft.title, tags) if piece)

    def counted(self, draft: Draft) -> tuple[Limits, str]:
        said = draft.settings.get("content_warning", "") + countable(self.compose(draft))
        known = {limit: str(draft.settings.get(name) or "") for name, limit in OF_SERVER.items()}
        allowed = {limit: int(most) for limit, most in known.items() if most.isdecimal() and int(most)}
        return replace(self.limits, **allowed), said

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        with self._client(request.credentials, request.timeout) as client:
            media = client.upload(request, report)
            return client.post(self.compose(request.draft), media, request)

    def check(self, connection: Connection) -> Identity:
        with self._client(connection.credentials, 30.0) as client:
            return client.identity()

    def refresh(self, connection: Connection) -> Mapping[str, Any] | None:
        if not connection.credentials.get("refresh_token"):
            return None  # Mastodon's own tokens last until they are revoked
        with self._oauth(connection.credentials["server"]) as login:
            return login.renewed(connection.credentials)

    def keep(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {**fields, "server": given_server(fields, self.config)}

    def logs_in_on_page(self, fields: Mapping[str, Any]) -> bool:
        return not fields.get("access_token")

    def begin_login(self, fields: Mapping[str, Any], *, redirect_uri: str, state: str, challenge: str) -> Login:
        with self._oauth(given_server(fields, self.config)) as login:
            return login.begin(redirect_uri=redirect_uri, state=state, challenge=challenge)

    def finish_login(
        self, kept: Mapping[str, Any], *, answer: Mapping[str, str], redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        with self._oauth(kept["server"]) as login:
            return login.finish(kept, code=answer["code"], redirect_uri=redirect_uri, verifier=verifier)

    def read_metrics(self, connection: Connection, external_id: str) -> Mapping[str, int]:
        with self._client(connection.credentials, 30.0) as client:
            return client.metrics(external_id)

    def _client(self, credentials: Mapping[str, Any], timeout: float) -> Any:
        from apps.platforms.mastodon.client import Client

        address = server_address(credentials.get("server", ""), self.config)
        return Client(address, credentials.get("access_token", ""), self.config, timeout)

    def _oauth(self, server: str) -> Any:
        from apps.platforms.mastodon.oauth import OAuth

        return OAuth(server_address(server, self.config), self.config)
