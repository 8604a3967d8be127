"""A loopback server that speaks Google's side: tokens, resumable uploads, and what of the YouTube Data API we call.

It is checked itself by Google's own client library, in tests/platforms/youtube/test_server.py. It misbehaves on a
script: an act for the next call whose method and address fit.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

CLIENT = {"client_id": "client.apps.example", "client_secret": "a-client-secret"}
ACCESS, REFRESH = "an-access-token", "a-refresh-token"
CODE = "a-code"
GRANULE = 256 * 1024

Act = Callable[["_Handler"], None]


@dataclass
class Session:
    resource: dict[str, Any]
    params: dict[str, str]
    size: int
    received: bytearray = field(default_factory=bytearray)
    video: dict[str, Any] | None = None


@dataclass
class YouTube:
    """videos: by ID, each with what was set on it. calls: method and path of every call. stalls: a session that has all
    bytes does not finish."""

    url: str = ""
    sessions: dict[str, Session] = field(default_factory=dict)
    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    script: list[tuple[str, Act]] = field(default_factory=list)
    challenge: str = ""
    scope: str = ""
    revoked: bool = False
    stalls: bool = False
    locked_private: bool = False
    channels: int = 1
    closing: Event = field(default_factory=Event)

    def will(self, pattern: str, *acts: Act) -> None:
        """pattern: a regular expression for "PUT /upload/youtube/v3/videos?...", with its Content-Range behind it."""
        self.script += [(pattern, act) for act in acts]

    def act_for(self, call: str) -> Act | None:
        for step in self.script:
            if re.match(step[0], call):
                self.script.remove(step)
                return step[1]
        return None

    def titled(self, title: str) -> list[str]:
        return [number for number, video in self.videos.items() if video["snippet"]["title"] == title]


def error(status: int, reason: str, message: str = "No.", **headers: str) -> Act:
    """An error in Google's form."""
    each = {"message": message, "domain": "youtube", "reason": reason}
    body = {"error": {"code": status, "message": message, "errors": [each]}}
    return lambda handler: handler.answer(status, body, **headers)


def says(status: int, text: str) -> Act:
    return lambda handler: handler.send(status, text.encode(), {"Content-Type": "text/html"})


def cuts_after(size: int) -> Act:
    """Takes so many bytes of the body, and hangs up."""

    def act(handler: _Handler) -> None:
        handler.take_part(size)
        cuts(handler)

    return act


def accepts_then(act: Act) -> Act:
    """Does what was asked, and answers something else."""

    def both(handler: _Handler) -> None:
        handler.mute = True
        handler.dispatch()
        handler.mute = False
        act(handler)

    return both


