from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.platforms.telegram.adapter import TelegramPlatform
from tests.platforms.posts import CONFIG
from tests.servers import faulty_proxy, telegram_server
from tests.servers.telegram_server import TelegramServer


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with telegram_server.serve() as server:
        yield server


@pytest.fixture
def proxy(server: TelegramServer) -> Iterator[faulty_proxy.Proxy]:
    with faulty_proxy.before(server.url) as proxy:
        yield proxy


@pytest.fixture
def platform() -> TelegramPlatform:
    return TelegramPlatform(CONFIG)


@pytest.fixture
def credentials(proxy: faulty_proxy.Proxy) -> dict[str, str]:
    return {"token": telegram_server.TOKEN, "chat": "@the_sea", "server": proxy.url}
