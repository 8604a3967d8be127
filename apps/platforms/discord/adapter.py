"""Discord channels, by a webhook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import regex
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Invalid
from apps.common.text.words import fit
from apps.platforms.base import (
    Capability,
    Connection,
    CredentialField,
    Draft,
    Identity,
    Limits,
    MediaFile,
    NeedsLogin,
    OutcomeUnknown,
    Platform,
    PublishRequest,
    PublishResult,
    Report,
    SettingField,
)

_HOSTS = {"discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"}
_PATH = regex.compile(r"/api(?:/v\d+)?/webhooks/(\d{1,20})/([\w-]{20,})/?")
_VERSION = "v10"
_NO_PREVIEWS, _SILENT = 1 << 2, 1 << 12
_HEADING = 100
_YES_NO = (("no", _("No")), ("yes", _("Yes")))


class DiscordPlatform(Platform):
    slug = "discord"
    label = _("Discord")
    capability = Capability.NONE
    limits = Limits(
        as_of=date(2026, 11, 1),
        unit="code_points",
        text=2000,
        pictures=10,
        picture_bytes=10 * 1024 * 1024,
        files=10,
        alt_text=1024,
        video_bytes=10 * 1024 * 1024,
        calls=30,
        per_seconds=60,
        source="https://docs.discord.com/developers/resources/webhook",
    )
    credential_fields = (
        CredentialField(
            "url",
            _("Webhook URL"),
            help=_(
                "In Discord: the channel's settings, Integrations, Webhooks, New webhook, Copy webhook URL. "
                "Who knows it can post in the channel."
            ),
        ),
    )
    setting_fields = (
        SettingField("silent", _("Without a notification"), default="no", choices=_YES_NO),
        SettingField("previews", _("Previews of links"), default="yes", choices=_YES_NO),
        SettingField(
            "thread",
            _("Thread"),
            help=_(
                "The number of a thread, or of a post in a forum: with the developer mode on (Settings, Advanced), "
                "right-click it and choose Copy thread ID. Empty: posts go into the channel; in a forum, each is a new "
                "post under its title."
            ),
        ),
    )
    metrics = ("reactions",)
    timeout = 90.0
    pictures_beside_video = True
    upload_page = "https://discord.com/channels/@me"
    link_hosts = ("discord.com", "ptb.discord.com", "canary.discord.com")

    def compose(self, draft: Draft) -> str:
        tags = " ".join(f"#{tag}" for tag in draft.hashtags)
        return "\n\n".join(piece for piece in (draft.text or draft.title, tags) if piece)

    def keep(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {"url": self._address(fields["url"])}

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        """Into the channel or the thread; a forum gets a new post of its own, under the title."""
        from apps.platforms.discord.client import WantsTitle

        attached, thread = _attached(request), str(request.settings.get("thread") or "")
        payload, files = self._payload(request, attached), tuple(file for file, _alt in attached)
        with self._client(request.connection, request.timeout) as client:
            server = client.describe().get("guild_id")
            try:
                made = client.execute(payload, files, {"thread_id": thread} if thread else {}, report)
            except WantsTitle:  # nobody but the channel itself says that it is a forum
                made = client.execute({**payload, "thread_name": _heading(request)}, files, {}, report)
        channel, message = made.get("channel_id"), str(made["id"])
        if not channel:
            raise OutcomeUnknown(_now("Discord's answer could not be read."))
        url = f"https://discord.com/channels/{server}/{channel}/{message}" if server else ""
        return PublishResult(f"{channel}/{message}", url)

    def _payload(self, request: PublishRequest, attached: list[tuple[MediaFile, str]]) -> dict[str, Any]:
        """No mention in a text ever calls anybody: who writes a story does not mean @everyone."""
        from apps.platforms.discord.client import name_of

        settings = request.settings
        flags = _NO_PREVIEWS if settings.get("previews") == "no" else 0
        flags |= _SILENT if settings.get("silent") == "yes" else 0
        payload: dict[str, Any] = {
            "content": self.compose(request.draft),
            "allowed_mentions": {"parse": []},
            "flags": flags,
        }
        if attached:
            payload["attachments"] = [
                {"id": n, "filename": name_of(n, file), "description": alt[: self.limits.alt_text]}
                for n, (file, alt) in enumerate(attached)
            ]
        return payload

    def check(self, connection: Connection) -> Identity:
        with self._client(connection, 30.0) as client:
            found = client.describe()
        where = (found.get("guild_id"), found.get("channel_id"))
        url = "https://discord.com/channels/{}/{}".format(*where) if all(where) else ""
        return Identity(str(found["id"]), name=str(found.get("name") or ""), url=url)

    def read_metrics(self, connection: Connection, external_id: str) -> Mapping[str, int]:
        with self._client(connection, 30.0) as client:
            channel, _slash, number = external_id.partition("/")
            # Only what stands in a thread is asked for by its place.
            message = client.message(number, "" if channel == client.describe().get("channel_id") else channel)
        return {"reactions": sum(int(each.get("count") or 0) for each in message.get("reactions") or [])}

    def _client(self, connection: Connection, timeout: float) -> Any:
        from apps.platforms.discord.client import Client

        try:
            address = self._address(connection.credentials.get("url", ""))
        except Invalid as error:
            raise NeedsLogin(error.message, hint=error.hint) from None
        return Client(address, self.config, timeout)

    def _address(self, written: Any) -> str:
        """The webhook under the version that we speak; only Discord's own hosts, or private ones of one's own."""
        try:
            parts = urlsplit(str(written).strip())
            host, found = parts.hostname or "", _PATH.fullmatch(parts.path)
        except ValueError:
            host, found = "", None
        ours = host in _HOSTS and parts.scheme == "https" and parts.port is None
        if not found or not (ours or host in self.config.private_hosts):
            message = _now("This is no webhook URL of Discord.")
            hint = _now("It begins with https://discord.com/api/webhooks/.")
            raise Invalid(message, hint=hint, url=[f"{message} {hint}"])
        return f"{parts.scheme}://{parts.netloc}/api/{_VERSION}/webhooks/{found[1]}/{found[2]}"


def _attached(request: PublishRequest) -> list[tuple[MediaFile, str]]:
    """The files in their order, and the words for those who cannot see them."""
    film = [(request.video, request.draft.title)] if request.video else []
    return film + [(picture.file, picture.alt) for picture in request.pictures]


def _heading(request: PublishRequest) -> str:
    """What a new post in a forum is called: its title, or the first words of its text."""
    return fit(" ".join((request.draft.title or request.draft.text).split()), _HEADING) or request.account
