"""A receiver of signed webhooks, as its README asks for one: it verifies, and takes each post once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers import forms

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


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self.receiver.take(self.headers, body)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def serve(verify: Verify, secret: str) -> Iterator[Receiver]:
    receiver = Receiver(verify, secret)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": receiver}))
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
