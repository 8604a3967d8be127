from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from apps.platforms.base import PublishRequest
from apps.platforms.mastodon import client
from apps.platforms.mastodon.adapter import MastodonPlatform
from tests.platforms.posts import BRIEF, CONFIG, give
from tests.servers import mastodon_server
from tests.servers.mastodon_server import MastodonServer


@pytest.fixture(scope="session")
def running_server() -> Iterator[MastodonServer]:
    with mastodon_server.serve() as server:
        yield server


@pytest.fixture
def server(running_server: MastodonServer) -> MastodonServer:
    running_server.reset()
    return running_server


@pytest.fixture
def platform() -> MastodonPlatform:
    return MastodonPlatform(CONFIG)


@pytest.fixture
def credentials(server: MastodonServer) -> dict[str, str]:
    return {"server": server.url, "access_token": mastodon_server.TOKEN}


@pytest.fixture
def brief(server: MastodonServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[PublishRequest], PublishRequest]:
    """Gives a request little time, which is spent on nothing but the server's silence."""
    give(server.proxy.patience, monkeypatch, client)
    return lambda request: replace(request, timeout=BRIEF)
