"""A loopback server that speaks X's API, version 2, for the real tweepy: tokens that work once, media in pieces, posts
with short links in them, refusals in X's own words. It misbehaves on a script.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from apps.common.text.links import link_spans
from tests.servers import loopback
from tests.servers.loopback import Act

CLIENT = {"client_id": "a-client", "client_secret": "a-client-secret"}
CODE = "a-code"
ACCESS, REFRESH = "access-1", "refresh-1"
ME = {"id": "1001", "username": "seaday", "name": "A day at sea"}
SCOPE = "tweet.read tweet.write users.read media.write offline.access"


@dataclass
class X(loopback.Scripted):
    """posts: newest first, as their authors wrote them. looks: what each look at a finished video says."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    media: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks: list[dict[str, Any]] = field(default_factory=list)
    access: str = ACCESS
    refresh: str = REFRESH
    challenge: str = ""
    scope: str = SCOPE
    revoked: bool = False

    def count(self, text: str) -> int:
        return sum(post["text"] == text for post in self.posts)


def refuses(status: int, title: str, detail: str, kind: str = "about:blank", **headers: str) -> Act:
    """A problem in X's form."""
    body = {"title": title, "detail": detail, "type": kind, "status": status}
    return lambda handler: handler.answer(status, body, **headers)


