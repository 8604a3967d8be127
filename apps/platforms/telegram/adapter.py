"""Telegram channels and groups, by a bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import regex
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.common.errors import AdapterError, Invalid
from apps.platforms.addresses import given_server, server_address
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
    Problem,
    PublishRequest,
    PublishResult,
    Report,
    SettingField,
)
from apps.platforms.shape import shape_of

SERVER = "https://api.telegram.org"
_TOKEN = regex.compile(r"\d+:[A-Za-z0-9_-]{20,}")
_CHAT = regex.compile(r"@[A-Za-z]\w{3,31}|-?\d{1,20}")
_CAPTION = 1024
_OWN_SERVER_BYTES = 2_000_000_000
_YES_NO = (("no", _("No")), ("yes", _("Yes")))


class TelegramPlatform(Platform):
    slug = "telegram"
    label = _("Telegram")
    capability = Capability.NONE
    limits = Limits(
        as_of=date(2026, 11, 21),
        unit="utf16",
        text=4096,
        pictures=10,
        picture_bytes=10_000_000,
        files=10,
        video_bytes=50_000_000,
        calls=20,
        per_seconds=60,
        source="https://core.telegram.org/bots/api, https://core.telegram.org/bots/faq",
    )
    credential_fields = (
        CredentialField(
            "token",
            _("Bot token"),
            help=_("Write to @BotFather in Telegram: /newbot makes a bot and tells its token."),
        ),
        CredentialField(
            "chat",
            _("Channel or group"),
            help=_(
                "Such as @my_channel. One without a name has a number: open it at web.telegram.org, where the address "
                "ends in it, such as -1001234567890. Then make the bot an administrator who may post messages."
            ),
            secret=False,
        ),
        CredentialField(
            "server",
            _("Bot API server"),
            help=_("Only for a Bot API server of your own, such as one that takes larger files."),
            secret=False,
            required=False,
        ),
    )
    setting_fields = (
        SettingField("silent", _("Without a sound"), default="no", choices=_YES_NO),
        SettingField("previews", _("Previews of links"), default="yes", choices=_YES_NO),
        SettingField("topic", _("Topic"), help=_("The number of a topic, in groups that have topics.")),
    )
    timeout = 120.0
    pictures_beside_video = True
    upload_page = "https://web.telegram.org/"
    link_hosts = ("t.me", "telegram.me")

    def compose(self, draft: Draft) -> str:
        tags = " ".join(f"#{tag}" for tag in draft.hashtags)
        return "\n\n".join(piece for piece in (draft.text or draft.title, tags) if piece)

    def counted(self, draft: Draft) -> tuple[Limits, str]:
        limits = self.limits
        if draft.has_video or draft.pictures:
            limits = replace(limits, text=_CAPTION)
        if draft.settings.get("own_server") == "yes":
            limits = replace(limits, video_bytes=_OWN_SERVER_BYTES)
        return limits, self.compose(draft)

    def validate(self, draft: Draft) -> list[Problem]:
        problems, most = super().validate(draft), self.counted(draft)[0].video_bytes
        together = (draft.size or 0) + sum(draft.picture_sizes)
        if together > most >= (draft.size or 0):
            message = _("The files have %(size)d MB together; at most %(most)d MB fit.")
            problems.append(Problem("pictures", message % {"size": -(-together // 10**6), "most": most // 10**6}))
        return problems

    def keep(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        token, chat = str(fields["token"]).strip(), _chat(str(fields["chat"]))
        if not _TOKEN.fullmatch(token):
            message = _now("This is no bot token; they look like 123456:ABC-DEF…")
            raise Invalid(message, token=[message])
        if not _CHAT.fullmatch(chat):
            message = _now("Write the channel like @my_channel, or as a number; an invitation is no name.")
            raise Invalid(message, chat=[message])
        return {"token": token, "chat": chat, "server": given_server(fields, self.config, default=SERVER)}

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        method, fields, files = self._message(request)
        with self._client(request.connection, request.timeout) as client:
            answer = client.send(method, fields, files, report)
        message = answer[0] if isinstance(answer, list) and answer else answer
        try:
            chat, number = message["chat"], int(message["message_id"])
            return PublishResult(f"{chat['id']}/{number}", _link(chat, number))
        except (KeyError, TypeError, ValueError) as error:
            raise OutcomeUnknown(_now("Telegram's answer could not be read.")) from error

    def _message(self, request: PublishRequest) -> tuple[str, dict[str, Any], dict[str, MediaFile]]:
        """Method, fields and files. No parse mode: what people write is never markup."""
        settings, text = request.settings, self.compose(request.draft)
        fields: dict[str, Any] = {
            "chat_id": request.credentials["chat"],
            "disable_notification": settings.get("silent") == "yes",
            "message_thread_id": str(settings.get("topic") or ""),
        }
        if len(request.pictures) + bool(request.video) > 1:
            return _album(request, fields, text)
        if request.video:
            film, files = _film(request, request.video)
            return "sendVideo", fields | film | {"caption": text}, {"video": request.video, **files}
        if request.pictures:
            return "sendPhoto", fields | {"caption": text}, {"photo": request.pictures[0].file}
        hidden = {"is_disabled": True} if settings.get("previews") == "no" else None
        return "sendMessage", fields | {"text": text, "link_preview_options": hidden}, {}

    def check(self, connection: Connection) -> Identity:
        """Whether the bot is there and may post."""
        with self._client(connection, 30.0) as client:
            chat = connection.credentials.get("chat", "")
            try:
                bot = client.ask("getMe")
                found = client.ask("getChat", chat_id=chat)
                member = client.ask("getChatMember", chat_id=chat, user_id=bot["id"])
                if not _may_post(found, member):
                    hint = _now("Make the bot an administrator who may post messages.")
                    raise NeedsLogin(_now("The bot may not post there."), hint=hint)
                name = f"@{found['username']}" if found.get("username") else str(found["id"])
                url = f"https://t.me/{found['username']}" if found.get("username") else ""
                own_server = "no" if (connection.credentials.get("server") or SERVER) == SERVER else "yes"
                return Identity(name, name=found.get("title", ""), url=url, settings={"own_server": own_server})
            except (KeyError, TypeError) as error:
                raise AdapterError(_now("Telegram's answer could not be read.")) from error

    def _client(self, connection: Connection, timeout: float) -> Any:
        from apps.platforms.telegram.client import Client

        credentials = connection.credentials
        address = server_address(credentials.get("server") or SERVER, self.config)
        return Client(address, credentials.get("token", ""), self.config, timeout)


def _film(request: PublishRequest, video: MediaFile) -> tuple[dict[str, Any], dict[str, MediaFile]]:
    """What Telegram is told of a video, and the files that go with it."""
    film: dict[str, Any] = {"supports_streaming": True, "duration": round(request.draft.duration or 0)}
    # Telegram looks into no file of more than about 10 MB, and shows it as a square unless it is told.
    if shape := shape_of(video):
        film |= {"width": shape[0], "height": shape[1]}
    if request.thumbnail is None:
        return film, {}
    return film | {"cover": "attach://cover"}, {"cover": request.thumbnail}


def _album(
    request: PublishRequest, fields: dict[str, Any], text: str
) -> tuple[str, dict[str, Any], dict[str, MediaFile]]:
    """The video first. The words of the first file stand under the whole album."""
    media, files = [], {}
    if request.video:
        film, files = _film(request, request.video)
        files["video"] = request.video
        media.append({"type": "video", "media": "attach://video", **film})
    for number, picture in enumerate(request.pictures):
        files[f"picture{number}"] = picture.file
        media.append({"type": "photo", "media": f"attach://picture{number}"})
    media[0]["caption"] = text
    return "sendMediaGroup", fields | {"media": media}, files


def _chat(written: str) -> str:
    """@name of "@name", "name", or "https://t.me/name"; a number as it is."""
    text = written.strip().removeprefix("https://").removeprefix("t.me/").rstrip("/")
    return f"@{text}" if regex.fullmatch(r"[A-Za-z]\w*", text) else text


def _may_post(chat: Mapping[str, Any], member: Mapping[str, Any]) -> bool:
    if chat["type"] == "channel":
        return member["status"] == "administrator" and bool(member.get("can_post_messages"))
    if member["status"] == "restricted":
        return bool(member.get("can_send_messages"))
    return member["status"] in ("administrator", "member", "creator")


def _link(chat: Mapping[str, Any], number: int) -> str:
    """Where people see the message; those of private channels are for members only."""
    if chat.get("username"):
        return f"https://t.me/{chat['username']}/{number}"
    private = str(chat["id"]).removeprefix("-100")
    return f"https://t.me/c/{private}/{number}" if private != str(chat["id"]) else ""
