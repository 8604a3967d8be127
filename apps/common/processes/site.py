"""Which processes make a site on one machine."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from apps.common.processes.child import Process
from apps.common.processes.valkey import valkey_process

# A render takes all cores for a minute: in a worker of its own it never makes a due post wait.
HEAVY_QUEUE = "media"
# Celery's soft shutdown lets running tasks finish for ten seconds and hands back the others.
WORKER_GRACE = 20.0


def site_processes(
    *,
    home: Path,
    project: Path,
    bind: str,
    port: int,
    queues: Sequence[str],
    concurrency: int,
    embedded_broker: bool,
) -> tuple[Process, ...]:
    """Web, dispatcher, beat, a worker for light queues and one for media, and the broker when it is embedded.

    project: the folder of manage.py. queues: all of them. concurrency: processes of the light worker.
    """
    light = ",".join(name for name in queues if name != HEAVY_QUEUE)
    broker = (valkey_process(home),) if embedded_broker else ()
    return (
        *broker,
        _worker("worker", light, concurrency),
        _worker("media", HEAVY_QUEUE, 1),
        _beat(),
        Process(name="dispatcher", argv=(sys.executable, str(project / "manage.py"), "dispatch"), says_ready=True),
        Process(
            name="web",
            argv=(sys.executable, "-m", "daphne", "-b", bind, "-p", str(port), "config.asgi:application"),
            ready=lambda: _accepts(bind, port),
            listens=(bind, port),
        ),
    )


def _worker(name: str, queues: str, concurrency: int) -> Process:
    options = ("-Q", queues, "-c", str(concurrency), "-n", f"{name}@%h")
    return Process(
        name=name,
        argv=(*_celery("worker"), *options, "--without-mingle", "--without-gossip"),
        says_ready=True,
        stop_signal=signal.SIGQUIT,
        grace=WORKER_GRACE,
    )


def _beat() -> Process:
    return Process(name="beat", argv=(*_celery("beat"), "--pidfile", ""), says_ready=True)


def _celery(command: str) -> tuple[str, ...]:
    return sys.executable, "-m", "celery", "-A", "config", command


def _accepts(bind: str, port: int) -> bool:
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 (asked, not bound)
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False
