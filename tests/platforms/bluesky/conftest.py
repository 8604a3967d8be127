from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from apps.platforms.base import PublishRequest
from apps.platforms.bluesky import client
from apps.platforms.bluesky.adapter import BlueskyPlatform
from tests.platforms.posts import BRIEF, CONFIG, give
from tests.servers import bluesky_server, faulty_proxy, pds_server


@dataclass
class Home:
    """A server with an account on it, and the proxy before it by which the account is reached."""

    server: Any
    proxy: faulty_proxy.Proxy

    @property
    def credentials(self) -> dict[str, Any]:
        return {"handle": "alice.test", "app_password": self.server.app_password, "server": self.proxy.url}

    def texts(self) -> list[str]:
        return [post["value"]["text"] for post in self.server.posts()]

    def record(self, uri: str) -> dict[str, Any]:
        return next(post["value"] for post in self.server.posts() if post["uri"] == uri)


@pytest.fixture(scope="session")
def running_pds() -> Iterator[pds_server.PDS]:
    with pds_server.serve() as pds:
        yield pds


@pytest.fixture
def loopback() -> Iterator[Home]:
    with bluesky_server.serve() as server, faulty_proxy.before(server.url) as proxy:
        yield Home(server, proxy)


@pytest.fixture(params=["loopback", "pds"])
def home(request: pytest.FixtureRequest) -> Iterator[Home]:
    """Each test runs on the real PDS and on the loopback server."""
    if request.param == "loopback":
        yield request.getfixturevalue("loopback")
    else:
        pds = request.getfixturevalue("running_pds")
        with faulty_proxy.before(pds.url) as proxy:
            yield Home(pds, proxy)


@pytest.fixture
def platform() -> BlueskyPlatform:
    return BlueskyPlatform(CONFIG)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> Callable[[Home, PublishRequest], PublishRequest]:
    """Gives a request little time, which is spent on nothing but the server's silence."""

    def made(home: Home, request: PublishRequest) -> PublishRequest:
        give(home.proxy.patience, monkeypatch, client)
        return replace(request, timeout=2 * BRIEF)  # a real PDS is no dummy

    return made
