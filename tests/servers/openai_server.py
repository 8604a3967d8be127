"""A loopback server that speaks OpenAI's chat completions and misbehaves on purpose, one scripted act per request."""

from __future__ import annotations

import gzip
import json
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

MODEL = "loopback-model"


@dataclass(frozen=True)
class Seen:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class OpenAIServer:
    """url: the base URL for clients. Acts are played in order; without one left, the server answers 500."""

    url: str
    requests: list[Seen] = field(default_factory=list)
    acts: deque[Act] = field(default_factory=deque)
    closing: Event = field(default_factory=Event)

    def will(self, *acts: Act) -> None:
        self.acts.extend(acts)


Act = Callable[["_Handler"], None]


def answers(content: Any, *, finish_reason: str = "stop", refusal: str | None = None, **usage: Any) -> Act:
    """A completion; content that is no string is sent as JSON."""
    text = content if isinstance(content, str) or content is None else json.dumps(content, ensure_ascii=False)
    message = {"role": "assistant", "content": text, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_780_000_000,
        "model": MODEL,
        "choices": [choice],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, **usage},
    }
    return lambda handler: handler.send(200, json.dumps(body))


def refuses(reason: str) -> Act:
    return answers(None, refusal=reason)


def runs_out(content: str = '{"title": "Half a') -> Act:
    return answers(content, finish_reason="length")


def fails(status: int, message: str = "It broke.", code: str | None = None, **headers: str) -> Act:
    """An error in OpenAI's form. headers: underscores become hyphens."""
    body = json.dumps({"error": {"message": message, "type": "error", "param": None, "code": code}})
    return lambda handler: handler.send(status, body, **headers)


def sends(body: str, content_type: str) -> Act:
    """Something that is no completion at all."""
    return lambda handler: handler.send(200, body, Content_Type=content_type)


def offers(*names: str) -> Act:
    """The list of models."""
    models = [{"id": name, "object": "model", "created": 1_780_000_000, "owned_by": "loopback"} for name in names]
    return lambda handler: handler.send(200, json.dumps({"object": "list", "data": models}))


def refuses_option(name: str) -> Act:
    """As OpenAI refuses what a model does not take."""
    body = {"message": f"Unsupported value: '{name}'.", "type": "invalid_request_error", "param": name}
    return lambda handler: handler.send(400, json.dumps({"error": {**body, "code": "unsupported_value"}}))


def cuts(handler: _Handler) -> None:
    """Promises a body and sends half of it."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def floods(handler: _Handler) -> None:
    """More than anybody asked for, packed small."""
    content = gzip.compress(b" " * (64 * 1024 * 1024))
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def hangs(handler: _Handler) -> None:
    """Says nothing until the client has gone or the server closes."""
    handler.server.state.closing.wait(20)


def trickles(handler: _Handler) -> None:
    """A body of white space, one byte at a time, always sooner than a read timeout."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.server.state.closing.wait(0.05):
        handler.wfile.write(b" ")


def hangs_up(handler: _Handler) -> None:
    """Resets the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._play({})

    def do_POST(self) -> None:
        self._play(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _play(self, body: dict[str, Any]) -> None:
        state: OpenAIServer = self.server.state
        state.requests.append(Seen(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        act = state.acts.popleft() if state.acts else fails(500, "The test has scripted no further act.")
        act(self)

    def send(self, status: int, body: str, **headers: str) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in {"Content_Type": "application/json", **headers, "Content_Length": str(len(content))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # the other side, or the act itself, has closed the connection
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serve() -> Iterator[OpenAIServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as http:
        http.daemon_threads = True
        state = OpenAIServer(f"http://127.0.0.1:{http.server_port}/v1")
        http.state = state
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            state.closing.set()
            http.shutdown()
            thread.join()
