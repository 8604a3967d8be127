from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from apps.platforms.base import Identity
from apps.platforms.models import Account
from apps.platforms.registry import adapter
from apps.platforms.services import connect_account, save_account
from apps.platforms.tiktok import driver
from apps.workspaces.actors import SYSTEM
from tests.login_adapter import OauthPlatform
from tests.servers import login_server
from tests.servers.tiktok_studio.warm_robot import WarmRobot

ADAPTERS = {"fake_oauth": "tests.login_adapter.OauthPlatform", "fake_form": "tests.login_adapter.FormPlatform"}


@pytest.fixture
def provider(settings) -> Iterator[login_server.Provider]:
    """A platform of the loopback with logins, and the adapters for it."""
    settings.EXTRA_PLATFORMS = ADAPTERS
    with login_server.running() as provider:
        yield provider


@pytest.fixture
def by_form(workspace, provider) -> Callable[..., Account]:
    """by_form(name="Night") is an account connected with a token that works."""

    def make(*, actor=SYSTEM, in_workspace=workspace, **fields) -> Account:
        extra = {name: fields.pop(name) for name in ("cookies_end",) if name in fields}
        credentials = {"server": provider.url, "access_token": provider.grant()["access_token"], **extra}
        return connect_account(
            workspace=in_workspace, actor=actor, platform="fake_form", credentials=credentials, **fields
        )

    return make


@pytest.fixture
def by_oauth(workspace, provider) -> Callable[..., Account]:
    """by_oauth(ends_in=30) is an account whose access token ends so soon."""

    def make(*, ends_in: float = 3600.0, actor=SYSTEM) -> Account:
        tokens = provider.grant()
        credentials = {"server": provider.url, "expires_at": time.time() + ends_in}
        credentials |= {name: tokens[name] for name in ("access_token", "refresh_token")}
        plug = adapter(OauthPlatform.slug)
        return save_account(
            workspace=workspace,
            actor=actor,
            plug=plug,
            identity=Identity(provider.handle),
            credentials=credentials,
            name="Night",
            settings={},
            limits={},
        )

    return make


@pytest.fixture(scope="session")
def warm_robot() -> Iterator[WarmRobot]:
    robot = WarmRobot()
    yield robot
    robot.close()


@pytest.fixture
def warm(warm_robot: WarmRobot, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what happens on TikTok's pages: their jobs share a browser."""
    monkeypatch.setattr(driver, "run", warm_robot.run)
