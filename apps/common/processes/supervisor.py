"""Starts the processes of one installation, keeps them running, and ends every one.

with Supervisor(home, processes):   # everything is ready here
    ...
Supervisor(home, processes, stream=sys.stdout).run()   # until Ctrl-C, SIGTERM or the terminal closes
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from types import FrameType, TracebackType
from typing import IO, TextIO

from apps.common.processes.child import Child, Process, ProcessError
from apps.common.processes.leftovers import end_left_behind, marked
from apps.common.processes.output import Console, ProcessLog
from apps.common.processes.paths import private_folder, run_dir

TICK = 0.05
OWN_NAME = "rundown"


class Supervisor:
    """One at a time per home.

    stream: where the processes' lines go besides HOME/logs, None for nowhere. cwd: the processes' working folder.
    Entering raises ProcessError when another supervisor holds the home, a port is taken, or a process does not get
    ready; whatever was started by then is ended.
    """

    def __init__(
        self, home: Path, processes: Sequence[Process], *, stream: TextIO | None = None, cwd: Path | None = None
    ) -> None:
        self._home = home
        self._specs = tuple(processes)
        self._console = Console(stream, (OWN_NAME, *(each.name for each in processes)))
        self._cwd = cwd or Path.cwd()
        self._children: list[Child] = []
        self._logs: list[ProcessLog] = []
        self._stop = Event()
        self._hurry = Event()
        self._started = Event()
        self._over = Event()
        self._failure: BaseException | None = None
        self._thread: Thread | None = None
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Supervisor:
        try:
            self._exits.enter_context(_signals_end_us())
            self._exits.enter_context(_only_one(self._home))
            # The kernel's death signal follows the thread that started a child, so one thread lives as long as they do.
            self._thread = Thread(target=self._live, name="supervisor")
            self._thread.start()
            self._started.wait()
            if self._failure:
                raise self._failure
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Keep everything running until the user ends it; a second Ctrl-C ends it by force."""
        with contextlib.suppress(KeyboardInterrupt, _Ended), self:
            on_ready()
            self._stop.wait()
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """End every process in order and wait for it; returns at once when nothing runs."""
        self._stop.set()
        while self._thread is not None and not self._over.is_set():
            try:
                # Not Thread.join(): a Ctrl-C during it makes Python 3.11 believe that the thread has ended.
                self._over.wait()
            except (KeyboardInterrupt, _Ended):
                self._hurry.set()
        self._exits.close()

    def pid_of(self, name: str) -> int | None:
        """The present process id of a process, None while it is down."""
        return next((child.pid for child in self._children if child.spec.name == name), None)

    def _say(self, text: str) -> None:
        self._console.line(OWN_NAME, text)

    def _live(self) -> None:
        try:
            self._start_all()
            self._started.set()
            while not self._stop.wait(TICK):
                for child in self._children:
                    if news := child.keep_alive():
                        self._say(f"{child.spec.name} {news}")
        except BaseException as error:
            self._failure = error
        finally:
            try:
                self._end_all()
            finally:
                for event in (self._started, self._stop, self._over):
                    event.set()

    def _start_all(self) -> None:
        if count := end_left_behind(self._home):
            self._say(f"ended {count} processes of an earlier run")
        for spec in self._specs:
            if spec.listens:
                require_free(*spec.listens)
        for foundation in (True, False):
            level = [self._child(spec) for spec in self._specs if spec.foundation is foundation]
            for child in level:
                child.start()
            self._wait_until_ready(level)

    def _child(self, spec: Process) -> Child:
        log = ProcessLog(self._home / "logs", spec.name, self._console)
        child = Child(spec, log=log, env=marked(self._home), cwd=self._cwd, run=run_dir(self._home))
        self._logs.append(log)
        self._children.append(child)
        return child

    def _wait_until_ready(self, children: list[Child]) -> None:
        waiting = list(children)
        while waiting and not self._stop.wait(TICK):
            waiting = [child for child in waiting if not child.is_ready()]

    def _end_all(self) -> None:
        for foundation in (False, True):
            level = [child for child in self._children if child.spec.foundation is foundation]
            for child in level:
                child.ask_to_stop()
            while level := [child for child in level if not child.has_stopped(hurry=self._hurry.is_set())]:
                time.sleep(TICK)
        end_left_behind(self._home, grace=0 if self._hurry.is_set() else 3)
        for log in self._logs:
            log.close()


class _Ended(SystemExit):
    """SIGTERM or a closed terminal, raised in the main thread as Ctrl-C raises KeyboardInterrupt."""


@contextlib.contextmanager
def _signals_end_us() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise _Ended(128 + number)

    former = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the home's lock; the kernel lets go of it however this process ends."""
    folder = run_dir(home)
    private_folder(folder)
    with open(folder / "supervisor.lock", "a+") as file:
        _lock(file, home)
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def _lock(file: IO[str], home: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise ProcessError(
            f"Rundown already runs on {home}, as process {file.read().strip()}.",
            hint="End it first, or set RUNDOWN_HOME to another folder.",
        ) from None


def require_free(address: str, port: int) -> None:
    """Raise ProcessError, naming the port and the variable that changes it, when something listens there already."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        # Without it, connections of a web process that has just ended would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            reasons = {
                errno.EADDRINUSE: ("is taken by another program", "Choose another with PORT, such as PORT=8001."),
                errno.EACCES: ("may not be used by this user", "Choose one above 1023 with PORT, such as PORT=8000."),
            }
            reason, hint = reasons.get(error.errno, (f"cannot be used: {error.strerror}", "Check BIND and PORT."))
            raise ProcessError(f"Port {port} on {address} {reason}.", hint=hint) from None