class _Handler(loopback.ScriptedHandler):
    state: X

    def do_GET(self) -> None:
        self.mute = False
        self.content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        address = urlsplit(self.path)
        self.route = address.path
        self.params = {name: values[0] for name, values in parse_qs(address.query).items()}
        call = f"{self.command} {self.path}"
        self.play(call)

    do_POST = do_GET

    def dispatch(self) -> None:
        if self.route == "/2/oauth2/token":
            return self._token()
        if self.state.revoked or self.headers.get("Authorization") != f"Bearer {self.state.access}":
            return refuses(401, "Unauthorized", "Unauthorized")(self)
        routes: list[tuple[str, Callable[..., None]]] = [
            (r"GET /2/users/me", lambda: self.answer(200, {"data": ME})),
            (rf"GET /2/users/{ME['id']}/tweets", self._timeline),
            (r"POST /2/tweets", self._post),
            (r"GET /2/tweets/(\d+)", self._numbers),
            (r"POST /2/media/upload/initialize", self._begin),
            (r"POST /2/media/upload/(\d+)/append", self._append),
            (r"POST /2/media/upload/(\d+)/finalize", self._finalize),
            (r"GET /2/media/upload", self._status),
            (r"POST /2/media/metadata", self._metadata),
        ]
        for pattern, action in routes:
            if match := re.fullmatch(pattern, f"{self.command} {self.route}"):
                return action(*match.groups())
        return refuses(404, "Not Found Error", "No such place.")(self)

    def _token(self) -> None:
        form = {name: values[0] for name, values in parse_qs(self.content.decode()).items()}
        proof = base64.b64encode(f"{CLIENT['client_id']}:{CLIENT['client_secret']}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {proof}" or form.get("client_id") != CLIENT["client_id"]:
            said = "Missing valid authorization header"
            return self.answer(401, {"error": "unauthorized_client", "error_description": said})
        if form["grant_type"] == "refresh_token":
            good = form.get("refresh_token") == self.state.refresh and not self.state.revoked
        else:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            proved = base64.urlsafe_b64encode(digest).decode().rstrip("=") == self.state.challenge
            good = form.get("code") == CODE and proved
        if not good:
            said = "Value passed for the token was invalid."
            return self.answer(400, {"error": "invalid_request", "error_description": said})
        number = int(self.state.refresh.rpartition("-")[2]) + 1
        self.state.access, self.state.refresh = f"access-{number}", f"refresh-{number}"
        token = {"token_type": "bearer", "expires_in": 7200, "scope": self.state.scope}
        return self.answer(200, {**token, "access_token": self.state.access, "refresh_token": self.state.refresh})

    def _post(self) -> None:
        body = json.loads(self.content)
        text, media = body.get("text", ""), (body.get("media") or {}).get("media_ids", [])
        if any(post["text"] == text for post in self.state.posts):
            detail = "You are not allowed to create a Tweet with duplicate content."
            return refuses(403, "Forbidden", detail)(self)
        number = str(1_900_000_000_000_000_000 + len(self.state.posts) + 1)
        post = {"id": number, "text": text, "media": media, "at": datetime.now(UTC), "body": body}
        self.state.posts.insert(0, post)
        return self.answer(201, {"data": {"id": number, "text": text, "edit_history_tweet_ids": [number]}})

    def _timeline(self) -> None:
        start = datetime.fromisoformat(self.params["start_time"]) if "start_time" in self.params else None
        found = [shown(post) for post in self.state.posts if start is None or post["at"] >= start]
        found = found[: int(self.params["max_results"])]
        self.answer(200, {**({"data": found} if found else {}), "meta": {"result_count": len(found)}})

    def _numbers(self, number: str) -> None:
        names = ["impression", "retweet", "reply", "like", "quote", "bookmark"]
        metrics = {f"{name}_count": value for value, name in enumerate(names, 1)}
        if not any(post["id"] == number for post in self.state.posts):
            return self.answer(200, {"errors": [{"title": "Not Found Error", "detail": "Could not find tweet."}]})
        return self.answer(200, {"data": {"id": number, "text": "", "public_metrics": metrics}})

    def _begin(self) -> None:
        number = str(7_000_000 + len(self.state.media))
        self.state.media[number] = {**json.loads(self.content), "pieces": {}, "alt": "", "done": False}
        self.answer(200, {"data": {"id": number, "media_key": f"3_{number}", "expires_after_secs": 86400}})

    def _append(self, number: str) -> None:
        body = json.loads(self.content)
        self.state.media[number]["pieces"][body["segment_index"]] = base64.b64decode(body["media"])
        self.answer(200, {"data": {"expires_at": 1_900_000_000}})

    def _finalize(self, number: str) -> None:
        media = self.state.media[number]
        media["content"] = b"".join(media["pieces"][index] for index in sorted(media["pieces"]))
        if len(media["content"]) != media["total_bytes"]:
            return refuses(400, "Invalid Request", "Segments do not add up to provided total file size.")(self)
        media["done"] = True
        return self._look(number)

    def _status(self) -> None:
        self._look(self.params["media_id"])

    def _look(self, number: str) -> None:
        looked = {"processing_info": self.state.looks.pop(0)} if self.state.looks else {}
        self.answer(200, {"data": {"id": number, "media_key": f"3_{number}", **looked}})

    def _metadata(self) -> None:
        body = json.loads(self.content)
        self.state.media[body["id"]]["alt"] = body["metadata"]["alt_text"]["text"]
        self.answer(200, {"data": {"id": body["id"]}})


def shown(post: dict[str, Any]) -> dict[str, Any]:
    """A post as X gives it out: links shortened, one more for the media, `<`, `>` and `&` escaped; cut when long."""
    pieces, urls, position = [], [], 0
    for index, (start, end) in enumerate(link_spans(post["text"])):
        link, short = post["text"][start:end], f"https://t.co/{post['id'][-4:]}{index}"
        urls.append({"url": short, "expanded_url": link if "://" in link else f"http://{link}"})
        pieces += [html.escape(post["text"][position:start], quote=False), short]
        position = end
    text = "".join([*pieces, html.escape(post["text"][position:], quote=False)])
    if post["media"]:
        own = {"url": f"https://t.co/{post['id'][-4:]}m", "expanded_url": f"https://x.com/{ME['username']}/photo/1"}
        urls.append({**own, "media_key": f"3_{post['media'][0]}"})
        text = f"{text} {own['url']}".strip()
    at = post["at"].strftime("%Y-%m-%dT%H:%M:%S.000Z")
    answer = {"id": post["id"], "text": text, "created_at": at, "entities": {"urls": urls}}
    if len(text) > 280:
        short_text = f"{text[:270]}… https://t.co/long"
        return {**answer, "text": short_text, "entities": {}, "note_tweet": {"text": text, "entities": {"urls": urls}}}
    return answer


@contextmanager
def serve() -> Iterator[X]:
    with loopback.serving(X(), _Handler) as x:
        yield x
