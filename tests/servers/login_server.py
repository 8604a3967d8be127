"""A loopback platform with OAuth: authorization code with PKCE, refresh tokens that are used up, and who-am-I.

`/authorize` answers at once, as a person who presses "Allow" (or, with `denies`, "Cancel"). What was asked of the token
endpoint is counted, and it can be made slow, silent or broken.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

REDIRECTS = "/accounts/connected/"


@dataclass
class Provider:
    """handle: who logs in. lasts: seconds of a new access token. broken: the status that every call gets;
    token_broken: every call for tokens. banned: no token is good enough."""

    url: str = ""
    handle: str = "asha"
    lasts: float = 3600.0
    denies: bool = False
    slow: float = 0.0
    broken: int = 0
    token_broken: int = 0
    banned: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    access: dict[str, tuple[str, float]] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def grant(self, handle: str = "") -> dict[str, Any]:
        """Fresh tokens, as the token endpoint answers them."""
        access, refresh = f"access-{secrets.token_hex(8)}", f"refresh-{secrets.token_hex(8)}"
        self.access[access] = (handle or self.handle, time.time() + self.lasts)
        self.refresh[refresh] = handle or self.handle
        return {"access_token": access, "refresh_token": refresh, "expires_in": self.lasts}

    def revoke(self) -> None:
        self.access.clear()
        self.refresh.clear()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: Provider

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize":
            return self._authorize(query)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        handle, ends = self.provider.access.get(token, ("", 0.0))
        if self.provider.broken:
            return self._answer(self.provider.broken, {"error": "sorry"})
        good = ends > time.time() and not self.provider.banned
        return self._answer(200, {"handle": handle}) if good else self._answer(401, {"error": "who?"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        with self.provider.lock:
            self.provider.asked.append(form.get("grant_type", ""))
        time.sleep(self.provider.slow)
        if status := self.provider.broken or self.provider.token_broken:
            return self._answer(status, {"error": "sorry"})
        with self.provider.lock:
            granted = self._by_code(form) if form["grant_type"] == "authorization_code" else self._by_refresh(form)
        return self._answer(200, granted) if granted else self._answer(400, {"error": "invalid_grant"})

    def _authorize(self, query: dict[str, str]) -> None:
        back = {"state": query["state"]}
        if self.provider.denies:
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_hex(8)
            self.provider.codes[back["code"]] = query
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode(back)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _by_code(self, form: dict[str, str]) -> dict[str, Any] | None:
        asked = self.provider.codes.pop(form["code"], None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"] or asked["code_challenge_method"] != "S256":
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return None
        return self.provider.grant()

    def _by_refresh(self, form: dict[str, str]) -> dict[str, Any] | None:
        handle = self.provider.refresh.pop(form["refresh_token"], None)  # used up, whatever happens next
        return self.provider.grant(handle) if handle else None

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class running:
    """`with running() as provider:` serves it on a free port of the loopback."""

    def __init__(self, **options: Any) -> None:
        self.provider = Provider(**options)

    def __enter__(self) -> Provider:
        handler = type("Handler", (_Handler,), {"provider": self.provider})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.provider.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self.provider

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