def cuts(handler: _Handler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def hangs(handler: _Handler) -> None:
    handler.youtube.closing.wait(20)


def trickles(handler: _Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.youtube.closing.wait(0.05):
        handler.wfile.write(b" ")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    youtube: YouTube
    mute = False

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        self.path_only = address.path
        self.params = {name: values[0] for name, values in parse_qs(address.query).items()}
        self.left = int(self.headers.get("Content-Length", 0))
        call = f"{self.command} {self.path} {self.headers.get('Content-Range', '')}".strip()
        self.youtube.calls.append(call)
        if act := self.youtube.act_for(call):
            act(self)
        else:
            self.dispatch()

    do_PUT = do_GET = do_POST

    def dispatch(self) -> None:
        if self.path_only == "/token":
            return self._token()
        if self.youtube.revoked or self.headers.get("Authorization") != f"Bearer {ACCESS}":
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
            good = form.get("refresh_token") == REFRESH and not self.youtube.revoked
            more: dict[str, Any] = {}
        else:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            proved = base64.urlsafe_b64encode(digest).decode().rstrip("=") == self.youtube.challenge
            good = form.get("code") == CODE and proved
            more = {"refresh_token": REFRESH}
        if not good:
            return self.answer(400, {"error": "invalid_grant", "error_description": "Token has been revoked."})
        token = {"access_token": ACCESS, "expires_in": 3599, "token_type": "Bearer", "scope": self.youtube.scope}
        return self.answer(200, {**token, **more})

    def _videos(self) -> None:
        if self.command == "POST":
            resource = json.loads(self.body())
            size = int(self.headers["X-Upload-Content-Length"])
            number = f"session{len(self.youtube.sessions) + 1}"
            self.youtube.sessions[number] = Session(resource, self.params, size)
            location = f"{self.youtube.url}{self.path}&upload_id={number}"
            return self.send(200, b"", {"Location": location})
        session = self.youtube.sessions.get(self.params.get("upload_id", ""))
        if session is None:
            return error(404, "notFound")(self)
        given = self.headers.get("Content-Range", "")
        if given and not given.startswith("bytes */"):
            start, _end, total = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", given).groups())
            if session.video is None and (start != len(session.received) or total != session.size):
                return error(400, "invalidRange", given)(self)
            self.youtube.ranges.append(given)
            session.received += self.body()
        return self._standing(session)

    def take_part(self, size: int) -> None:
        """Keep what a session keeps of a broken body: whole granules."""
        session = self.youtube.sessions[self.params["upload_id"]]
        session.received += self.rfile.read(min(size, self.left))
        del session.received[len(session.received) // GRANULE * GRANULE :]

    def _standing(self, session: Session) -> None:
        if len(session.received) < session.size or self.youtube.stalls:
            last = len(session.received) - 1
            return self.send(308, b"", {"Range": f"bytes=0-{last}"} if last >= 0 else {})
        if session.video is None:
            session.video = self._made(session)
        return self.answer(201, session.video)

    def _made(self, session: Session) -> dict[str, Any]:
        number = f"video{len(self.youtube.videos) + 1:06}"
        status = {**session.resource["status"], "uploadStatus": "uploaded"}
        if self.youtube.locked_private:
            status["privacyStatus"] = "private"
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        snippet = {**session.resource["snippet"], "publishedAt": at}
        video = {"kind": "youtube#video", "id": number, "snippet": snippet, "status": status}
        kept = {"content": bytes(session.received), "params": session.params, "playlists": []}
        self.youtube.videos[number] = {**video, **kept}
        return video

    def _thumbnail(self) -> None:
        self.youtube.videos[self.params["videoId"]]["thumbnail"] = self.body()
        self.answer(200, {"kind": "youtube#thumbnailSetResponse", "items": []})

    def _captions(self) -> None:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parsed: Message = BytesParser().parsebytes(head + self.body())
        resource, media = parsed.get_payload()
        snippet = json.loads(resource.get_payload(decode=True))["snippet"]
        self.youtube.videos[snippet["videoId"]]["captions"] = (snippet["language"], media.get_payload(decode=True))
        self.answer(200, {"kind": "youtube#caption", "id": "caption1", "snippet": snippet})

    def _playlist_items(self) -> None:
        if self.command == "POST":
            snippet = json.loads(self.body())["snippet"]
            self.youtube.videos[snippet["resourceId"]["videoId"]]["playlists"].append(snippet["playlistId"])
            return self.answer(200, {"kind": "youtube#playlistItem", "id": "item1", "snippet": snippet})
        items = [
            {"snippet": {**video["snippet"], "resourceId": {"kind": "youtube#video", "videoId": number}}}
            for number, video in reversed(self.youtube.videos.items())
        ]
        return self.answer(200, {"kind": "youtube#playlistItemListResponse", "items": items[:50]})

    def _channels(self) -> None:
        channel = {
            "id": "UC123",
            "snippet": {"title": "A day at sea", "customUrl": "@seaday"},
            "contentDetails": {"relatedPlaylists": {"uploads": "UU123"}},
        }
        # Without a channel, Google leaves the list out.
        listed = {"items": [channel]} if self.youtube.channels else {}
        self.answer(200, {"kind": "youtube#channelListResponse", **listed})

    def _statistics(self) -> None:
        video = self.youtube.videos.get(self.params["id"])
        numbers = {"viewCount": "120", "likeCount": "7", "favoriteCount": "0", "commentCount": "3"}
        self.answer(200, {"items": [{"id": self.params["id"], "statistics": numbers}] if video else []})

    def answer(self, status: int, body: dict[str, Any], **headers: str) -> None:
        content = json.dumps(body).encode()
        self.send(status, content, {"Content-Type": "application/json; charset=UTF-8", **headers})

    def send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        if self.mute:
            return
        self.body()  # what was not read of it would be taken for the next call
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
def serve() -> Iterator[YouTube]:
    youtube = YouTube()
    handler = type("Handler", (_Handler,), {"youtube": youtube})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        youtube.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield youtube
        finally:
            youtube.closing.set()
            server.shutdown()
            thread.join()
