"""A database server of one test's own, that it may crash."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from tests.servers.postgres import DURABLE, Postgres, program

Value = TypeVar("Value")


@contextmanager
def own_server() -> Iterator[Postgres]:
    """A durable PostgreSQL with a copy of the test's database; the test is connected to it meanwhile."""
    place = connection.settings_dict
    source = ["-h", place["HOST"], "-p", str(place["PORT"]), "-U", place["USER"] or "postgres", place["NAME"]]
    with Postgres(DURABLE) as server:
        dump = subprocess.run([program("pg_dump"), *source], check=True, capture_output=True)
        target = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-q", "postgres"]
        subprocess.run([program("psql"), *target], input=dump.stdout, check=True, stdout=subprocess.DEVNULL)
        before = {key: place[key] for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
        connection.close()
        place.update(HOST="127.0.0.1", PORT=server.port, USER="postgres", PASSWORD="", NAME="postgres")
        try:
            yield server
        finally:
            connection.close()
            place.update(before)


def when_it_answers(ask: Callable[[], Value], otherwise: Value) -> Value:
    """What the database says, or `otherwise` while it is away."""
    try:
        return ask()
    except (OperationalError, InterfaceError):
        connection.close()
        return otherwise
