"""A loopback server that speaks Google's side: tokens, resumable uploads, and what of the YouTube Data API we call.

It is checked itself by Google's own client library, in tests/platforms/youtube/test_server.py. It misbehaves on a
script: an act for the next call whose method and address fit.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers import loopback
from tests.servers.loopback import Act, cuts

CLIENT = {"client_id": "client.apps.example", "client_secret": "a-client-secret"}
ACCESS, REFRESH = "an-access-token", "a-refresh-token"
CODE = "a-code"
GRANULE = 256 * 1024


@dataclass
class Session:
    resource: dict[str, Any]
    params: dict[str, str]
    size: int
    received: bytearray = field(default_factory=bytearray)
    video: dict[str, Any] | None = None


@dataclass
class YouTube(loopback.Scripted):
    """videos: by ID, each with what was set on it. calls: method and path of every call. stalls: a session that has all
    bytes does not finish."""

    sessions: dict[str, Session] = field(default_factory=dict)
    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    ranges: list[str] = field(default_factory=list)
    challenge: str = ""
    scope: str = ""
    revoked: bool = False
    stalls: bool = False
    locked_private: bool = False
    channels: int = 1

    def titled(self, title: str) -> list[str]:
        return [number for number, video in self.videos.items() if video["snippet"]["title"] == title]


def error(status: int, reason: str, message: str = "No.", **headers: str) -> Act:
    """An error in Google's form."""
    each = {"message": message, "domain": "youtube", "reason": reason}
    body = {"error": {"code": status, "message": message, "errors": [each]}}
    return lambda handler: handler.answer(status, body, **headers)


def cuts_after(size: int) -> Act:
    """Takes so many bytes of the body, and hangs up."""

    def act(handler: _Handler) -> None:
        handler.take_part(size)
        cuts(handler)

    return act


