"""A site that publishes to the loopback platform, made for one run of a bench and gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 4


def run_apart(module: str, words: list[str]) -> None:
    """Run the bench again in a process whose settings point at a folder and a database made for it."""
    from tests.servers.postgres import running_postgres

    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="rundown-bench-", ignore_cleanup_errors=True))
        environment = {**os.environ, "RUNDOWN_TEST_HOME": home, "RUNDOWN_BENCH": "1", "LOG_LEVEL": "ERROR"}
        environment["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
        environment.pop("REDIS_URL", None)
        if "--sqlite" in words:
            environment.pop("DATABASE_URL", None)
        elif "DATABASE_URL" not in environment:
            environment["DATABASE_URL"] = stack.enter_context(running_postgres())
        subprocess.run([sys.executable, "-m", module, *words], env=environment, check=True, cwd=ROOT)


def set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


@contextmanager
def broker() -> Iterator[None]:
    """The embedded Valkey, started as the product starts its own."""
    from django.conf import settings

    from apps.common.processes.paths import socket_path
    from apps.common.processes.valkey import answers, arguments, binary

    home = Path(settings.HOME)
    address = socket_path(home)
    address.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _ended(subprocess.Popen(arguments(binary(), socket=address, data=home), stdout=subprocess.DEVNULL)):
        wait_until(lambda: answers(address))
        yield


@contextmanager
def workers(count: int = WORKERS) -> Iterator[subprocess.Popen]:
    """A Celery worker for posts, with so many processes; it works when this yields."""
    options = ("-Q", "posting", "-c", str(count), "--without-mingle", "--without-gossip", "-n", "bench@%h")
    with _ready(sys.executable, "-m", "celery", "-A", "config", "worker", *options) as process:
        yield process


@contextmanager
def dispatcher() -> Iterator[subprocess.Popen]:
    with _ready(sys.executable, "manage.py", "dispatch") as process:
        yield process


@contextmanager
def poller() -> Iterator[subprocess.Popen]:
    with _ready(sys.executable, "-m", "bench.designs.poller") as process:
        yield process


@contextmanager
def _ready(*command: str) -> Iterator[subprocess.Popen]:
    from apps.common.processes.ready import ready_file

    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "ready"
        environment = {**os.environ, **ready_file(said)}
        with _ended(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)) as process:
            wait_until(said.exists)
            yield process


@contextmanager
def _ended(process: subprocess.Popen) -> Iterator[subprocess.Popen]:
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(condition: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"Nothing happened for {seconds:.0f} s.")
        time.sleep(0.02)


def children_of(process: subprocess.Popen) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
