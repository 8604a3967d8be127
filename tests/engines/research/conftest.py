"""A small web on the loopback: pages, rules for robots, and pages that misbehave."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

ARTICLE = """<!doctype html><html lang="en"><head><title>Lamps of the northern coast</title>
<meta name="description" content="Every lamp between the two capes."></head><body>
<nav><a href="/">Home</a></nav>
<article><h1>Lamps of the northern coast</h1>
<p>The northern coast has eleven harbour lamps, and most of them still burn whale oil. Each harbour lamp is kept by one
family, who are paid in coal and flour by the towns.</p>
<h2>Who keeps a harbour lamp?</h2>
<p>Why does anybody stay out there in winter? The keeper of the Skarv lamp says that the sea is better company than the
town. His lamp was built in 1871, and its lens came from Paris by ship.</p>
<p>Keepers trim the wick every four hours. A keeper who sleeps too long is fined by the harbour office, which counts the
ships that pass.</p><img src="lamp.jpg" alt="a lamp"></article></body></html>"""


@dataclass
class Web:
    """pages: path to (status, content type, body). seen: every path that was asked for, with its user agent.

    slow: seconds before answers.
    """

    url: str = ""
    robots: tuple[int, str] = (404, "")
    pages: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    slow: float = 0.0


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web(pages={"/lamps": (200, "text/html; charset=utf-8", ARTICLE)})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.seen.append((self.path, self.headers["User-Agent"]))
            status, kind, body = web.pages.get(self.path, (404, "text/html", "no"))
            if self.path == "/robots.txt":
                (status, body), kind = web.robots, "text/plain"
            time.sleep(web.slow)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            web.seen.append((self.path, self.rfile.read(length).decode()))
            status, kind, body = web.pages.get(self.path, (404, "text/html", "no"))
            time.sleep(web.slow)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    web.url = f"http://127.0.0.1:{server.server_port}"
    yield web
    server.shutdown()
    server.server_close()
