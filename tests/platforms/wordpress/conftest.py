from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from apps.platforms.base import PublishRequest
from apps.platforms.wordpress.adapter import WordpressPlatform
from tests.platforms.posts import CONFIG, post
from tests.servers import wordpress_proxy, wordpress_server
from tests.servers.wordpress_proxy import Proxy
from tests.servers.wordpress_server import WordPress

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def wordpress() -> Iterator[WordPress]:
    with wordpress_server.running() as site:
        yield site


@pytest.fixture(scope="session")
def ask(wordpress: WordPress) -> Ask:
    """What the administrator sees: ask("posts/5", status="draft"). Fields for the editor come along."""
    login = ("admin", wordpress.passwords["admin"])

    def asked(route: str, body: dict[str, Any] | None = None, *, method: str = "", **params: Any) -> Any:
        answer = httpx.request(
            method or ("POST" if body else "GET"),
            f"{wordpress.url}/wp-json/wp/v2/{route}",
            params={"context": "edit", "per_page": 100, **params},
            json=body,
            auth=login,
            timeout=30,
        )
        return answer.raise_for_status().json()

    return asked


@pytest.fixture
def proxy(wordpress: WordPress) -> Iterator[Proxy]:
    with wordpress_proxy.before(wordpress.url) as proxy:
        yield proxy


@pytest.fixture
def platform() -> WordpressPlatform:
    return WordpressPlatform(CONFIG)


@pytest.fixture
def credentials(wordpress: WordPress) -> dict[str, str]:
    return {"site": wordpress.url, "username": "author", "password": wordpress.passwords["author"]}


@pytest.fixture
def a_post(credentials: dict[str, str], request: pytest.FixtureRequest) -> Callable[..., PublishRequest]:
    """A request of the author's; its title is the test's own unless told."""
    title = f"{request.node.name} {uuid.uuid4().hex[:6]}"
    return lambda **fields: post({**credentials, **fields.pop("login", {})}, **{"title": title, **fields})
