"""Content keys: what was made from the same things by the same engine has the same key, and need not be made again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

ENGINE_VERSION = 1  # raise it when the same request would give another picture


def file_key(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def content_key(stage: str, /, **parts: Any) -> str:
    """A 32-digit key of JSON-like parts; the order of the names does not matter."""
    text = json.dumps([ENGINE_VERSION, stage, parts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
