"""Worker processes for the fault suite: Django is set up once, and each worker is a fork that may be killed.

`python -m tests.faults.workers` reads one JSON order a line and answers each with the process id of a new worker:
{"post": 7, "failpoints": "uploads.after_intent=crash"} works on one post, {"seed": 1} on all that is due, and with
{"naive": true} the naive publisher does the same. {"hog": true} only keeps the database locked, in bursts, and
{"emit": {"workspace": 1, "count": 9, "pause": 0.1}} only writes events. When its standard input ends, it takes all
workers with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.conf import settings

SETTLED = ("published", "rejected", "needs_human", "cancelled", "missed", "gone")
SWEEP_SECONDS = 0.2
BATCH = 8


def main() -> None:
    django.setup()
    from apps.platforms import http
    from apps.uploads import services  # noqa: F401  loaded once, for all forks

    http.client(timeout=1).close()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                sys.stdin.close()
                _work(order)
            except Exception:
                traceback.print_exc()
            finally:
                os._exit(0)
        print(child, flush=True)
    # In a session of its own, so these are the forks and nobody else.
    os.killpg(0, signal.SIGKILL)


def _work(order: dict) -> None:
    from django.db import connection
    from django_scopes import scopes_disabled

    connection.settings_dict.update(order["database"])
    os.environ["RUNDOWN_FAILPOINTS"] = order.get("failpoints", "")
    random.seed(order.get("seed"))
    if "file_size" in order:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_size"], resource.RLIM_INFINITY))
    if "emit" in order:
        _emit(**order["emit"])
        return
    if order.get("hog"):
        _hog(connection)
    publish, sweep = _hands(naive=order.get("naive", False))
    with scopes_disabled():
        if "post" in order:
            for _step in range(50):  # until it dies at its failpoint, or nothing is left to do
                if publish(order["post"]) in SETTLED:
                    return
                time.sleep(0.1)
        else:
            _loop(publish, sweep)


def _hands(*, naive: bool) -> tuple[Callable[[int], str], Callable[[], object]]:
    from apps.uploads import services
    from tests.faults import naive as other

    if naive:
        return other.publish, other.sweep
    return lambda pk: services.publish_post(post_id=pk), services.sweep


def _loop(publish: Callable[[int], str], sweep: Callable[[], object]) -> None:
    """Dispatcher, worker and sweeper in one. A database that is away is waited for."""
    from django.db import Error, connection

    swept = 0.0
    while True:
        try:
            if time.monotonic() - swept > SWEEP_SECONDS:
                sweep()
                swept = time.monotonic()
            due = _due()
            for pk in due:
                publish(pk)
            if not due:
                time.sleep(0.02)
        except Error:
            connection.close()
            time.sleep(0.05)


def _emit(workspace: int, count: int, pause: float) -> None:
    from apps.lifecycle.events import emit

    for number in range(count):
        emit(workspace=workspace, type="fault.told", subject="fault:1", data={"number": number})
        time.sleep(pause)


def _hog(connection: Any) -> None:
    """Hold the write lock of SQLite as a backup or a bulk import would."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            time.sleep(random.uniform(0.1, 0.3))
            cursor.execute("COMMIT")
        time.sleep(0.3)


def _due() -> list[int]:
    from django.utils import timezone

    from apps.schedules.models import Post

    due = list(Post._base_manager.filter(wake_at__lte=timezone.now()).values_list("pk", flat=True)[: 4 * BATCH])
    random.shuffle(due)
    return due[:BATCH]


class Forker:
    """The process that forks workers; one for a whole session of tests."""

    def __init__(self) -> None:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
        command = [sys.executable, "-m", "tests.faults.workers"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(
            command, env=environment, text=True, cwd=settings.BASE_DIR, start_new_session=True, **pipes
        )

    def fork(self, order: dict) -> int:
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


class Pool:
    """`with Pool(forker) as pool:` ends with every worker that was started in it."""

    def __init__(self, forker: Forker) -> None:
        self._forker = forker
        self.workers: list[int] = []

    def __enter__(self) -> Pool:
        return self

    def start(self, **order: object) -> int:
        """A worker on the database that the test is connected to."""
        from django.db import connection

        place = ("NAME", "HOST", "PORT", "USER", "PASSWORD", "OPTIONS")
        database = {key: connection.settings_dict[key] for key in place}
        database["NAME"] = str(database["NAME"])
        self.workers.append(self._forker.fork({"database": database, **order}))
        return self.workers[-1]

    def kill(self, worker: int) -> None:
        self.signal(worker, signal.SIGKILL)
        self.workers.remove(worker)

    def signal(self, worker: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, number)

    def is_running(self, worker: int) -> bool:
        return self._state(worker) not in "XZ"

    def is_stopped(self, worker: int) -> bool:
        return self._state(worker) == "T"

    def has_paused(self, worker: int) -> bool:
        """It stands at a failpoint, or is over."""
        return self._state(worker) in "TXZ"

    def _state(self, worker: int) -> str:
        try:
            return Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return "X"

    def __exit__(self, *_: object) -> None:
        for worker in list(self.workers):
            self.kill(worker)


if __name__ == "__main__":
    main()
