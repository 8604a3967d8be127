"""What the dispatcher costs while nothing is due: with 1,000 posts planned, and with 1,000,000.

    python -m bench.idle [ROUNDS] [--sqlite]

The same dispatcher in this process, in turns over both; CPU seconds are its own and, on PostgreSQL, those of the
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
SIDE = 1_000
SECONDS = 8.0


def plan_many(platform: Any) -> None:
    """A thousand accounts with a thousand posts each, months ahead: copies of one post, made by the database."""
    from django.db import connection
    from django.utils import timezone

    from apps.content.models import Variant
    from apps.platforms.models import Account
    from apps.schedules.models import Post
    from tests.faults.stock import accounts, posts_on

    [first] = accounts(platform, ["fake_key"])
    due = timezone.now() + timedelta(days=90)
    posts = posts_on([first], [f"Planned {n}" for n in range(SIDE)], due=due)
    others = [
        Account(workspace=first.workspace, platform="fake_key", name=f"{n}", handle=f"{n}") for n in range(SIDE - 1)
    ]
    Account._base_manager.bulk_create(others)
    columns = [field.column for field in Post._meta.concrete_fields if field.column != "id"]
    key = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    values = {"key": key, "account_id": "a.id"}
    chosen = ", ".join(values.get(name, f'p."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    table, account = Post._meta.db_table, Account._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {table} p CROSS JOIN {account} a"  # noqa: S608  our names
            " WHERE a.id <> p.account_id"
        )
        cursor.execute("ANALYZE")
    assert Post._base_manager.count() == MANY, Variant._base_manager.count()
    assert len(posts) == FEW


def only(count: int) -> None:
    """Leave so many planned; the others stay in the table without a time, as what is over does."""
    from django.db import connection

    from apps.schedules.models import Post

    keep = Post._base_manager.order_by("pk").values_list("pk", flat=True)[count - 1]
    table = Post._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET wake_at = CASE WHEN id <= %s THEN due_at END", [keep])  # noqa: S608
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE " + table)


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

    found: dict[int, list[dict[str, float]]] = {FEW: [], MANY: []}
    with publishing.broker(), platform_server.apart() as platform:
        plan_many(platform)
        for _round in range(rounds):
            for count, measures in found.items():
                only(count)
                measure()  # the first turns after a change warm the caches
                measures.append(measure())
    medians = {
        count: {name: round(statistics.median(each[name] for each in measures), 3) for name in ("cpu", "queries")}
        for count, measures in found.items()
    }
    return {"database": connection.vendor, "rounds": rounds, "few": medians[FEW], "many": medians[MANY]}


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
