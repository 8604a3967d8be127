"""A Mastodon server for tests: mastodon-mock's wire and memory, with a proxy before it that misbehaves on request."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from mastodon_mock.config import DatabaseConfig, MastodonMockConfig, SeedAccount, SeedConfig
from mastodon_mock.testing.server import MockServer

from tests.servers import faulty_proxy

TOKEN = "loopback-token-of-alice"


@dataclass
class MastodonServer:
    """url: what clients are given; the proxy's. direct: the server's own."""

    proxy: faulty_proxy.Proxy
    direct: str

    @property
    def url(self) -> str:
        return self.proxy.url

    def reset(self) -> None:
        self.proxy.reset()
        httpx.post(f"{self.direct}/api/v1/_mock/reset", trust_env=False, timeout=30).raise_for_status()

    def statuses(self) -> list[dict[str, Any]]:
        """Alice's posts, newest first."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=self.direct, headers=headers, trust_env=False, timeout=30) as client:
            me = client.get("/api/v1/accounts/verify_credentials").json()["id"]
            return client.get(f"/api/v1/accounts/{me}/statuses", params={"limit": 40}).json()

    def source(self, status: str) -> str:
        """The text as it was written."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        address = f"{self.direct}/api/v1/statuses/{status}/source"
        return httpx.get(address, headers=headers, trust_env=False, timeout=30).json()["text"]

    def favourite(self, status: str) -> None:
        headers = {"Authorization": "Bearer loopback-token-of-bob"}
        address = f"{self.direct}/api/v1/statuses/{status}/favourite"
        httpx.post(address, headers=headers, trust_env=False, timeout=30).raise_for_status()


@contextmanager
def serve() -> Iterator[MastodonServer]:
    people = [
        SeedAccount(username="alice", display_name="Alice", access_token=TOKEN),
        SeedAccount(username="bob", display_name="Bob", access_token="loopback-token-of-bob"),
    ]
    with tempfile.TemporaryDirectory() as media:
        config = MastodonMockConfig(
            database=DatabaseConfig(path=":memory:"), seed=SeedConfig(accounts=people), media_storage_path=media
        )
        with (
            MockServer(config=config, log_level="critical", startup_timeout=60) as mock,
            faulty_proxy.before(mock.base_url) as proxy,
        ):
            yield MastodonServer(proxy, mock.base_url)
