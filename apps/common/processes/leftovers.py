"""Finds and ends what an earlier supervisor of the same home left behind.

A pid alone proves nothing: it may belong to somebody else by now. Every process that a supervisor starts carries the
home in its environment, which the kernel keeps per process and children inherit, so that a worker's pool, its ffmpeg
and its browser are found too, and nothing else is. Only Linux shows other processes' environments; elsewhere nothing is
found, and the check for a taken port tells the user.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

MARK = "RUNDOWN_SUPERVISED_HOME"


def marked(home: Path) -> dict[str, str]:
    """The variable that marks a process as belonging to `home`."""
    return {MARK: str(home.resolve())}


def left_behind(home: Path) -> list[int]:
    """Ids of the living processes that carry the mark of `home`, without this process and its ancestors."""
    mark = os.fsencode(f"{MARK}={home.resolve()}")
    spared = _ancestors()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        # A process may end while it is looked at, and others' are not ours to read.
        with contextlib.suppress(OSError):
            if int(entry.name) not in spared and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return sorted(found)


def end_left_behind(home: Path, *, grace: float = 10.0) -> int:
    """Ask each to end, kill those still there after `grace` seconds; returns how many there were."""
    first = left_behind(home)
    _signal_all(first, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while remaining := left_behind(home):
        if time.monotonic() > deadline:
            _signal_all(remaining, signal.SIGKILL)
        time.sleep(0.05)
    return len(first)


def _signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _ancestors() -> set[int]:
    """This process, its parent and so on: a supervisor started from inside a supervised shell must not end itself."""
    pid, seen = os.getpid(), set()
    while pid > 0:
        seen.add(pid)
        try:
            # The command name stands in brackets and may hold spaces; the parent is the second field after it.
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
    return seen
