"""One supervised process: what it is, and its present life."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from apps.common.errors import DomainError
from apps.common.processes.output import ProcessLog
from apps.common.processes.ready import ready_file

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STABLE_AFTER = 30.0
LAUNCHER = Path(__file__).with_name("launch.py")


class ProcessError(DomainError):
    """The processes cannot be started; the message names which and why."""

    code = "process_error"
    status = 503


@dataclass(frozen=True)
class Process:
    """A program to keep running.

    ready: asked until it says yes. says_ready: or, it calls `say_ready()` itself; with neither, a started process is
    ready. listens: address and port that must be free. foundation: the others need it, so it is ready before
    they start and ends after them. grace: seconds between the stop signal and the end by force.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    says_ready: bool = False
    listens: tuple[str, int] | None = None
    foundation: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    start_within: float = 90.0


class Child:
    """A process of the supervisor. All methods are for the supervisor's own thread."""

    def __init__(self, spec: Process, *, log: ProcessLog, env: Mapping[str, str], cwd: Path, run: Path) -> None:
        self.spec = spec
        self.restarts = 0
        self._log = log
        self._said_ready = run / f"{spec.name}.ready"
        self._env = {**os.environ, **env, **ready_file(self._said_ready), **spec.env, "PYTHONUNBUFFERED": "1"}
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: Thread | None = None
        self._started_at = 0.0
        self._stop_asked_at = 0.0
        self._pause = FIRST_PAUSE
        self._start_again_at = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it in a session of its own: a Ctrl-C on the terminal reaches the supervisor alone."""
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(self.spec.stop_signal))]
        self._said_ready.unlink(missing_ok=True)
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(
            [*launcher, *self.spec.argv],
            env=self._env,
            cwd=self._cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = Thread(target=self._log.follow, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def is_ready(self) -> bool:
        """Whether it can do its work; raises ProcessError when it ended or took too long instead."""
        if not self.is_alive():
            raise self._failure(f"{self.spec.name} ended at once{self._exit_text()}.")
        if time.monotonic() - self._started_at > self.spec.start_within:
            raise self._failure(f"{self.spec.name} was not ready after {self.spec.start_within:.0f} seconds.")
        if self.spec.says_ready:
            return self._said_ready.exists()
        return self.spec.ready is None or self.spec.ready()

    def keep_alive(self) -> str:
        """Start it again when it has ended and its pause is over; returns a sentence for the log when it has ended.

        The pause doubles with every end in a row and is forgotten after a stable while.
        """
        if self.is_alive():
            return ""
        now = time.monotonic()
        if self._process is not None:
            how = self._exit_text()
            if now - self._started_at > STABLE_AFTER:
                self._pause = FIRST_PAUSE
            self._clear()
            self._start_again_at = now + self._pause
            pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
            return f"ended{how}; starting it again in {pause:g} s"
        if now >= self._start_again_at:
            self.restarts += 1
            self.start()
        return ""

    def ask_to_stop(self) -> None:
        self._stop_asked_at = time.monotonic()
        if self.is_alive():
            self._process.send_signal(self.spec.stop_signal)

    def has_stopped(self, *, hurry: bool) -> bool:
        """Whether it is gone; ends it by force once its grace is over, or at once in a hurry."""
        if self.is_alive():
            if hurry or time.monotonic() - self._stop_asked_at > self.spec.grace:
                self._signal_group(signal.SIGKILL)
            return False
        if self._process is not None:
            self._clear()
        return True

    def _clear(self) -> None:
        """After the end of the process: end what is left of its group, and read its last words."""
        self._signal_group(signal.SIGKILL)
        self._reader.join(2)
        self._process = None

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _exit_text(self) -> str:
        code = self._process.returncode if self._process else None
        if code is None:
            return ""
        return f" by {signal.Signals(-code).name}" if code < 0 else f" with status {code}"

    def _failure(self, message: str) -> ProcessError:
        if self._reader and not self.is_alive():
            self._reader.join(2)
        tail = "\n".join(f"    {line}" for line in self._log.tail)
        return ProcessError(message, hint=f"Its last words:\n{tail}" if tail else "It said nothing.")