class _Handler(loopback.ScriptedHandler):
    state: YouTube

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        self.path_only = address.path
        self.params = {name: values[0] for name, values in parse_qs(address.query).items()}
        self.left = int(self.headers.get("Content-Length", 0))
        call = f"{self.command} {self.path} {self.headers.get('Content-Range', '')}".strip()
        self.play(call)

    do_PUT = do_GET = do_POST

    def dispatch(self) -> None:
        if self.path_only == "/token":
            return self._token()
        if self.state.revoked or self.headers.get("Authorization") != f"Bearer {ACCESS}":
            return error(401, "authError", "Invalid Credentials")(self)
        routes = {
            "/upload/youtube/v3/videos": self._videos,
            "/upload/youtube/v3/thumbnails/set": self._thumbnail,
            "/upload/youtube/v3/captions": self._captions,
            "/youtube/v3/playlistItems": self._playlist_items,
            "/youtube/v3/channels": self._channels,
            "/youtube/v3/videos": self._statistics,
        }
        return routes[self.path_only]()

    def body(self) -> bytes:
        content, self.left = self.rfile.read(self.left), 0
        return content

    def _token(self) -> None:
        form = {name: values[0] for name, values in parse_qs(self.body().decode()).items()}
        if {name: form.get(name) for name in CLIENT} != CLIENT:
            return self.answer(401, {"error": "invalid_client", "error_description": "Unauthorized"})
        if form["grant_type"] == "refresh_token":
            good = form.get("refresh_token") == REFRESH and not self.state.revoked
            more: dict[str, Any] = {}
        else:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            proved = base64.urlsafe_b64encode(digest).decode().rstrip("=") == self.state.challenge
            good = form.get("code") == CODE and proved
            more = {"refresh_token": REFRESH}
        if not good:
            return self.answer(400, {"error": "invalid_grant", "error_description": "Token has been revoked."})
        token = {"access_token": ACCESS, "expires_in": 3599, "token_type": "Bearer", "scope": self.state.scope}
        return self.answer(200, {**token, **more})

    def _videos(self) -> None:
        if self.command == "POST":
            resource = json.loads(self.body())
            size = int(self.headers["X-Upload-Content-Length"])
            number = f"session{len(self.state.sessions) + 1}"
            self.state.sessions[number] = Session(resource, self.params, size)
            location = f"{self.state.url}{self.path}&upload_id={number}"
            return self.send(200, b"", {"Location": location})
        session = self.state.sessions.get(self.params.get("upload_id", ""))
        if session is None:
            return error(404, "notFound")(self)
        given = self.headers.get("Content-Range", "")
        if given and not given.startswith("bytes */"):
            start, _end, total = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", given).groups())
            if session.video is None and (start != len(session.received) or total != session.size):
                return error(400, "invalidRange", given)(self)
            self.state.ranges.append(given)
            session.received += self.body()
        return self._standing(session)

    def take_part(self, size: int) -> None:
        """Keep what a session keeps of a broken body: whole granules."""
        session = self.state.sessions[self.params["upload_id"]]
        session.received += self.rfile.read(min(size, self.left))
        del session.received[len(session.received) // GRANULE * GRANULE :]

    def _standing(self, session: Session) -> None:
        if len(session.received) < session.size or self.state.stalls:
            last = len(session.received) - 1
            return self.send(308, b"", {"Range": f"bytes=0-{last}"} if last >= 0 else {})
        if session.video is None:
            session.video = self._made(session)
        return self.answer(201, session.video)

    def _made(self, session: Session) -> dict[str, Any]:
        number = f"video{len(self.state.videos) + 1:06}"
        status = {**session.resource["status"], "uploadStatus": "uploaded"}
        if self.state.locked_private:
            status["privacyStatus"] = "private"
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        snippet = {**session.resource["snippet"], "publishedAt": at}
        video = {"kind": "youtube#video", "id": number, "snippet": snippet, "status": status}
        kept = {"content": bytes(session.received), "params": session.params, "playlists": []}
        self.state.videos[number] = {**video, **kept}
        return video

    def _thumbnail(self) -> None:
        self.state.videos[self.params["videoId"]]["thumbnail"] = self.body()
        self.answer(200, {"kind": "youtube#thumbnailSetResponse", "items": []})

    def _captions(self) -> None:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parsed: Message = BytesParser().parsebytes(head + self.body())
        resource, media = parsed.get_payload()
        snippet = json.loads(resource.get_payload(decode=True))["snippet"]
        self.state.videos[snippet["videoId"]]["captions"] = (snippet["language"], media.get_payload(decode=True))
        self.answer(200, {"kind": "youtube#caption", "id": "caption1", "snippet": snippet})

    def _playlist_items(self) -> None:
        if self.command == "POST":
            snippet = json.loads(self.body())["snippet"]
            self.state.videos[snippet["resourceId"]["videoId"]]["playlists"].append(snippet["playlistId"])
            return self.answer(200, {"kind": "youtube#playlistItem", "id": "item1", "snippet": snippet})
        items = [
            {"snippet": {**video["snippet"], "resourceId": {"kind": "youtube#video", "videoId": number}}}
            for number, video in reversed(self.state.videos.items())
        ]
        return self.answer(200, {"kind": "youtube#playlistItemListResponse", "items": items[:50]})

    def _channels(self) -> None:
        channel = {
            "id": "UC123",
            "snippet": {"title": "A day at sea", "customUrl": "@seaday"},
            "contentDetails": {"relatedPlaylists": {"uploads": "UU123"}},
        }
        # Without a channel, Google leaves the list out.
        listed = {"items": [channel]} if self.state.channels else {}
        self.answer(200, {"kind": "youtube#channelListResponse", **listed})

    def _statistics(self) -> None:
        video = self.state.videos.get(self.params["id"])
        numbers = {"viewCount": "120", "likeCount": "7", "favoriteCount": "0", "commentCount": "3"}
        self.answer(200, {"items": [{"id": self.params["id"], "statistics": numbers}] if video else []})

    def send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        if not self.mute:
            self.body()  # what was not read of it would be taken for the next call
        super().send(status, content, headers)


@contextmanager
def serve() -> Iterator[YouTube]:
    with loopback.serving(YouTube(), _Handler) as youtube:
        yield youtube
