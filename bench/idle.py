"""What the dispatcher costs while nothing is due: with 1,000 posts planned, and with 1,000,000.

    python -m bench.idle [ROUNDS] [--sqlite]

The dispatcher runs in this process; CPU seconds are its own and, on PostgreSQL, those of the
server's process that answers it. Without DATABASE_URL it starts a PostgreSQL of its own, or with --sqlite uses a file.
Goal: within twice the cost, whatever is planned.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Timer
from typing import Any

from bench.support import publishing

FEW, MANY = 1_000, 1_000_000
SECONDS = 8.0


def plan_few(platform: Any) -> None:
    from django.utils import timezone

    from tests.faults.stock import accounts, posts_on

    [account] = accounts(platform, ["fake_key"])
    posts_on([account], [f"Planned {n}" for n in range(FEW)], due=timezone.now() + timedelta(days=90))
    analyse()


def plan_many() -> None:
    """The same posts on so many more accounts; copied by the database."""
    from django.db import connection

    from apps.platforms.models import Account
    from apps.schedules.models import Post

    first, copies = Account._base_manager.get(), MANY // FEW - 1
    same = {"workspace": first.workspace, "platform": first.platform}
    Account._base_manager.bulk_create(Account(**same, name=f"{n}", handle=f"{n}") for n in range(copies))
    columns = [field.column for field in Post._meta.concrete_fields if field.column != "id"]
    key = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    values = {"key": key, "account_id": "a.id"}
    chosen = ", ".join(values.get(name, f'p."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    table, account = Post._meta.db_table, Account._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {table} p JOIN {account} a"  # noqa: S608  our names
            " ON a.id <> p.account_id"
        )
    assert Post._base_manager.count() == MANY
    analyse()


def analyse() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measure() -> dict[str, float]:
    """CPU seconds and queries of a minute."""
    from django.db import connection

    from apps.schedules.dispatcher import Dispatcher

    queries = 0

    def count(execute: Callable, *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    stop = Event()
    connection.ensure_connection()
    server = connection.connection.info.backend_pid if connection.vendor == "postgresql" else None
    before, server_before = time.process_time(), publishing.cpu_seconds(server) if server else 0.0
    Timer(SECONDS, stop.set).start()
    began = time.monotonic()
    with connection.execute_wrapper(count):
        Dispatcher(lambda batch: None).run(stop)
    minutes = (time.monotonic() - began) / 60
    own = time.process_time() - before
    its = publishing.cpu_seconds(server) - server_before if server else 0.0
    return {"cpu": (own + its) / minutes, "queries": queries / minutes}


def run(rounds: int) -> dict[str, Any]:
    from django.db import connection

    from tests.servers import platform_server

    with publishing.broker(), platform_server.apart() as platform:
        plan_few(platform)
        few = medians([measure() for _round in range(rounds + 1)][1:])  # the first warms up
        plan_many()
        many = medians([measure() for _round in range(rounds + 1)][1:])
    return {"database": connection.vendor, "rounds": rounds, "few": few, "many": many}


def medians(measures: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(each[name] for each in measures), 3) for name in ("cpu", "queries")}


def tell(result: dict[str, Any]) -> None:
    few, many = result["few"], result["many"]
    print(f"\nThe dispatcher while nothing is due, on {result['database']}, medians of {result['rounds']} rounds\n")
    print(f"{'planned':>12}   CPU s a minute   queries a minute")
    for count, each in ((FEW, few), (MANY, many)):
        print(f"{count:>12,}{each['cpu']:>17.3f}{each['queries']:>19.0f}")
    ratio = {name: round(many[name] / few[name], 2) for name in few}
    print(f"\n{ratio['cpu']} times the CPU time, {ratio['queries']} times the queries (goal 2)\n")
    print(json.dumps({**result, "cpu_ratio": ratio["cpu"], "query_ratio": ratio["queries"]}))


def main() -> None:
    words = sys.argv[1:]
    if "RUNDOWN_BENCH" not in os.environ:
        publishing.run_apart("bench.idle", words)
        return
    publishing.set_up()
    tell(run(next((int(word) for word in words if word.isdigit()), 1)))


if __name__ == "__main__":
    main()
