from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from apps.platforms.base import PublishRequest
from apps.platforms.telegram.adapter import TelegramPlatform
from tests.platforms.posts import BRIEF, CONFIG, give
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


@pytest.fixture
def brief(proxy: faulty_proxy.Proxy, monkeypatch: pytest.MonkeyPatch) -> Callable[[PublishRequest], PublishRequest]:
    """Gives a request little time, which is spent on nothing but the server's silence."""
    give(proxy.patience, monkeypatch)
    return lambda request: replace(request, timeout=BRIEF)
