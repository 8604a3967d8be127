"""Masks secrets in whatever is about to be logged, by the names of fields and by the look of values."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

MASK = "•••"
_NAMES = re.compile(r"password|secret|token|api_?key|authorization|cookie|credential|otp|ticket", re.IGNORECASE)
_VALUES = re.compile(
    r"\b(sk-[A-Za-z0-9_-]{8,}|rd_[A-Za-z0-9_-]{16,}|gAAAA[A-Za-z0-9_=-]{20,}|eyJ[\w-]+\.[\w-]+\.[\w-]+)"
    r"|(?<=Bearer )[\w.~+/-]+=*"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
)
# What login pages send a browser back with stands in an address.
_QUERY = re.compile(r"([?&](?:code|password|token)=)[^&#\s'\"]+", re.IGNORECASE)


def mask_text(text: str) -> str:
    """The text without tokens, keys, bearer headers and passwords in addresses."""
    return _QUERY.sub(rf"\1{MASK}", _VALUES.sub(MASK, text))


def mask(value: Any) -> Any:
    """The same value with secrets masked, through dicts and lists."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        return {key: MASK if _NAMES.search(str(key)) else mask(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item) for item in value]
    return value


def mask_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor; `event` itself is kept, only its values change."""
    for key, value in event.items():
        if key.startswith("_"):
            continue
        event[key] = MASK if key != "event" and _NAMES.search(key) and isinstance(value, str) else mask(value)
    return event
