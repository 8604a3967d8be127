from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from apps.platforms.base import PublishRequest
from apps.platforms.youtube import google, upload
from apps.platforms.youtube.adapter import YoutubePlatform
from tests.platforms.posts import BRIEF, CONFIG, file_of, give, post
from tests.servers import youtube_server
from tests.servers.youtube_server import ACCESS, CLIENT, REFRESH, YouTube

SIZE = 700_000


@pytest.fixture
def youtube() -> Iterator[YouTube]:
    with youtube_server.serve() as youtube:
        yield youtube


@pytest.fixture
def platform(youtube: YouTube) -> YoutubePlatform:
    return at(youtube.url)


def at(url: str) -> YoutubePlatform:
    """The adapter with Google at another address."""
    platform = YoutubePlatform(CONFIG)
    platform.api, platform.token_url = url, f"{url}/token"
    return platform


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "CHUNK", upload.STEP)
    monkeypatch.setattr(upload, "PAUSES", (0.01, 0.02, 0.03))


@pytest.fixture
def credentials() -> dict[str, object]:
    return {**CLIENT, "access_token": ACCESS, "refresh_token": REFRESH, "expires_at": 4_000_000_000.0}


@pytest.fixture
def a_post(credentials: dict[str, object]) -> Callable[..., PublishRequest]:
    content = bytes(range(256)) * (SIZE // 256 + 1)
    video = file_of(content[:SIZE], "video/mp4")
    fields = {"title": "A day at sea", "text": "Waves.", "has_video": True, "duration": 30.0, "video": video}
    return lambda **changes: post(credentials, **{**fields, **changes})


@pytest.fixture
def brief(youtube: YouTube, monkeypatch: pytest.MonkeyPatch) -> Callable[[PublishRequest], PublishRequest]:
    """Gives a request little time, which is spent on nothing but the server's silence."""
    give(youtube.patience, monkeypatch, google)
    return lambda request: replace(request, timeout=BRIEF)
