"""Worker processes for the fault suite: Django is set up once, and each worker is a fork that may be killed.

`python -m tests.faults.workers` reads one JSON order a line and answers each with the process id of a new worker:
{"post": 7, "failpoints": "uploads.after_intent=crash"} works on one post, {"seed": 1, "naive": false} on all that is
due.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time

import django
from django.conf import settings


def main() -> None:
    # The test's database, not one of its own.
    settings.DATABASES["default"]["NAME"] = os.environ["FAULT_DATABASE"]
    django.setup()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                _work(order)
            finally:
                os._exit(0)
        print(child, flush=True)


def _work(order: dict) -> None:
    from django_scopes import scopes_disabled

    from apps.uploads.services import publish_post

    os.environ["RUNDOWN_FAILPOINTS"] = order.get("failpoints", "")
    random.seed(order.get("seed"))
    with scopes_disabled():
        if "post" in order:
            for _step in range(20):  # until it dies at its failpoint, or nothing is left to do
                if publish_post(post_id=order["post"]) in ("published", "rejected", "needs_human"):
                    return
                time.sleep(0.1)
        while "post" not in order:
            _turn(naive=order["naive"])


def _turn(*, naive: bool) -> None:
    from django.utils import timezone

    from apps.schedules.models import Post
    from apps.uploads.services import publish_post, sweep

    if naive:
        # What "retry on crash" does: whatever is not known to be published is sent again.
        again = Post._base_manager.filter(state__in=["unknown", "submitting"], state_at__lt=timezone.now())
        again.filter(state="unknown").update(state="scheduled", wake_at=timezone.now())
        again.filter(lease_until__lt=timezone.now()).update(state="scheduled", wake_at=timezone.now())
    else:
        sweep()
    due = list(Post._base_manager.filter(wake_at__lte=timezone.now()).values_list("pk", flat=True)[:20])
    random.shuffle(due)
    for pk in due[:5]:
        publish_post(post_id=pk)
    if not due:
        time.sleep(0.05)


class Pool:
    """`with Pool() as pool:` starts the forking process; everything it forked ends with it."""

    def __enter__(self) -> Pool:
        from django.db import connection

        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
        env["FAULT_DATABASE"] = str(connection.settings_dict["NAME"])
        command = [sys.executable, "-m", "tests.faults.workers"]
        self._process = subprocess.Popen(
            command, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=settings.BASE_DIR
        )
        self.workers: list[int] = []
        return self

    def start(self, **order: object) -> int:
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self.workers.append(int(self._process.stdout.readline()))
        return self.workers[-1]

    def kill(self, worker: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        self.workers.remove(worker)

    def is_running(self, worker: int) -> bool:
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        for worker in list(self.workers):
            self.kill(worker)
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


if __name__ == "__main__":
    main()
