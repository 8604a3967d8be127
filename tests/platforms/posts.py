"""Posts for the adapters that need no database: frozen requests with files in memory."""

from __future__ import annotations

import hashlib
import io
import struct
import time
import uuid
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from apps.common import deadlines
from apps.platforms import guard, http
from apps.platforms.base import Draft, MediaFile, PlatformConfig, PublishRequest
from tests.servers.loopback import Patience, Pauses

# Seconds that a call has when its server falls silent. On a busy machine, one read before that takes less.
BRIEF = 1.5
# Tests' servers are on the loopback.
CONFIG = PlatformConfig(site_url="https://desk.example.org", private_hosts=frozenset({"127.0.0.1", "localhost"}))


def give(clock: Patience | Pauses, monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Lets calls of adapters run by this clock. modules: of the adapter, those that look at the time."""
    for module in (deadlines, guard, http, *modules):
        monkeypatch.setattr(module, "time", clock)


def until(condition: Callable[[], object], *, within: float = 60.0) -> None:
    """What a server does after its client has gone."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def file_of(content: bytes, content_type: str, name: str = "") -> MediaFile:
    kind = content_type.rpartition("/")[2]
    digest = hashlib.sha256(content).hexdigest()
    return MediaFile(name or f"w1/file.{kind}", len(content), digest, content_type, lambda: io.BytesIO(content))


def image(width: int = 64, height: int = 48, *, kind: str = "png", noise: bool = False) -> MediaFile:
    """A picture; with noise, one that compresses badly."""
    if noise:
        picture = Image.effect_noise((width, height), 120).convert("RGB")
    else:
        picture = Image.new("RGB", (width, height), (200, 80, 40))
    target = io.BytesIO()
    picture.save(target, kind)
    return file_of(target.getvalue(), f"image/{kind}")


def mp4(width: int, height: int, *, turned: bool = False, wide_box: bool = False) -> bytes:
    """A file with the headers of a real one, sound first, and the description at its end."""

    def box(kind: bytes, *content: bytes) -> bytes:
        body = b"".join(content)
        if wide_box:
            return struct.pack(">I4sQ", 1, kind, len(body) + 16) + body
        return struct.pack(">I4s", len(body) + 8, kind) + body

    def track(w: int, h: int) -> bytes:
        matrix = (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30) if turned else (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
        return box(
            b"trak", box(b"tkhd", bytes(40) + struct.pack(">9i", *matrix) + struct.pack(">II", w << 16, h << 16))
        )

    moov = box(b"moov", box(b"mvhd", bytes(100)), track(0, 0), track(width, height))
    return box(b"ftyp", b"isom" + bytes(12)) + box(b"mdat", bytes(1000)) + moov


def post(credentials: Mapping[str, Any], **fields: Any) -> PublishRequest:
    """A request; fields of the request and of its draft, mixed. timeout: 30 unless told."""
    of_draft = set(Draft.__dataclass_fields__) - set(PublishRequest.__dataclass_fields__)
    draft = {name: fields.pop(name) for name in list(fields) if name in of_draft}
    draft["pictures"] = tuple(picture.alt for picture in fields.get("pictures", ()))
    draft.setdefault("text", "A day at sea.")
    defaults = {"post_key": uuid.uuid4(), "account": "me", "settings": {}, "timeout": 30.0}
    return PublishRequest(**(defaults | fields), credentials=credentials, draft=Draft(**draft))
