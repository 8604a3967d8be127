from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.platforms.discord.adapter import DiscordPlatform
from tests.platforms.posts import CONFIG
from tests.servers import discord_server, faulty_proxy
from tests.servers.discord_server import DiscordServer


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with discord_server.serve() as server:
        yield server


@pytest.fixture
def proxy(server: DiscordServer) -> Iterator[faulty_proxy.Proxy]:
    with faulty_proxy.before(server.url) as proxy:
        yield proxy


@pytest.fixture
def platform() -> DiscordPlatform:
    return DiscordPlatform(CONFIG)


@pytest.fixture
def credentials(proxy: faulty_proxy.Proxy) -> dict[str, str]:
    return {"url": f"{proxy.url}{discord_server.PATH}"}
