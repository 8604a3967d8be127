from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import regex

from apps.platforms import webhook
from apps.platforms.base import PublishRequest
from apps.platforms.webhook import adapter
from apps.platforms.webhook.adapter import WebhookPlatform
from tests.platforms.posts import BRIEF, CONFIG, give
from tests.servers import faulty_proxy, webhook_server
from tests.servers.webhook_server import Receiver, Verify

SECRET = "whsec_bG9vcGJhY2stc2VjcmV0LW9mLTMyLWJ5dGVzLS0tLS0="


@pytest.fixture(scope="session")
def verify() -> Verify:
    """The function that README.md gives to those who write a receiver."""
    readme = (Path(webhook.__file__).parent / "README.md").read_text()
    names: dict[str, Any] = {}
    exec(regex.search(r"```python\n(.*?)```", readme, regex.DOTALL)[1], names)  # noqa: S102
    return names["verified"]


@pytest.fixture
def receiver(verify: Verify) -> Iterator[Receiver]:
    with webhook_server.serve(verify, SECRET) as server:
        yield server


@pytest.fixture
def proxy(receiver: Receiver) -> Iterator[faulty_proxy.Proxy]:
    with faulty_proxy.before(receiver.url) as proxy:
        yield proxy


@pytest.fixture
def platform() -> WebhookPlatform:
    return WebhookPlatform(CONFIG)


@pytest.fixture
def credentials(proxy: faulty_proxy.Proxy) -> dict[str, str]:
    return {"url": f"{proxy.url}/rundown", "secret": SECRET}


@pytest.fixture
def brief(proxy: faulty_proxy.Proxy, monkeypatch: pytest.MonkeyPatch) -> Callable[[PublishRequest], PublishRequest]:
    """Gives a request little time, which is spent on nothing but the server's silence."""
    give(proxy.patience, monkeypatch, adapter)
    return lambda request: replace(request, timeout=BRIEF)
