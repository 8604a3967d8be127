"""A loopback platform that misbehaves on request, and whose own log is the judge of what was published.

It speaks all four ways of platforms: a client's key (header Idempotency-Key), a handle (/containers), a search (GET
/posts) and nothing at all. What a call does is decided by its script: one step for each call of a title, "ok" after the
last. Random trouble can be mixed in, from a seed.

`running()` serves it from a thread of the test; `apart()` from a process of its own, whose log is a file.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qs, urlsplit

import httpx

HANG = 3.0
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Call:
    """at: when its first bytes were read, in seconds since 1970, so that it compares with the rows of a database.

    published: whether this call made something public; a key that came before does not.
    """

    at: float
    title: str
    account: str
    step: str
    published: bool = False


@dataclass
class Platform:
    """What the platform knows. posts: every publication there was, in order, as (account, title).

    log: where every call is also written, one JSON object a line, before it is answered.
    """

    url: str = ""
    posts: list[tuple[str, str]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    script: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    trouble: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    by_key: dict[str, str] = field(default_factory=dict)
    by_post: dict[tuple[str, str], str] = field(default_factory=dict)
    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    log: TextIO | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def step(self, title: str, account: str, at: float) -> Call:
        with self.lock:
            step = self.script[title].pop(0) if self.script[title] else self._trouble()
            self.calls.append(Call(at, title, account, step))
            return self.calls[-1]

    def _trouble(self) -> str:
        dice = self._random.random()
        for step, share in self.trouble.items():
            if dice < share:
                return step
            dice -= share
        return "ok"

    def accept(self, call: Call, key: str = "") -> str:
        """Publish; the same key again is the same post."""
        with self.lock:
            if key and key in self.by_key:
                return self.by_key[key]
            self.posts.append((call.account, call.title))
            call.published = True
            number = str(len(self.posts))
            self.by_post.setdefault((call.account, call.title), number)
            if key:
                self.by_key[key] = number
            return number

    def write(self, call: Call) -> None:
        if self.log is not None:
            with self.lock:
                self.log.write(json.dumps(asdict(call)) + "\n")
                self.log.flush()

    def counts(self) -> Counter[str]:
        """How often each title was published."""
        with self.lock:
            return Counter(title for _account, title in self.posts)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body of an answer are two small packets; the second must not wait for an acknowledgement of the first.
    disable_nagle_algorithm = True
    platform: Platform

    def log_message(self, *_: Any) -> None:
        pass

    def parse_request(self) -> bool:
        self.began = time.time()
        return super().parse_request()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        path = urlsplit(self.path).path
        if path == "/script":
            self.platform.script.update(body)
            return self._answer(200, {})
        if path == "/containers":
            handle = f"c{len(self.platform.containers) + 1}-{random.getrandbits(32):x}"
            self.platform.containers[handle] = {**body, "id": ""}
            return self._answer(200, {"handle": handle})
        if path.startswith("/containers/"):
            container = self.platform.containers[path.split("/")[2]]
            return self._publish(container, key=path)
        return self._publish(body, key=self.headers.get("Idempotency-Key", ""))

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/containers/"):
            container = self.platform.containers.get(parts.path.split("/")[2])
            return self._answer(200, container) if container else self._answer(404, {"error": "no such container"})
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        wanted = (query["account"], query["title"])
        number = self.platform.by_post.get(wanted)
        return self._answer(200, {"posts": [{"id": number}] if number else []})

    def _publish(self, body: dict[str, Any], key: str) -> None:
        call = self.platform.step(body["title"], body["account"], self.began)
        name, _colon, value = call.step.partition(":")
        if name in ("ok", "accept_then_hang", "accept_then_500", "accept_then_reset", "slow"):
            if name == "slow":
                time.sleep(float(value))
            number = self.platform.accept(call, key)
            body["id"] = number
        self.platform.write(call)
        if name in ("ok", "slow"):
            return self._answer(201, {"id": number, "url": f"{self.platform.url}/posts/{number}"})
        if name == "accept_then_hang":
            time.sleep(HANG)
        if name in ("hang", "accept_then_hang", "reset", "accept_then_reset"):
            if name == "hang":
                time.sleep(HANG)
            self.close_connection = True
            self.connection.close()
            return None
        if name == "429":
            return self._answer(429, {"error": "slow down"}, {"Retry-After": value})
        if name in ("500", "accept_then_500"):
            return self._answer(500, {"error": "sorry"})
        return self._answer(int(name), {"error": f"refused with {name}"})

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A client that was killed in the middle of a call is part of the game."""


class running:
    """`with running(seed=1, trouble={"429:1": 0.05}) as platform:` serves it on a free port of the loopback."""

    def __init__(self, **options: Any) -> None:
        self.platform = Platform(**options)

    def __enter__(self) -> Platform:
        handler = type("Handler", (_Handler,), {"platform": self.platform})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.platform.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self.platform

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()


class Apart:
    """A platform in another process, seen from the test: where it is, what to do to it, and what it wrote down."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log

    def script(self, steps: dict[str, list[str]]) -> None:
        """What the next calls of these titles do."""
        httpx.post(f"{self.url}/script", json=steps, timeout=30).raise_for_status()

    def calls(self) -> list[Call]:
        """Every call that came to publish, in the order of their answers."""
        return [
            Call(**json.loads(line)) for line in self._log.read_text().splitlines(keepends=True) if line[-1] == "\n"
        ]

    def counts(self) -> Counter[str]:
        """How often each title was published."""
        return Counter(call.title for call in self.calls() if call.published)


@contextmanager
def apart(*, seed: int = 0, trouble: dict[str, float] | None = None) -> Iterator[Apart]:
    """`with apart(seed=1, trouble={"429:1": 0.05}) as platform:` serves it from a process that no fault reaches."""
    with tempfile.TemporaryDirectory(prefix="rundown-platform-") as folder:
        log = Path(folder) / "calls.jsonl"
        log.touch()
        options = json.dumps({"seed": seed, "trouble": trouble or {}})
        command = [sys.executable, "-m", "tests.servers.platform_server", str(log), options]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            yield Apart(process.stdout.readline().strip(), log)
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


def main() -> None:
    """Serve until standard input ends, which it does however the test ends."""
    path, options = sys.argv[1:]
    with open(path, "a") as log, running(**json.loads(options), log=log) as platform:
        print(platform.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
