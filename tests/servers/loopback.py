"""What the loopback platforms share: a server in a thread, answers in JSON, and misbehaviour on a script."""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, TypeVar

State = TypeVar("State")


class Handler(BaseHTTPRequestHandler):
    """state: the platform that it answers for."""

    protocol_version = "HTTP/1.1"
    content_type = "application/json"
    state: Any

    def answer(self, status: int, body: Any, **headers: str) -> None:
        content = json.dumps(body).encode() if status != 204 else b""
        self.send(status, content, {"Content-Type": self.content_type, **headers})

    def send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


Act = Callable[["ScriptedHandler"], None]


class Patience:
    """A client's clock that stands still until the server lets it wait.

    A call's limit begins before its connection does, and a busy machine may use it up before anything is sent. By this
    clock a limit is spent on waiting alone, however long the way to it took. Stands in for the module `time`.
    """

    def __init__(self) -> None:
        self._start, self._begun = time.monotonic(), 0.0

    def begin(self) -> None:
        self._begun = self._begun or time.monotonic()

    def monotonic(self) -> float:
        return self._start + (time.monotonic() - self._begun if self._begun else 0.0)

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class Pauses:
    """A client's clock that is moved by its own pauses alone, and at once. Stands in for the module `time`."""

    def __init__(self) -> None:
        self._now = time.monotonic()

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


@dataclass
class Scripted:
    """A platform that misbehaves: an act for the next call whose method and address fit a pattern.

    deserted: how many clients hung up while it still had something to say.
    """

    url: str = ""
    calls: list[str] = field(default_factory=list)
    script: list[tuple[str, Act]] = field(default_factory=list)
    closing: Event = field(default_factory=Event)
    patience: Patience = field(default_factory=Patience)
    deserted: int = 0

    def will(self, pattern: str, *acts: Act) -> None:
        """pattern: a regular expression for the beginning of what the handler notes as a call."""
        self.script += [(pattern, act) for act in acts]

    def act_for(self, call: str) -> Act | None:
        for step in self.script:
            if re.match(step[0], call):
                self.script.remove(step)
                return step[1]
        return None


class ScriptedHandler(Handler):
    content_type = "application/json; charset=UTF-8"
    state: Scripted
    mute = False

    def dispatch(self) -> None:
        """Do what was asked, and answer."""
        raise NotImplementedError

    def play(self, call: str) -> None:
        """The script's act for this call, or what was asked."""
        self.state.calls.append(call)
        (self.state.act_for(call) or type(self).dispatch)(self)

    def send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        if not self.mute:
            super().send(status, content, headers)

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # the other side, or the act itself, has closed the connection
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()


def says(status: int, text: str) -> Act:
    return lambda handler: handler.send(status, text.encode(), {"Content-Type": "text/html"})


def accepts_then(act: Act) -> Act:
    """Does what was asked, and answers something else."""

    def both(handler: ScriptedHandler) -> None:
        handler.mute = True
        handler.dispatch()
        handler.mute = False
        act(handler)

    return both


def cuts(handler: ScriptedHandler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def hangs(handler: ScriptedHandler) -> None:
    handler.state.patience.begin()
    handler.state.closing.wait(20)


def trickles(handler: ScriptedHandler) -> None:
    trickle(handler, handler.state)


def trickle(handler: BaseHTTPRequestHandler, to: Any) -> None:
    """White space, a byte at a time, always sooner than a read timeout. to: whose patience it tries, and who counts."""
    to.patience.begin()
    handler.send_response_only(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.close_connection = True
    try:
        for _byte in range(400):
            if to.closing.wait(0.05):
                return
            handler.wfile.write(b" ")
    except OSError:
        to.deserted += 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def serving(state: State, handler: type[Handler]) -> Iterator[State]:
    """The platform on a free port of the loopback; its `url` says where."""
    with _Server(("127.0.0.1", 0), type("Handler", (handler,), {"state": state})) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            if isinstance(state, Scripted):
                state.closing.set()
            server.shutdown()
            thread.join()
