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
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(512)
        os.set_inheritable(listening.fileno(), True)
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        command = [sys.executable, "-m", "daphne", "--fd", str(listening.fileno()), "tests.servers.asgi:application"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment(), pass_fds=[listening.fileno()])
        try:
            _wait(process, address)
            yield address
        finally:
            process.kill()
            process.wait(10)


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
