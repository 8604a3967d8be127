from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from apps.platforms.base import PublishRequest
from apps.platforms.x.adapter import XPlatform
from tests.platforms.posts import CONFIG, post
from tests.servers import x_server
from tests.servers.x_server import ACCESS, CLIENT, REFRESH, X


@pytest.fixture
def x() -> Iterator[X]:
    with x_server.serve() as x:
        yield x


@pytest.fixture
def platform(x: X) -> XPlatform:
    platform = XPlatform(CONFIG)
    platform.api = x.url
    return platform


@pytest.fixture
def credentials() -> dict[str, object]:
    return {**CLIENT, "access_token": ACCESS, "refresh_token": REFRESH, "expires_at": 4_000_000_000.0}


@pytest.fixture
def a_post(credentials: dict[str, object]) -> Callable[..., PublishRequest]:
    return lambda **changes: post(credentials, **changes)
