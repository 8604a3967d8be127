"""The clock that all machines agree on, the database's; and the names of time zones."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from zoneinfo import available_timezones

from django.db import connection
from django.utils import timezone


@cache
def zone_names() -> frozenset[str]:
    """Of the IANA database. Python walks through its files whenever it is asked, which takes hundredths of a second."""
    return frozenset(available_timezones())


def database_now() -> datetime:
    """The database server's time on PostgreSQL; this machine's on SQLite, where they are the same machine.

    Leases compare against this clock, so that a worker whose own clock is wrong cannot keep or steal one.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0].astimezone(UTC)
