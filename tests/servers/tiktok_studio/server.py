"""A loopback TikTok Studio: the pages an upload goes through, what can go wrong on them, and a count of what came in.

The page runs in a real browser and behaves like the real one where it matters: a login by cookie, a hidden file input,
an upload in pieces, an editor that offers hashtags and people and whose Enter takes the first offer, a menu that is no
<select>, switches under a drawing, a button that waits for the video to be processed, a list of posts.
What goes wrong is set in `Studio.trouble`.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

HTML = (Path(__file__).with_name("studio.html")).read_text(encoding="utf-8")
LOGIN = """<!doctype html><title>Log in</title><h1>Log in to TikTok</h1><form method="post" action="/login">
<input name="username"><input type="password" name="password"><button>Log in</button></form>"""
FRAME = """<!doctype html><title>Studio</title>
<iframe src="/frame/upload" style="width:100%;height:95vh;border:0"></iframe>"""
OFFERS = ["harbourlife", "harbour", "harbourtown", "സമുദ്രം", "sea", "seaside"]
PEOPLE = ["lighthouse.keeper", "lighthouse.fan"]
PROCESSING = 0.15
FIRST_ID = 7_500_000_000_000_000_000


@dataclass
class Publication:
    """What somebody made public here. video: SHA-256 of the bytes that arrived."""

    id: str
    account: str
    caption: str
    video: str
    options: dict[str, Any]


@dataclass
class Upload:
    digest: Any = field(default_factory=hashlib.sha256)
    size: int = 0
    pieces: int = 0
    last_at: float = 0.0


@dataclass
class Studio:
    """trouble, each by name: login (upload), captcha (start, upload, post), changed (names, or one element),
    dialogs (of draft, tour, checks, post_now, unknown), upload (error, slow), post (refuse, restricted, fast, hang,
    error_after, hang_before, quiet), listing (late), frame, language (de), pace (seconds a piece), rotate,
    status. rival: another site that the pages use.
    """

    url: str = ""
    handle: str = "harbour"
    sessions: set[str] = field(default_factory=lambda: {"a-session-of-harbour"})
    trouble: dict[str, Any] = field(default_factory=dict)
    rival: str = ""
    publications: list[Publication] = field(default_factory=list)
    uploads: dict[str, Upload] = field(default_factory=dict)
    visits: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, text: str) -> int:
        """How often something with this text was published."""
        with self.lock:
            return sum(text in each.caption for each in self.publications)

    def publish(self, account: str, body: dict[str, Any]) -> Publication:
        with self.lock:
            upload = self.uploads[body.pop("upload")]
            caption = body.pop("caption")
            number = str(FIRST_ID + len(self.publications))
            made = Publication(number, account, caption, upload.digest.hexdigest(), body)
            self.publications.append(made)
            return made


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    studio: Studio

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        studio, path = self.studio, urlsplit(self.path).path
        studio.visits.append(path)
        if path == "/login":
            return self._answer(200, LOGIN, "text/html")
        if not self._account():
            return self._redirect("/login?redirect=studio")
        if status := studio.trouble.get("status"):
            return self._answer(status, "Busy.", "text/plain")
        if path == "/tiktokstudio/content":
            return self._page("posts")
        if path == "/tiktokstudio/upload":
            return self._answer(200, FRAME, "text/html") if studio.trouble.get("frame") else self._page("upload")
        if path == "/frame/upload":
            return self._page("upload")
        if path == "/api/posts":
            return self._json({"posts": self._listed()})
        if path == "/api/offers":
            return self._json({"offers": _offers(parse_qs(urlsplit(self.path).query)["q"][0])})
        if path.startswith("/api/upload/"):
            upload = studio.uploads[path.rpartition("/")[2]]
            return self._json({"ready": time.monotonic() - upload.last_at >= PROCESSING})
        return self._json({})

    def do_POST(self) -> None:
        studio, path = self.studio, urlsplit(self.path).path
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if path == "/login":
            studio.sessions.add("a-new-session")
            return self._redirect("/tiktokstudio/content", cookie="a-new-session")
        if not self._account():
            return self._json({}, 401)
        if path == "/api/upload":
            number = str(len(studio.uploads) + 1)
            studio.uploads[number] = Upload()
            return self._json({"upload": number})
        return self._publish(json.loads(body))

    def do_PUT(self) -> None:
        studio = self.studio
        piece = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        upload = studio.uploads[urlsplit(self.path).path.rpartition("/")[2]]
        upload.pieces += 1
        if studio.trouble.get("login") == "upload" and upload.pieces == 2:
            return self._json({}, 401)
        if studio.trouble.get("upload") == "error" and upload.pieces == 2:
            return self._json({}, 500)
        if studio.trouble.get("upload") == "slow":
            studio.release.wait(60)
        upload.digest.update(piece)
        upload.size += len(piece)
        upload.last_at = time.monotonic()
        return self._json({})

    def _publish(self, body: dict[str, Any]) -> None:
        studio, step = self.studio, self.studio.trouble.get("post", "ok")
        if step == "fast":
            return self._json({"status_code": 0}, 429)
        if step == "refuse":
            return self._json({"status_code": 10204, "status_msg": "This video can't be posted."})
        if step == "hang_before":
            studio.release.wait(60)
            return self._json({}, 503)
        made = studio.publish(self._account(), body)
        if step == "hang":
            studio.release.wait(60)
        if step == "error_after":
            return self._json({}, 500)
        if step == "quiet":
            return self._json({"something": "else"})
        return self._json({"status_code": 0, "single_post_resp_list": [{"item_id": made.id, "status_code": 0}]})

    def _listed(self) -> list[dict[str, str]]:
        studio = self.studio
        with studio.lock:
            if studio.trouble.get("listing") == "late":
                return []
            return [{"id": each.id, "caption": each.caption} for each in reversed(studio.publications)]

    def _account(self) -> str:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("sessionid")
        return self.studio.handle if cookie and cookie.value in self.studio.sessions else ""

    def _page(self, name: str) -> None:
        studio = self.studio
        filled = (
            HTML.replace("TROUBLE", json.dumps(studio.trouble), 1)
            .replace('"PAGE"', json.dumps(name), 1)
            .replace('"RIVAL"', json.dumps(studio.rival), 1)
            .replace("HANDLE", studio.handle)
        )
        cookie = ""
        if studio.trouble.get("rotate"):
            cookie = "a-newer-session"
            studio.sessions.add(cookie)
        self._answer(200, filled, "text/html", cookie=cookie)

    def _json(self, content: dict[str, Any], status: int = 200) -> None:
        self._answer(status, json.dumps(content), "application/json")

    def _redirect(self, path: str, cookie: str = "") -> None:
        self._answer(302, "", "text/plain", location=path, cookie=cookie)

    def _answer(self, status: int, body: str, kind: str, *, location: str = "", cookie: str = "") -> None:
        content = body.encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            if location:
                self.send_header("Location", location)
            if cookie:
                self.send_header("Set-Cookie", f"sessionid={cookie}; Path=/; Max-Age=5184000; HttpOnly")
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


def _offers(query: str) -> list[str]:
    known = OFFERS if query[0] == "#" else PEOPLE
    return [each for each in known if each.startswith(query[1:].lower())]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that is killed leaves half requests behind."""


@contextmanager
def running() -> Iterator[Studio]:
    studio = Studio()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"studio": studio}))
    studio.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield studio
    finally:
        studio.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
