"""A proxy that stands before any HTTP server and misbehaves on purpose, so that the faults meet the real thing.

What a request meets is decided by its rules: the first whose method and path fit is used up by it. Without one the
request is passed on. What arrived, and what was passed on, is written down.
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import regex

from tests.servers.loopback import Patience, trickle

HANG = 20.0
_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length"}


@dataclass(frozen=True)
class Seen:
    """headers: names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Act = Callable[["_Handler", Seen], None]


@dataclass
class Proxy:
    """url: what clients are given. seen: every request, in order. passed: those that reached the server.

    deserted: how many clients hung up while it still had something to say.
    """

    target: str
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    passed: list[Seen] = field(default_factory=list)
    rules: list[tuple[str, regex.Pattern[str], Act]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    patience: Patience = field(default_factory=Patience)
    deserted: int = 0

    def will(self, method: str, path: str, *acts: Act) -> None:
        """The next requests with this method and a path that this pattern is found in."""
        with self.lock:
            self.rules.extend((method, regex.compile(path), act) for act in acts)

    def reset(self) -> None:
        with self.lock:
            self.rules.clear()
            self.seen.clear()
            self.passed.clear()
            self.patience, self.deserted = Patience(), 0

    def act(self, seen: Seen) -> Act:
        with self.lock:
            self.seen.append(seen)
            for rule in self.rules:
                if rule[0] == seen.method and rule[1].search(seen.path):
                    self.rules.remove(rule)
                    return rule[2]
        return passes

    def to(self, path: str) -> list[Seen]:
        """The requests whose path this pattern is found in."""
        return [seen for seen in self.seen if regex.search(path, seen.path)]


def passes(handler: _Handler, seen: Seen) -> None:
    handler.answer(*handler.forward(seen))


def answers(status: int, body: Any = None, **headers: str) -> Act:
    """An answer of our own; the server never sees the request. headers: underscores become hyphens."""
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    named = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, seen: handler.answer(status, named, content)


def after(act: Act) -> Act:
    """The server does what it is asked; its answer is replaced by this."""

    def both(handler: _Handler, seen: Seen) -> None:
        handler.forward(seen)
        act(handler, seen)

    return both


def hangs(handler: _Handler, seen: Seen) -> None:
    handler.proxy.patience.begin()
    handler.proxy.closing.wait(HANG)
    handler.close_connection = True


def cuts(handler: _Handler, seen: Seen) -> None:
    """Resets the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def trickles(handler: _Handler, seen: Seen) -> None:
    trickle(handler, handler.proxy)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def any_method(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = self._chunks()
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, body)
        self.proxy.act(seen)(self, seen)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = any_method

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def forward(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        with self.proxy.lock:
            self.proxy.passed.append(seen)
        address = urlsplit(self.proxy.target)
        headers = {name: value for name, value in seen.headers.items() if name not in _HOP}
        upstream = http.client.HTTPConnection(address.hostname, address.port, timeout=HANG)
        try:
            upstream.request(seen.method, seen.path, seen.body or None, headers)
            answer = upstream.getresponse()
            content = answer.read()
            return answer.status, dict(answer.getheaders()), content
        finally:
            upstream.close()

    def answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # the other side, or the act itself, has closed the connection
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64


@contextmanager
def before(target: str) -> Iterator[Proxy]:
    """`with before(server.url) as proxy:` stands before it on a free port of the loopback."""
    proxy = Proxy(target)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": proxy}))
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
