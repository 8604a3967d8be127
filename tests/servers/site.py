"""Processes of the product, started by a test on the test's own database and Valkey."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """What a child process needs to work on this test's database."""
    name = str(connection.settings_dict["NAME"])
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "TEST_DATABASE": name}


@contextmanager
def site() -> Iterator[str]:
    """A Daphne that serves the whole site; yields its host and port."""
    with Site() as running:
        yield running.address


class Site:
    """The same, for a test that kills it: the port stays, and who connects meanwhile waits for the next start."""

    def __enter__(self) -> Site:
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(512)
        os.set_inheritable(self._listening.fileno(), True)
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        try:
            self.start()
            _wait(self._process, self.address)
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self) -> None:
        descriptor = self._listening.fileno()
        command = [sys.executable, "-m", "daphne", "--fd", str(descriptor), "tests.servers.asgi:application"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment(), pass_fds=[descriptor])

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._listening.close()


def _wait(process: subprocess.Popen, address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("the site ended")
        try:
            with urlopen(f"http://{address}/accounts/login/", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the site did not answer")
