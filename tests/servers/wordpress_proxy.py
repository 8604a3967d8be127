"""Something that stands in front of a real site and misbehaves: a host, a firewall, a bad line.

An act is scripted for the next call whose method and address fit; every other call goes through untouched.
"""

from __future__ import annotations

import http.client
import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from tests.servers.loopback import Patience, trickle

Act = Callable[["_Handler", bytes], None]


@dataclass
class Proxy:
    """calls: method and address of every call that came. deserted: clients that hung up on an unfinished answer."""

    url: str
    target: str
    calls: list[str] = field(default_factory=list)
    script: list[tuple[str, Act]] = field(default_factory=list)
    closing: Event = field(default_factory=Event)
    patience: Patience = field(default_factory=Patience)
    deserted: int = 0

    def will(self, pattern: str, act: Act) -> None:
        """pattern: a regular expression for "POST /wp-json/wp/v2/posts?..."."""
        self.script.append((pattern, act))

    def act_for(self, call: str) -> Act | None:
        for step in self.script:
            if re.match(step[0], call):
                self.script.remove(step)
                return step[1]
        return None


def answers(status: int, body: str = "", content_type: str = "application/json", **headers: str) -> Act:
    return lambda handler, _body: handler.answer(status, body.encode(), {"Content-Type": content_type, **headers})


def accepts_then(act: Act) -> Act:
    """The site gets the call and does it; only the answer is another one."""

    def both(handler: _Handler, body: bytes) -> None:
        handler.forwarded(body)
        act(handler, body)

    return both


def hangs(handler: _Handler, _body: bytes) -> None:
    handler.proxy.patience.begin()
    handler.proxy.closing.wait(20)


def trickles(handler: _Handler, _body: bytes) -> None:
    trickle(handler, handler.proxy)


def cuts(handler: _Handler, _body: bytes) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call = f"{self.command} {self.path}"
        self.proxy.calls.append(call)
        if act := self.proxy.act_for(call):
            return act(self, body)
        return self.answer(*self.forwarded(body))

    do_POST = do_GET

    def forwarded(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection(self.proxy.target, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {"connection", "host"}}
        connection.request(self.command, self.path, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        kept = {name: value for name, value in response.getheaders() if name.lower().startswith(("content-t", "x-wp"))}
        return response.status, content, kept

    def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # the other side, or the act itself, has closed the connection
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def before(url: str) -> Iterator[Proxy]:
    """url: of the real site."""
    proxy = Proxy("", url.removeprefix("http://"))
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        proxy.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.closing.set()
            server.shutdown()
            thread.join()
