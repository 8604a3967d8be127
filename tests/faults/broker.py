"""A broker that can be killed, and the product's own processes on it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

from django.conf import settings

from apps.common.processes import launch
from apps.common.processes.paths import socket_path
from apps.common.processes.ready import ready_file
from apps.common.processes.valkey import answers, arguments, binary
from apps.pipeline import tasks
from apps.schedules.models import Post
from tests.servers.site import ROOT, environment


def _tied(*command: str) -> list[str]:
    """The command so that the kernel ends it with this process, however this one ends."""
    return [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(signal.SIGTERM)), *command]


class Broker:
    """A Valkey at a place of its own, with its data kept on disk as the product keeps it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        name = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
        self._address = socket_path(folder / name)
        self._data = folder / "data"
        self._process: subprocess.Popen | None = None

    def environment(self) -> dict[str, str]:
        """For processes that are to use it, with the test's database and keys."""
        keys = {"CREDENTIAL_KEYS": ",".join(settings.CREDENTIAL_KEYS), "SECRET_KEY": settings.SECRET_KEY}
        return {**environment(), "RUNDOWN_TEST_HOME": str(self._folder), **keys}

    def start(self) -> None:
        self._address.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._data.mkdir(exist_ok=True)
        command = arguments(binary(), socket=self._address, data=self._data)
        self._process = subprocess.Popen(_tied(*command), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not answers(self._address):
            assert time.monotonic() < deadline, "the broker did not start"
            time.sleep(0.02)

    def hang(self) -> None:
        """It takes connections, and says nothing: as behind a network that has broken down."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def wipe(self) -> None:
        shutil.rmtree(self._data)

    @contextmanager
    def processes(self, *commands: tuple[str, ...]) -> Iterator[list[subprocess.Popen]]:
        """Processes of the product on this broker, once each says that it is ready; each leads a session of its own."""
        started: list[subprocess.Popen] = []
        said = [self._folder / f"ready-{time.monotonic_ns()}-{number}" for number in range(len(commands))]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True, "cwd": ROOT}
        try:
            for command, ready in zip(commands, said, strict=True):
                environment = {**self.environment(), **ready_file(ready)}
                started.append(subprocess.Popen(_tied(sys.executable, *command), env=environment, **silent))
            deadline = time.monotonic() + 180
            while not all(ready.exists() for ready in said):
                ended = [process.args for process in started if process.poll() is not None]
                assert not ended, f"{ended} ended"
                assert time.monotonic() < deadline, "they did not get ready"
                time.sleep(0.05)
            yield started
        finally:
            for process in started:
                # Its pool with it, stopped or not.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


DISPATCHER = ("manage.py", "dispatch")
WORKER = ("-m", "celery", "-A", "config", "worker", "-c", "2", "--without-mingle", "--without-gossip")


def send(broker: Broker, posts: Sequence[Post], *, queues: Sequence[str] = ("posting",)) -> None:
    """Wake that broker's workers for the posts, queue by queue; from a process apart, as this one is on another one."""
    messages = [((post.workspace_id, post.pk), queue) for post, queue in zip(posts, cycle(queues), strict=False)]
    code = (
        "import django; django.setup()\n"
        f"from {tasks.__name__} import publish\n"
        f"for pair, queue in {messages!r}: publish.apply_async(args=pair, queue=queue)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=broker.environment(), check=True)
