"""A loopback server that speaks the part of Reddit's API that a reader of text posts uses, for the real PRAW.

Answers follow Reddit's own: bearer tokens, listings by fullname with `after`, 403 and 404 with a `reason`, a redirect
to the search for unknown names, rate-limit headers on every answer.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

CLIENT_ID, CLIENT_SECRET, TOKEN = "loopback-client", "loopback-secret", "loopback-token"


def post(external_id: str, **changes: Any) -> dict[str, Any]:
    """A self post as Reddit lists it; any of its fields can be changed."""
    return {
        "id": external_id,
        "name": f"t3_{external_id}",
        "title": f"The story of {external_id}",
        "selftext": f"It began with {external_id}. " + "Nobody had told me that it would go on for so long. " * 20,
        "author": "storyteller",
        "author_fullname": "t2_teller",
        "subreddit": "tales",
        "permalink": f"/r/tales/comments/{external_id}/the_story/",
        "url": f"https://www.reddit.com/r/tales/comments/{external_id}/the_story/",
        "is_self": True,
        "over_18": False,
        "stickied": False,
        "score": 500,
        "link_flair_text": None,
        "removed_by_category": None,
        "created_utc": 1_780_000_000.0,
        "edited": False,
        "num_comments": 12,
        **changes,
    }


def deleted(external_id: str) -> dict[str, Any]:
    """A post whose author took it away, with the account."""
    return post(external_id, author="[deleted]", selftext="[deleted]", removed_by_category="deleted")


def removed(external_id: str) -> dict[str, Any]:
    """A post that a moderator took away."""
    return post(external_id, selftext="[removed]", removed_by_category="moderator")


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class RedditServer:
    """posts: subreddit -> posts, best first. closed: subreddit -> private, banned, quarantined or gold_only.

    answers: (status, headers) pairs that the next API requests get instead of what they asked for.
    remaining, reset: what the rate-limit headers say.
    """

    posts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    remaining: float = 995.0
    reset: int = 3
    url: str = ""
    requests: list[Seen] = field(default_factory=list)

    def listings(self) -> list[Seen]:
        return [seen for seen in self.requests if seen.path.startswith("/r/")]


@contextmanager
def serve() -> Iterator[RedditServer]:
    state = RedditServer()
    handler = type("Handler", (_Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: RedditServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._note()
        if urlsplit(self.path).path != "/api/v1/access_token":
            return self._answer(404, {"message": "Not Found", "error": 404})
        wanted = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if self.headers.get("authorization") != f"Basic {wanted}":
            return self._answer(401, {"message": "Unauthorized", "error": 401})
        return self._answer(
            200, {"access_token": TOKEN, "token_type": "bearer", "expires_in": 86400, "scope": "*"}, limits=False
        )

    def do_GET(self) -> None:
        seen = self._note()
        if self.headers.get("authorization") != f"bearer {TOKEN}":
            return self._answer(401, {"message": "Unauthorized", "error": 401})
        if self.state.answers:
            status, headers = self.state.answers.pop(0)
            return self._answer(status, {"message": "Not now", "error": status}, headers)
        _, _, name, sort, *_rest = [*seen.path.split("/"), "", ""]
        return self._listing(name, sort, seen.query)

    def _listing(self, name: str, sort: str, query: dict[str, str]) -> None:
        reason = self.state.closed.get(name)
        if reason:
            status = 404 if reason == "banned" else 403
            return self._answer(status, {"reason": reason, "message": "Closed", "error": status})
        if sort not in {"hot", "new", "top", "rising", "controversial"}:
            return self._answer(404, {"message": "Not Found", "error": 404})
        if name not in self.state.posts:
            return self._answer(302, {}, {"location": f"/subreddits/search?q={name}"})
        posts, start = self.state.posts[name], 0
        if query.get("after"):
            start = 1 + next(i for i, each in enumerate(posts) if each["name"] == query["after"])
        page = posts[start : start + min(int(query.get("limit", 25)), 100)]
        more = start + len(page) < len(posts)
        children = [{"kind": "t3", "data": each} for each in page]
        data = {"after": page[-1]["name"] if more else None, "before": None, "dist": len(page), "children": children}
        return self._answer(200, {"kind": "Listing", "data": data})

    def _note(self) -> Seen:
        address = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        seen = Seen(self.command, address.path, query, {key.lower(): value for key, value in self.headers.items()})
        self.state.requests.append(seen)
        return seen

    def _answer(self, status: int, content: Any, headers: dict[str, str] | None = None, *, limits: bool = True) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        if limits:
            self.send_header("x-ratelimit-remaining", str(self.state.remaining))
            self.send_header("x-ratelimit-used", str(int(max(0, 1000 - self.state.remaining))))
            self.send_header("x-ratelimit-reset", str(self.state.reset))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
