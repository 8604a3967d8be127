"""Record keys of our own choosing, by which the second try of a post finds the first."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from uuid import UUID

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
# A key holds a time. Ours lie in these years, so that no server can find one to be in the future.
_FROM = int(datetime(2023, 4, 1, tzinfo=UTC).timestamp() * 1e6)
_TO = int(datetime(2026, 4, 1, tzinfo=UTC).timestamp() * 1e6)


def record_key(post_key: UUID) -> str:
    """A timestamp identifier (TID), always the same for one post, and hardly ever the same for two (56 bits)."""
    number = int.from_bytes(hashlib.sha256(b"rundown:" + post_key.bytes).digest()[:16])
    clock, spread = number & 0x3FF, number >> 10
    bits = (_FROM + spread % (_TO - _FROM)) << 10 | clock
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(60, -1, -5))
