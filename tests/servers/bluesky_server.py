"""A loopback server that speaks the part of XRPC a Bluesky post needs: for machines without Node, and for what a PDS
alone has not: an AppView that counts, and a video service."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from apps.common.text.words import graphemes
from tests.servers import loopback

HANDLE = "alice.test"
DID = "did:plc:loopbackalice23456789abcd"


class _Refusal(Exception):
    def __init__(self, status: int, error: str, message: str = "") -> None:
        super().__init__(error)
        self.status, self.body = status, {"error": error, "message": message or error}


def cid_of(content: bytes) -> str:
    """The content's identifier, as the network writes it."""
    raw = b"\x01\x55\x12\x20" + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(raw).decode().lower().rstrip("=")


def jwt(**claims: Any) -> str:
    parts = ({"alg": "HS256", "typ": "at+jwt"}, claims)
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*coded, "c2lnbmF0dXJl"])


@dataclass
class BlueskyServer:
    """records: by their keys. seconds: how long a session lasts. polls: how often a job is asked before it is done."""

    url: str = ""
    did: str = DID
    app_password: str = "loop-back-app-pass"
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: float = 7200.0
    polls: int = 2
    logins: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def posts(self) -> list[dict[str, Any]]:
        return [self._described(key) for key in sorted(self.records, reverse=True)]

    def blob(self, cid: str) -> bytes:
        return self.blobs[cid]

    def _described(self, key: str) -> dict[str, Any]:
        value = self.records[key]
        cid = cid_of(json.dumps(value).encode())
        return {"uri": f"at://{self.did}/app.bsky.feed.post/{key}", "cid": cid, "value": value}

    def session(self) -> dict[str, Any]:
        self.logins += 1
        names = {"sub": self.did, "exp": int(time.time() + self.seconds)}
        access, refresh = jwt(**names, jti=f"a{self.logins}"), jwt(**names, jti=f"r{self.logins}")
        self.sessions |= {access, refresh}
        return {"did": self.did, "handle": HANDLE, "active": True, "accessJwt": access, "refreshJwt": refresh}

    # What each method does: body is what was sent, query what stood in the address.

    def create_session(self, body: dict[str, Any], **_: Any) -> dict[str, Any]:
        if (body["identifier"], body["password"]) != (HANDLE, self.app_password):
            raise _Refusal(401, "AuthenticationRequired", "Invalid identifier or password")
        return self.session()

    def refresh_session(self, token: str, **_: Any) -> dict[str, Any]:
        self.sessions.discard(self._known(token))
        return self.session()

    def get_session(self, token: str, **_: Any) -> dict[str, Any]:
        self._known(token)
        return {"did": self.did, "handle": HANDLE, "active": True}

    def describe_server(self, **_: Any) -> dict[str, Any]:
        return {"did": "did:web:loopback.test", "availableUserDomains": [".test"]}

    def get_service_auth(self, token: str, query: dict[str, str], **_: Any) -> dict[str, Any]:
        self._known(token)
        service = jwt(aud=query["aud"], lxm=query["lxm"], exp=int(query["exp"]))
        self.sessions.add(service)
        return {"token": service}

    def resolve_handle(self, query: dict[str, str], **_: Any) -> dict[str, Any]:
        if query["handle"] != HANDLE:
            raise _Refusal(400, "InvalidRequest", "Unable to resolve handle")
        return {"did": self.did}

    def get_record(self, query: dict[str, str], **_: Any) -> dict[str, Any]:
        if query["rkey"] not in self.records:
            raise _Refusal(400, "RecordNotFound", "Could not locate record")
        return self._described(query["rkey"])

    def create_record(self, token: str, body: dict[str, Any], **_: Any) -> dict[str, Any]:
        self._known(token)
        text = body["record"]["text"]
        if len(graphemes(text)) > 300 or len(text.encode()) > 3000:
            raise _Refusal(400, "InvalidRequest", "Invalid app.bsky.feed.post record: grapheme too big")
        with self.lock:
            if body["rkey"] in self.records:
                raise _Refusal(500, "InternalServerError", "Internal Server Error")  # the PDS says no more
            self.records[body["rkey"]] = body["record"]
        described = self._described(body["rkey"])
        return {"uri": described["uri"], "cid": described["cid"]}

    def upload_blob(self, token: str, raw: bytes, content_type: str, **_: Any) -> dict[str, Any]:
        self._known(token)
        return {"blob": self._keep(raw, content_type)}

    def get_posts(self, token: str, query: dict[str, str], **_: Any) -> dict[str, Any]:
        self._known(token)
        key = query["uris"].rpartition("/")[2]
        if key not in self.records:
            return {"posts": []}
        author = {"did": self.did, "handle": HANDLE}
        view = {**self._described(key), "author": author, "indexedAt": "2026-11-01T00:00:00.000Z", **self.counts}
        return {"posts": [{"record" if name == "value" else name: each for name, each in view.items()}]}

    def upload_video(self, token: str, raw: bytes, query: dict[str, str], **_: Any) -> dict[str, Any]:
        self._known(token)
        job = f"job{len(self.jobs) + 1}"
        self.jobs[job] = {"did": query["did"], "asked": 0, "blob": self._keep(raw, "video/mp4")}
        return {"jobId": job, "did": query["did"], "state": "JOB_STATE_CREATED"}

    def get_job_status(self, query: dict[str, str], **_: Any) -> dict[str, Any]:
        job = self.jobs[query["jobId"]]
        job["asked"] += 1
        status = {"jobId": query["jobId"], "did": job["did"], "state": "JOB_STATE_ENCODING", "progress": 50}
        if job["asked"] >= self.polls:
            status |= {"state": "JOB_STATE_COMPLETED", "blob": job["blob"]}
        return {"jobStatus": status}

    def _known(self, token: str) -> str:
        if token not in self.sessions:
            raise _Refusal(400, "ExpiredToken", "Token has expired")
        return token

    def _keep(self, raw: bytes, content_type: str) -> dict[str, Any]:
        cid = cid_of(raw)
        self.blobs[cid] = raw
        return {"$type": "blob", "ref": {"$link": cid}, "mimeType": content_type, "size": len(raw)}


