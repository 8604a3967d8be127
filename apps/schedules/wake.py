"""Waking the dispatcher the moment something changes; the database is read anyway, so a lost call costs a second."""

from __future__ import annotations

import time
from typing import Protocol

import redis
import structlog
from django.conf import settings
from django.db import connection, transaction

from apps.common.patience import BROKER
from apps.common.transactions import note

log = structlog.get_logger(__name__)
NAME = "rundown_dispatch"


def wake_dispatcher() -> None:
    """After the current transaction commits, end the dispatcher's sleep: once, however often it was asked for."""
    note(_wake, None)


def _wake(_notes: list[None]) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {NAME}")  # PostgreSQL delivers it with the commit
    else:
        transaction.on_commit(_publish, robust=True)


def _publish() -> None:
    if BROKER.is_resting:
        return
    try:
        with BROKER.asked(), _client() as client:
            client.publish(NAME, b"1")
    except redis.RedisError as error:
        log.warning("dispatcher_not_woken", reason=str(error))


def broker() -> str:
    """The present run of the broker: another one each time that it starts; empty while it is away."""
    try:
        with _client() as client:
            return client.info("server")["run_id"]
    except redis.RedisError:
        return ""


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


class Bell(Protocol):
    def wait(self, seconds: float) -> None: ...
    def close(self) -> None: ...


def bell() -> Bell:
    """What a dispatcher sleeps on."""
    return _PostgresBell() if connection.vendor == "postgresql" else _RedisBell()


class _PostgresBell:
    """LISTEN on a connection of its own: the ORM's may be closed between uses."""

    def __init__(self) -> None:
        self._own = None

    def wait(self, seconds: float) -> None:
        import psycopg  # only where PostgreSQL is the database

        try:
            if self._own is None:
                # All of them: a server may insist on a certificate, or be found by a service's name.
                self._own = psycopg.connect(**connection.get_connection_params(), autocommit=True)
                self._own.execute(f"LISTEN {NAME}")
                return  # something may have changed before we listened
            for _notice in self._own.notifies(timeout=seconds, stop_after=1):
                return
        except psycopg.OperationalError as error:
            log.warning("dispatcher_bell_lost", reason=str(error))
            self.close()
            time.sleep(seconds)

    def close(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None


class _RedisBell:
    def __init__(self) -> None:
        self._client: redis.Redis | None = None
        self._inbox = None

    def wait(self, seconds: float) -> None:
        try:
            if self._inbox is None:
                self._client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1)
                self._inbox = self._client.pubsub(ignore_subscribe_messages=True)
                self._inbox.subscribe(NAME)
            self._inbox.get_message(timeout=seconds)
        except redis.RedisError as error:
            log.warning("dispatcher_bell_lost", reason=str(error))
            self.close()
            time.sleep(seconds)

    def close(self) -> None:
        if self._inbox is not None:
            self._inbox.close()
        if self._client is not None:
            self._client.close()
        self._client = self._inbox = None
