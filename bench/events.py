"""The event log: how many events a second eight writers append, and how soon two hundred watchers see them.

    python -m bench.events [ROUNDS] [--sqlite]

Without DATABASE_URL it starts a PostgreSQL of its own (its commits do not wait for the disk), or with --sqlite uses a
file; it always starts a Valkey and Daphnes of its own. Watching is measured against the plain design, one query for
every socket and event, in turns; medians of the rounds are printed, and everything as JSON in the last line.
Goals: at least 1,000 events/s; median latency under a quarter of the plain design's.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

WRITERS = 8
WRITE_SECONDS = 4.0
WATCHERS = 200
EVENTS_PER_SECOND = 10
WATCH_SECONDS = 6.0
DESIGNS = {"hub": "config.asgi:application", "plain": "bench.designs.query_per_consumer:application"}


@dataclass(frozen=True)
class Watched:
    """One round of one design. Milliseconds from before the commit to the client; CPU seconds of the server."""

    design: str
    p50: float
    p99: float
    server_cpu: float
    delivered: int
    expected: int


def write(workspace: int, start: Any, seconds: float, counts: Any) -> None:
    """One writer: a transaction for each event, as fast as they go, for so many seconds after the common start."""
    import django

    django.setup()
    from django.db import connection

    from apps.lifecycle.events import emit

    connection.ensure_connection()
    start.wait()
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        emit(workspace=workspace, type="bench.written", subject="bench:1", data={"number": count})
        count += 1
    counts.put(count)


def measure_writing(workspace: int) -> float:
    """Events a second of all writers together; the log is checked to be gapless afterwards."""
    from apps.lifecycle.models import Event, EventHead

    before = EventHead.objects.get_or_create(workspace_id=workspace)[0].seq
    context = multiprocessing.get_context("spawn")
    start, counts = context.Barrier(WRITERS), context.Queue()
    arguments = (workspace, start, WRITE_SECONDS, counts)
    writers = [context.Process(target=write, args=arguments) for _each in range(WRITERS)]
    for writer in writers:
        writer.start()
    total = sum(counts.get(timeout=120) for _writer in writers)
    for writer in writers:
        writer.join()
    numbers = Event._base_manager.filter(workspace_id=workspace, seq__gt=before).order_by("seq")
    assert list(numbers.values_list("seq", flat=True)) == list(range(before + 1, before + total + 1))
    return total / WRITE_SECONDS


def measure_watching(design: str, workspace: Any, user: Any) -> Watched:
    """All watchers on one Daphne of that design, while one writer emits at an even pace."""
    from apps.lifecycle import tickets
    from apps.workspaces.actors import Actor

    with daphne(DESIGNS[design]) as (process, port):
        clients = []
        for _each in range(WATCHERS):
            if design == "plain":
                clients.append((f"ws://127.0.0.1:{port}/ws/plain/{workspace.pk}/", None))
            else:
                key, _ticket = tickets.issue(workspace=workspace, actor=Actor.of(user))
                clients.append((f"ws://127.0.0.1:{port}/ws/w/{workspace.slug}/", ["rundown.v1", f"ticket.{key}"]))
        latencies, cpu = asyncio.run(_watch(clients, workspace.pk, process.pid))
    expected = WATCHERS * int(EVENTS_PER_SECOND * WATCH_SECONDS)
    cuts = statistics.quantiles(latencies, n=100)
    return Watched(design, cuts[49] * 1000, cuts[98] * 1000, cpu, len(latencies), expected)


async def _watch(clients: list[tuple[str, list[str] | None]], workspace: int, server: int) -> tuple[list[float], float]:
    from websockets.asyncio.client import connect

    latencies: list[float] = []
    expected = int(EVENTS_PER_SECOND * WATCH_SECONDS)

    async def follow(connection: Any) -> None:
        for _event in range(expected):
            said = json.loads(await connection.recv())
            latencies.append(time.time() - said["data"]["sent"])

    async with AsyncExitStack() as stack:
        connections = []
        for address, protocols in clients:
            client = connect(address, subprotocols=protocols, proxy=None, open_timeout=60)
            connection = await stack.enter_async_context(client)
            assert json.loads(await connection.recv())["type"] == "hello"
            connections.append(connection)
        before = cpu_seconds(server)
        following = [asyncio.create_task(follow(connection)) for connection in connections]
        # Another process writes, so that reading here does not delay it.
        command = [sys.executable, "-m", "bench.events", "--emit", str(workspace)]
        writer = await asyncio.create_subprocess_exec(*command)
        await writer.wait()
        await asyncio.wait(following, timeout=20)
        for task in following:
            task.cancel()
        return latencies, cpu_seconds(server) - before


def emit_evenly(workspace: int) -> None:
    from apps.lifecycle.events import emit

    started = time.perf_counter()
    for number in range(int(EVENTS_PER_SECOND * WATCH_SECONDS)):
        time.sleep(max(0.0, started + number / EVENTS_PER_SECOND - time.perf_counter()))
        emit(workspace=workspace, type="bench.written", subject="bench:1", data={"sent": time.time()})


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def daphne(application: str) -> Iterator[tuple[subprocess.Popen, int]]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1024)
        descriptor, port = listening.fileno(), listening.getsockname()[1]
        command = [sys.executable, "-m", "daphne", "--access-log", os.devnull, "--fd", str(descriptor), application]
        process = subprocess.Popen(command, pass_fds=[descriptor], stderr=subprocess.DEVNULL)
        try:
            yield process, port
        finally:
            process.kill()
            process.wait()


@contextmanager
def valkey(home: Path) -> Iterator[None]:
    from apps.common.processes.paths import socket_path
    from apps.common.processes.valkey import answers, arguments, binary

    address = socket_path(home)
    address.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = arguments(binary(), socket=address, data=home)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not answers(address):
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def run(rounds: int) -> dict[str, Any]:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from apps.workspaces.services import create_owner

    with valkey(Path(settings.HOME)):
        call_command("migrate", verbosity=0)
        user, workspace, _password = create_owner(email="bench@example.org", workspace="Bench", password="bench" * 4)
        user.must_change_password = False
        writing, watching = [], []
        for _round in range(rounds):
            writing.append(measure_writing(workspace.pk))
            watching.extend(measure_watching(design, workspace, user) for design in DESIGNS)
    return {
        "database": connection.vendor,
        "rounds": rounds,
        "events_per_second": statistics.median(writing),
        **{design: medians([each for each in watching if each.design == design]) for design in DESIGNS},
    }


def medians(rounds: list[Watched]) -> dict[str, float]:
    values = [{key: value for key, value in asdict(each).items() if key != "design"} for each in rounds]
    return {key: round(statistics.median(each[key] for each in values), 2) for key in values[0]}


def tell(result: dict[str, Any]) -> None:
    hub, plain = result["hub"], result["plain"]
    ratio = hub["p50"] / plain["p50"]
    rate = result["events_per_second"]
    print(f"\nEvent log on {result['database']}, medians of {result['rounds']} rounds")
    print(f"{WRITERS} writers, one transaction an event: {rate:,.0f} events/s (goal 1,000)\n")
    print(f"{WATCHERS} watchers, {EVENTS_PER_SECOND} events/s   p50 ms   p99 ms   server CPU s   delivered")
    for name, label in (("hub", "one hub"), ("plain", "a query per consumer")):
        each = result[name]
        share = f"{each['delivered']:.0f}/{each['expected']:.0f}"
        print(f"{label:<29}{each['p50']:>7.1f}{each['p99']:>9.1f}{each['server_cpu']:>15.2f}   {share}")
    print(f"\np50 of the hub is {ratio:.2f} of the plain design (goal under 0.25)\n")
    print(json.dumps({**result, "p50_ratio": round(ratio, 3)}))


def main() -> None:
    words = sys.argv[1:]
    if "--emit" in words:
        _set_up()
        emit_evenly(int(words[-1]))
        return
    rounds = next((int(word) for word in words if word.isdigit()), 3)
    if "RUNDOWN_BENCH" not in os.environ:
        _run_apart(words)
        return
    _set_up()
    tell(run(rounds))


def _run_apart(words: list[str]) -> None:
    """Again, in a process whose settings point at a folder and a database made for this."""
    from tests.servers.postgres import running_postgres

    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="rundown-bench-", ignore_cleanup_errors=True))
        environment = {**os.environ, "RUNDOWN_HOME": home, "RUNDOWN_BENCH": "1", "LOG_LEVEL": "WARNING"}
        environment.pop("REDIS_URL", None)
        if "--sqlite" in words:
            environment.pop("DATABASE_URL", None)
        elif "DATABASE_URL" not in environment:
            environment["DATABASE_URL"] = stack.enter_context(running_postgres())
        subprocess.run([sys.executable, "-m", "bench.events", *words], env=environment, check=True)


def _set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.site")
    # Coroutines here only read sockets; the ORM is called before and after them.
    django.setup()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.site")
    main()