_METHODS = {
    "com.atproto.server.createSession": BlueskyServer.create_session,
    "com.atproto.server.refreshSession": BlueskyServer.refresh_session,
    "com.atproto.server.getSession": BlueskyServer.get_session,
    "com.atproto.server.describeServer": BlueskyServer.describe_server,
    "com.atproto.server.getServiceAuth": BlueskyServer.get_service_auth,
    "com.atproto.identity.resolveHandle": BlueskyServer.resolve_handle,
    "com.atproto.repo.getRecord": BlueskyServer.get_record,
    "com.atproto.repo.createRecord": BlueskyServer.create_record,
    "com.atproto.repo.uploadBlob": BlueskyServer.upload_blob,
    "app.bsky.feed.getPosts": BlueskyServer.get_posts,
    "app.bsky.video.uploadVideo": BlueskyServer.upload_video,
    "app.bsky.video.getJobStatus": BlueskyServer.get_job_status,
}


class _Handler(loopback.Handler):
    content_type = "application/json; charset=utf-8"
    state: BlueskyServer

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content_type = self.headers.get("Content-Type", "")
        try:
            method = _METHODS[address.path.rpartition("/")[2]]
            answer = method(
                self.state,
                token=self.headers.get("Authorization", "").removeprefix("Bearer "),
                query={name: values[0] for name, values in parse_qs(address.query).items()},
                raw=raw,
                content_type=content_type,
                body=json.loads(raw) if raw and "json" in content_type else {},
            )
            self.answer(200, answer)
        except KeyError:
            self.answer(501, {"error": "MethodNotImplemented", "message": "Method Not Implemented"})
        except _Refusal as refusal:
            self.answer(refusal.status, refusal.body)

    do_GET = do_POST


@contextmanager
def serve() -> Iterator[BlueskyServer]:
    with loopback.serving(BlueskyServer(), _Handler) as state:
        yield state
