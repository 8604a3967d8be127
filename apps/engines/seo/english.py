"""The word lists of English, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("english.toml").read_text())


@cache
def words_of(name: str) -> frozenset[str]:
    """One of the lists of single words."""
    return frozenset(_data()[name].split())


@cache
def phrases_of(name: str) -> tuple[tuple[str, ...], ...]:
    """One of the lists of phrases, each as its words; of pairs, each as its halves."""
    return tuple(tuple(entry.lower().split()) if isinstance(entry, str) else tuple(entry) for entry in _data()[name])
