"""Bluesky, and every other server (PDS) of its network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Invalid
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

SERVER = "https://bsky.social"
VIDEO_SERVICE = "https://video.bsky.app"


class BlueskyPlatform(Platform):
    slug = "bluesky"
    label = _("Bluesky")
    capability = Capability.KEY
    limits = Limits(
        as_of=date(2026, 11, 21),
        unit="graphemes",
        text=300,
        text_bytes=3000,
        hashtag=64,
        pictures=10,  # larger ones are made anew, see pictures.py
        alt_text=2000,
        video_seconds=600,
        video_bytes=300_000_000,
        # 5,000 points an hour and 35,000 a day; making a record costs three.
        calls=1600,
        per_seconds=3600,
        source="https://docs.bsky.app/docs/advanced-guides/rate-limits",
    )
    credential_fields = (
        CredentialField("handle", _("Handle"), help=_("Such as name.bsky.social."), secret=False),
        CredentialField(
            "app_password",
            _("App password"),
            help=_(
                "Leave this empty to log in on Bluesky's own page. Or make one in Bluesky, under Settings, Privacy and "
                "security, App passwords: press Add app password, give it a name, and paste what it shows. It is not "
                "the password you log in with."
            ),
            required=False,
        ),
        CredentialField(
            "server",
            _("Server"),
            help=_("Only for accounts that live elsewhere than on Bluesky's own servers: the address of their PDS."),
            secret=False,
            required=False,
        ),
    )
    setting_fields = (
        SettingField(
            "video_service",
            _("Video service"),
            default=VIDEO_SERVICE,
            help=_(
                "Converts a video before its post appears. Empty: the video goes straight to the account's server, "
                "and people see it some seconds after the post."
            ),
        ),
    )
    oauth = True
    answers = ("code", "iss")
    metrics = ("likes", "reposts", "replies", "quotes")
    timeout = 240.0
    upload_page = "https://bsky.app/"
    link_hosts = ("bsky.app",)
    # A session lasts two hours.
    refresh_before = 900.0

    directory = "https://plc.directory"

    def compose(self, draft: Draft) -> str:
        tags = " ".join(f"#{tag}" for tag in draft.hashtags)
        return "\n\n".join(piece for piece in (draft.text or draft.title, tags) if piece)

    def logs_in_on_page(self, fields: Mapping[str, Any]) -> bool:
        return not fields.get("app_password")

    def begin_login(self, fields: Mapping[str, Any], *, redirect_uri: str, state: str, challenge: str) -> Login:
        server = given_server(fields, self.config, default=SERVER)
        with self._oauth() as login:
            return login.begin(server, _handle(fields), redirect_uri=redirect_uri, state=state, challenge=challenge)

    def finish_login(
        self, kept: Mapping[str, Any], *, answer: Mapping[str, str], redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        with self._oauth() as login:
            return login.finish(kept, answer, redirect_uri=redirect_uri, verifier=verifier)

    def keep(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        server, handle = given_server(fields, self.config, default=SERVER), _handle(fields)
        # There is no session yet, so the first that is asked for is due at once.
        return {**fields, "handle": handle, "server": server, "expires_at": 1.0}

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        from apps.platforms.bluesky.posting import Posting

        with self._client(request.credentials, request.timeout) as client:
            posting = Posting(client, request, self.compose(request.draft), report, self.config)
            return client.acting(request.credentials, posting.publish, report)

    def check(self, connection: Connection) -> Identity:
        with self._client(connection.credentials, 30.0) as client:
            return client.acting(connection.credentials, client.identity)

    def refresh(self, connection: Connection) -> Mapping[str, Any]:
        if "dpop_key" in connection.credentials:
            with self._oauth() as login:
                return login.renewed(connection.credentials)
        with self._client(connection.credentials, 30.0) as client:
            return {**connection.credentials, **client.renewed(connection.credentials)}

    def read_metrics(self, connection: Connection, external_id: str) -> Mapping[str, int]:
        with self._client(connection.credentials, 30.0) as client:
            return client.acting(connection.credentials, lambda: client.metrics(external_id))

    def _oauth(self) -> Any:
        from apps.platforms.bluesky.oauth import OAuth

        return OAuth(self.config, self.directory)

    def _client(self, credentials: Mapping[str, Any], timeout: float) -> Any:
        from apps.platforms.bluesky.client import Client

        address = credentials.get("pds") or credentials.get("server") or SERVER
        return Client(server_address(address, self.config), self.config, timeout)


def _handle(fields: Mapping[str, Any]) -> str:
    """name.bsky.social of "@name.bsky.social" or "https://bsky.app/profile/name.bsky.social"; raises Invalid."""
    handle = str(fields["handle"]).strip().rstrip("/").rpartition("/")[2].removeprefix("@").lower()
    if "." not in handle or " " in handle:
        message = _now("Write the whole handle, such as name.bsky.social.")
        raise Invalid(message, handle=[message])
    return handle
