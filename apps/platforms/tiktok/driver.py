"""Runs the robot: one process with one browser for one job, ended with all that belongs to it when the time is up."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
MEMORY = 3 * 1024**3
# Seconds of the whole that stay for ending the processes.
_ENDING = 4.0
_CLOSING = 8.0
_TICK = 0.5
ERRORS = "errors.txt"
_PREFIX = "rundown-tiktok-"
_LONGEST_BASE = 30
_STALE = 2 * 3600.0
_DISPLAY = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "XAUTHORITY")


class NoBrowser(Exception):
    """There is no Chromium where one was looked for. path: where."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass
class Ended:
    """How a job ended. code: empty when it was done; otherwise of `Stopped`, or timeout, memory, crash or browser.

    pressed_post: whether Post may have been pressed. cookies: as the browser had them at the end, if it said so.
    """

    code: str = ""
    pressed_post: bool = False
    result: dict[str, Any] = field(default_factory=dict)
    cookies: list[dict[str, Any]] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)


def chromium(path: str) -> str:
    """Where the browser is: the path if one is configured, else the one on PATH. Raises NoBrowser."""
    found = shutil.which(path or "chromium") or (None if path else shutil.which("chromium-browser"))
    if found is None:
        raise NoBrowser(path or "chromium")
    return found


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for one job: the video, the browser's profile, screenshots. Gone afterwards.

    A worker that was killed leaves its folder behind, with the login in it: the next job clears it away.
    """
    # Chromium puts a socket into it, whose path may have about a hundred characters.
    base = tempfile.gettempdir() if len(tempfile.gettempdir()) <= _LONGEST_BASE else "/tmp"  # noqa: S108
    for old in Path(base).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > _STALE:
                shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(
    job: dict[str, Any],
    *,
    folder: Path,
    seconds: float,
    on_event: Callable[[str, dict[str, Any]], None] = lambda _event, _content: None,
    memory: int = MEMORY,
) -> Ended:
    """Do a job within `seconds`, browser and all. on_event: hears progress, waiting and evidence as they come."""
    deadline = time.monotonic() + seconds
    job = {**job, "folder": str(folder), "seconds": seconds_of_job(seconds)}
    with (folder / ERRORS).open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "apps.platforms.tiktok.robot"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=ROOT,
            env=_environment(folder, window=bool(job.get("window"))),
            start_new_session=True,
        )
    try:
        return _listen(process, job, deadline - _ENDING / 2, on_event, memory, folder)
    finally:
        _end(process, folder)


def seconds_of_job(seconds: float) -> float:
    """What the robot has of it; the rest is for ending the browser."""
    return max(seconds - 2 * _ENDING, seconds / 2)


def _listen(
    process: subprocess.Popen[bytes],
    job: dict[str, Any],
    deadline: float,
    on_event: Callable[[str, dict[str, Any]], None],
    memory: int,
    folder: Path,
) -> Ended:
    said: queue.Queue[bytes | None] = queue.Queue()
    threading.Thread(target=_read, args=(process.stdout, said), daemon=True).start()
    with suppress(BrokenPipeError):  # it has ended already, and says why
        process.stdin.write(json.dumps(job, default=str).encode() + b"\n")
        process.stdin.flush()
    ended, cut_off = Ended(code="crash"), ""
    while (line := _next(said)) is not None:
        if line:
            if take(ended, json.loads(line), on_event):
                deadline = min(deadline, time.monotonic() + _CLOSING)
        elif not cut_off and (cut_off := _too_much(process.pid, deadline, memory)):
            _end(process, folder)
            deadline = time.monotonic() + _CLOSING
        elif cut_off and time.monotonic() > deadline:
            break
    if ended.code == "crash":
        ended.code = cut_off or "crash"
        last_words = (folder / ERRORS).read_text(errors="replace").strip().rpartition("\n")[2]
        ended.details.setdefault("why", last_words[:300])
    return ended


def _next(said: queue.Queue[bytes | None]) -> bytes | None:
    """A line; nothing for a while; None at the end."""
    try:
        return said.get(timeout=_TICK)
    except queue.Empty:
        return b""


def _read(stdout, said: queue.Queue[bytes | None]) -> None:
    for line in stdout:
        said.put(line)
    said.put(None)


def take(ended: Ended, content: dict[str, Any], on_event: Callable[[str, dict[str, Any]], None]) -> bool:
    """Note what the robot said; whether this was its last word."""
    event = content.pop("event")
    if event == "pressing_post":
        ended.pressed_post = True
    elif event in ("done", "stopped"):
        if ended.code != "crash":
            return True  # the browser made trouble while it was closed
        ended.cookies = content.pop("cookies", [])
        ended.code = content.pop("code", "")
        ended.result, ended.details = (content, {}) if event == "done" else ({}, content)
        return True
    else:
        on_event(event, content)
    return False


def _too_much(pid: int, deadline: float, memory: int) -> str:
    if time.monotonic() > deadline:
        return "timeout"
    return "memory" if _used(_family(pid)) > memory else ""


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Kill the robot, Playwright's driver, the browser and the browser's children: whoever is still there."""
    # Once it has ended, its number may be another's.
    family = _family(process.pid) if process.poll() is None else []
    for pid in {*family, *_working_in(folder)}:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):
            pipe.close()


def _working_in(folder: Path) -> list[int]:
    """Processes that the robot has left behind: the job's folder is in their command or their environment."""
    name, found = os.fsencode(str(folder)), []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if name in (entry / "cmdline").read_bytes() or name in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


def _family(pid: int) -> list[int]:
    """All descendants of a process, where /proc tells. Elsewhere the browser ends when its pipe closes."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found, wanted = [], [pid]
    while wanted:
        below = children.get(wanted.pop(), [])
        found += below
        wanted += below
    return found


def _used(pids: list[int]) -> int:
    """Bytes of memory that belong to these processes alone."""
    pages = 0
    for pid in pids:
        with suppress(OSError):
            resident, shared = Path(f"/proc/{pid}/statm").read_text().split()[1:3]
            pages += int(resident) - int(shared)
    return pages * os.sysconf("SC_PAGE_SIZE")


def _environment(folder: Path, *, window: bool) -> dict[str, str]:
    """No secret of the installation reaches the browser."""
    names = ("PATH", "LANG", "TZ", "SYSTEMROOT", *(_DISPLAY if window else ()))
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "HOME": str(folder), "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
