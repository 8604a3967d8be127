"""When a file in a watched folder has come in whole. Pure: what was seen before and now in, what is known now out.

A copy in progress grows, or has its time of change moved; a file is taken when neither happened for several looks and
some seconds. Seconds as well, because two watchers look twice as often, and looks as well, because a machine that slept
has aged every file without anybody looking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as a look at the folder finds it. path: relative to the folder; mtime_ns: time of its last change."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Watched:
    """since: when this size and time were first seen, in seconds; scans: how many looks found them unchanged."""

    size: int
    mtime_ns: int
    since: float
    scans: int = 1


@dataclass(frozen=True, slots=True)
class Patience:
    scans: int = 3
    seconds: float = 4.0


def observe(before: Mapping[str, Watched], listing: Iterable[Listed], *, now: float) -> dict[str, Watched]:
    """What is known of the files that are there; one that is gone is forgotten, one that changed begins anew."""
    return {file.path: _seen(before.get(file.path), file, now) for file in listing}


def is_whole(file: Watched, *, now: float, patience: Patience) -> bool:
    """An empty file is never whole: it is the beginning of a copy."""
    return file.size > 0 and file.scans >= patience.scans and now - file.since >= patience.seconds


def _seen(known: Watched | None, file: Listed, now: float) -> Watched:
    if known is None or (known.size, known.mtime_ns) != (file.size, file.mtime_ns):
        return Watched(file.size, file.mtime_ns, now)
    return replace(known, scans=known.scans + 1)
