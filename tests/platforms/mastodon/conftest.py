from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.platforms.mastodon.adapter import MastodonPlatform
from tests.platforms.posts import CONFIG
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
