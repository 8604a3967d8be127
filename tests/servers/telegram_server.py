"""A loopback server that speaks the part of Telegram's Bot API by which a bot posts to a channel."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.servers import forms, loopback

TOKEN = "123456789:loopback-token_of-a-bot-that-posts"
CHANNEL = {"id": -1001234567890, "type": "channel", "title": "The sea", "username": "the_sea"}
BOT = {"id": 77, "is_bot": True, "first_name": "Rundown", "username": "rundown_bot"}


class _Refusal(Exception):
    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


@dataclass
class Message:
    method: str
    fields: dict[str, Any]
    files: dict[str, bytes]


@dataclass
class TelegramServer:
    """chat: the one there is. member: what the bot is in it."""

    url: str = ""
    chat: dict[str, Any] = field(default_factory=lambda: dict(CHANNEL))
    member: dict[str, Any] = field(default_factory=lambda: {"status": "administrator", "can_post_messages": True})
    messages: list[Message] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def texts(self) -> list[str]:
        return [text_of(message) for message in self.messages]

    def call(self, token: str, method: str, fields: dict[str, str], files: dict[str, bytes]) -> Any:
        if token != TOKEN:
            raise _Refusal(401, "Unauthorized")
        if method == "getMe":
            return BOT
        if fields.get("chat_id") not in (str(self.chat["id"]), f"@{self.chat.get('username')}"):
            raise _Refusal(400, "Bad Request: chat not found")
        if method == "getChat":
            return self.chat
        if method == "getChatMember":
            return {"user": BOT, **self.member}
        if not method.startswith("send"):
            raise _Refusal(404, "Not Found")
        return self._post(method, fields, files)

    def _post(self, method: str, fields: dict[str, str], files: dict[str, bytes]) -> Any:
        read = {name: _value(value) for name, value in fields.items()}
        message = Message(method, read, files)
        text, most = text_of(message), 4096 if method == "sendMessage" else 1024
        if method == "sendMessage" and not text:
            raise _Refusal(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > most:
            raise _Refusal(400, f"Bad Request: {'message is' if most > 1024 else 'message caption is'} too long")
        album = read.get("media", [])
        if method == "sendMediaGroup" and not 2 <= len(album) <= 10:
            raise _Refusal(400, "Bad Request: group send failed")
        if not {each["media"].removeprefix("attach://") for each in album} <= set(files):
            raise _Refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")
        with self.lock:
            self.messages.append(message)
            number = 100 + len(self.messages)
        posted = [{"message_id": number + n, "date": 1_790_000_000, "chat": self.chat} for n in range(len(album) or 1)]
        return posted if album else posted[0]


def text_of(message: Message) -> str:
    media = message.fields.get("media") or [{}]
    return message.fields.get("text") or message.fields.get("caption") or media[0].get("caption", "")


def _value(text: str) -> Any:
    """Objects and lists are sent as JSON."""
    return json.loads(text) if text[:1] in "[{" else text


class _Handler(loopback.Handler):
    state: TelegramServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fields, files = forms.opened(self.headers.get("Content-Type", ""), body)
        _nothing, bot, method = self.path.split("/")
        try:
            result = self.state.call(bot.removeprefix("bot"), method, fields, files)
            self.answer(200, {"ok": True, "result": result})
        except _Refusal as error:
            self.answer(error.code, {"ok": False, "error_code": error.code, "description": error.description})


@contextmanager
def serve() -> Iterator[TelegramServer]:
    with loopback.serving(TelegramServer(), _Handler) as state:
        yield state
