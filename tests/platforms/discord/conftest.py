from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from apps.platforms.base import PublishRequest
from apps.platforms.discord.adapter import DiscordPlatform
from tests.platforms.posts import BRIEF, CONFIG, give
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


@pytest.fixture
def brief(proxy: faulty_proxy.Proxy, monkeypatch: pytest.MonkeyPatch) -> Callable[[PublishRequest], PublishRequest]:
    """Gives a request little time, which is spent on nothing but the server's silence."""
    give(proxy.patience, monkeypatch)
    return lambda request: replace(request, timeout=BRIEF)
