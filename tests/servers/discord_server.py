"""A loopback server that speaks the part of Discord's API that one webhook has."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.servers import forms, loopback

WEBHOOK, TOKEN = "1100000000000000001", "loopback-token-of-a-webhook_that-posts"
CHANNEL, GUILD = "1100000000000000002", "1100000000000000003"
PATH = f"/api/webhooks/{WEBHOOK}/{TOKEN}"


@dataclass
class Message:
    identifier: str
    payload: dict[str, Any]
    files: dict[str, bytes]
    query: dict[str, str]
    channel: str
    reactions: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class DiscordServer:
    """forum: whether the webhook's channel is one, where each message needs a thread or opens one under a title."""

    forum: bool = False
    url: str = ""
    messages: list[Message] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def texts(self) -> list[str]:
        return [message.payload["content"] for message in self.messages]

    def describe(self) -> tuple[int, dict[str, Any]]:
        return 200, {"id": WEBHOOK, "type": 1, "name": "The sea", "channel_id": CHANNEL, "guild_id": GUILD}

    def execute(self, payload: dict[str, Any], files: dict[str, bytes], query: dict[str, str]) -> tuple[int, Any]:
        if len(payload["content"]) > 2000:
            problem = {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}
            errors = {"content": {"_errors": [problem]}}
            return 400, {"message": "Invalid Form Body", "code": 50035, "errors": errors}
        if len(files) > 10:
            errors = {"attachments": {"_errors": [{"code": "BASE_TYPE_BAD_LENGTH", "message": "Must be 10 or fewer."}]}}
            return 400, {"message": "Invalid Form Body", "code": 50035, "errors": errors}
        if not payload["content"] and not files:
            return 400, {"message": "Cannot send an empty message", "code": 50006}
        if self.forum and not ("thread_id" in query or payload.get("thread_name")):
            message = "Webhooks posted to forum channels must have a thread_name or thread_id"
            return 400, {"message": message, "code": 220001}
        with self.lock:
            identifier = str(1_200_000_000_000_000_000 + len(self.messages))
            # A thread has the number of the message that opens it.
            channel = query.get("thread_id", identifier if self.forum else CHANNEL)
            self.messages.append(Message(identifier, payload, files, query, channel))
        if query.get("wait") != "true":
            return 204, {}
        return 200, {"id": identifier, "channel_id": channel, "content": payload["content"]}

    def message(self, identifier: str, channel: str) -> tuple[int, dict[str, Any]]:
        found = [each for each in self.messages if (each.identifier, each.channel) == (identifier, channel)]
        if not found:
            return 404, {"message": "Unknown Message", "code": 10008}
        return 200, {"id": identifier, "channel_id": channel, "reactions": found[0].reactions}


class _Handler(loopback.Handler):
    state: DiscordServer

    def do_GET(self) -> None:
        rest = self._rest()
        if rest is None:
            self.answer(404, {"message": "Unknown Webhook", "code": 10015})
        elif rest:
            query = dict(parse_qsl(urlsplit(self.path).query))
            self.answer(*self.state.message(rest.rpartition("/")[2], query.get("thread_id", CHANNEL)))
        else:
            self.answer(*self.state.describe())

    def do_POST(self) -> None:
        body, content_type = self.rfile.read(int(self.headers["Content-Length"])), self.headers["Content-Type"]
        if self._rest() != "":
            self.answer(404, {"message": "Unknown Webhook", "code": 10015})
            return
        if content_type.startswith("application/json"):
            payload, files = json.loads(body), {}
        else:
            fields, files = forms.opened(content_type, body)
            payload = json.loads(fields["payload_json"])
        self.answer(*self.state.execute(payload, files, dict(parse_qsl(urlsplit(self.path).query))))

    def _rest(self) -> str | None:
        """What follows the webhook's own path; None where another webhook is meant."""
        path = urlsplit(self.path).path
        own = f"/api/v10/webhooks/{WEBHOOK}/{TOKEN}"
        return path.removeprefix(own) if path.startswith(own) else None


@contextmanager
def serve() -> Iterator[DiscordServer]:
    with loopback.serving(DiscordServer(), _Handler) as state:
        yield state
