"""A receiver of signed webhooks, as its README asks for one: it verifies, and takes each post once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.servers import forms, loopback

Verify = Callable[[str, Mapping[str, str], bytes], bool]


@dataclass
class Receiver:
    """secret: that it knows. posts: by their ids, in order. files: content by post and name. pings: checks."""

    verify: Verify
    secret: str
    url: str = ""
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    pings: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        if not self.verify(self.secret, headers, body):
            return 401, {"error": "The signature is not right."}
        content, files = _opened(headers["Content-Type"], body)
        if content["type"] == "ping":
            self.pings += 1
            return 200, {"name": "The receiver"}
        identifier = headers["webhook-id"]
        with self.lock:
            if identifier not in self.posts:
                self.posts[identifier] = content["data"]
                self.files |= {(identifier, name): file for name, file in files.items()}
            number = list(self.posts).index(identifier) + 1
        return 201, {"id": f"post-{number}", "url": f"https://receiver.example.org/{number}"}


def _opened(content_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The JSON and the files."""
    if content_type == "application/json":
        return json.loads(body), {}
    fields, files = forms.opened(content_type, body)
    return json.loads(fields["post"]), files


class _Handler(loopback.Handler):
    state: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self.state.take(self.headers, body)
        self.answer(status, answer)


@contextmanager
def serve(verify: Verify, secret: str) -> Iterator[Receiver]:
    with loopback.serving(Receiver(verify, secret), _Handler) as state:
        yield state
