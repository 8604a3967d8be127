"""The loopback studio, and the adapter as an installation would make it, with a description of that studio's pages."""

from __future__ import annotations

import hashlib
import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.platforms.base import Draft, MediaFile, PlatformConfig, PublishRequest
from apps.platforms.tiktok.adapter import TiktokPlatform
from tests.conformance.platform import Heard
from tests.servers.tiktok_studio import server
from tests.servers.tiktok_studio.server import Studio

# A file of three pieces; nothing here decodes it.
VIDEO = bytes(range(256)) * 2600
# Long enough for a machine that has much else to do; what comes is not waited for any longer.
WAITS = {"element": 25, "suggestions": 0.6, "key": 0, "checks": 2, "answer": 25, "listing": 20}


@dataclass
class Listened(Heard):
    """Also remembers renewed credentials."""

    new_credentials: list[dict[str, Any]] = field(default_factory=list)

    def renewed(self, credentials: dict[str, Any]) -> None:
        self.new_credentials.append(credentials)


@pytest.fixture
def studio() -> Iterator[Studio]:
    with server.running() as studio:
        yield studio


@pytest.fixture
def describe(tmp_path: Path) -> Callable[..., Path]:
    """Writes an operator's file: where the pages are, and whatever else differs; returns the folder of such files."""

    def write(url: str, *, hosts: tuple[str, ...] = ("127.0.0.1",), waits: dict | None = None, more: str = "") -> Path:
        lines = [
            "[addresses]",
            f'posts = "{url}/tiktokstudio/content"',
            f'upload = "{url}/tiktokstudio/upload"',
            f'login = "{url}/login"',
            f'post = "{url}/@{{handle}}/video/{{id}}"',
            f'profile = "{url}/@{{handle}}"',
            "[network]",
            f"hosts = {json.dumps(list(hosts))}",
            'cookie_domains = ["127.0.0.1"]',
            "[waits]",
            *(f"{name} = {seconds}" for name, seconds in {**WAITS, **(waits or {})}.items()),
        ]
        (tmp_path / "tiktok.toml").write_text("\n".join(lines) + "\n" + more, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def make(describe: Callable[..., Path]) -> Callable[..., TiktokPlatform]:
    def adapter(url: str, **description: Any) -> TiktokPlatform:
        folder = describe(url, **description)
        return TiktokPlatform(PlatformConfig(chromium=settings.CHROMIUM_PATH, overrides=folder))

    return adapter


@pytest.fixture
def tiktok(studio: Studio, make: Callable[..., TiktokPlatform]) -> TiktokPlatform:
    return make(studio.url)


@pytest.fixture
def hasty(studio: Studio, make: Callable[..., TiktokPlatform]) -> TiktokPlatform:
    """The same adapter, for pages on which a part never comes."""
    return make(studio.url, waits={"element": 3})


@pytest.fixture
def impatient(studio: Studio, make: Callable[..., TiktokPlatform]) -> TiktokPlatform:
    """The same adapter, for pages that say nothing after Post was pressed."""
    return make(studio.url, waits={"answer": 1.5, "listing": 1.5})


@pytest.fixture
def heard() -> Listened:
    return Listened()


def cookies(value: str = "a-session-of-harbour", *, days: float = 60) -> str:
    """A session as a browser's extension exports it."""
    ends = int(time.time() + days * 86400)
    entry = {
        "name": "sessionid",
        "value": value,
        "domain": "127.0.0.1",
        "path": "/",
        "hostOnly": True,
        "httpOnly": True,
    }
    return json.dumps([{**entry, "secure": False, "sameSite": "unspecified", "expirationDate": ends}])


@pytest.fixture
def request_of(tiktok: TiktokPlatform) -> Callable[..., PublishRequest]:
    """A complete post of the account “harbour”; fields replace those of the request, or of its draft."""
    whole = PublishRequest(
        post_key=uuid.uuid4(),
        account="harbour",
        credentials=tiktok.keep({"session": cookies()}),
        settings={},
        draft=Draft(title="A day at sea", text="Waves and wind.", hashtags=("harbour", "sea"), has_video=True),
        timeout=100,
        video=MediaFile(
            "items/1/video.mp4", len(VIDEO), hashlib.sha256(VIDEO).hexdigest(), "video/mp4", lambda: io.BytesIO(VIDEO)
        ),
    )

    def make(**fields: Any) -> PublishRequest:
        of_draft = {name: fields.pop(name) for name in list(fields) if name not in PublishRequest.__dataclass_fields__}
        return replace(whole, draft=replace(whole.draft, **of_draft), **fields)

    return make
