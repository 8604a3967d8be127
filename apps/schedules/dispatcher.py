"""Sends posts to the workers the moment they are due.

It sleeps until the next instant in `wake_at`, is woken when that changes, and looks once a second in any case. It only
wakes workers: whoever takes a post up claims it in the database, so two dispatchers, or a message twice, do no harm.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

import structlog
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection, transaction
from django.db.models import Q, QuerySet
from django_scopes import scopes_disabled

from apps.common.clock import database_now
from apps.common.processes.ready import say_ready
from apps.platforms.models import Account
from apps.schedules import wake
from apps.schedules.models import Post
from apps.workspaces.models import Workspace

log = structlog.get_logger(__name__)

Send = Callable[[list[tuple[int, int]]], None]
BATCH = 100
BACKSTOP = 1.0
# After so long without a claim, the message is thought lost and sent again.
RESEND = timedelta(seconds=30)
HEARTBEAT = "schedules.dispatcher.heartbeat"
HEARTBEAT_SECONDS = 5


def is_alive() -> bool:
    """Whether a dispatcher has shown itself within the last quarter of a minute."""
    return cache.get(HEARTBEAT) is not None


class Dispatcher:
    """send: takes [(workspace id, post id)] and hands them to workers. clock: where the time comes from."""

    def __init__(self, send: Send, *, clock: Callable[[], datetime] = database_now) -> None:
        self._send = send
        self._clock = clock
        self._beat_at = -math.inf
        self._broker = ""

    def run(self, stop: Event) -> None:
        """Until `stop` is set. A database that goes away is waited for."""
        bell = wake.bell()
        try:
            while not stop.is_set():
                try:
                    seconds = self.turn()
                except DatabaseError as error:
                    log.warning("dispatcher_database_lost", reason=str(error))
                    close_old_connections()
                    seconds = BACKSTOP
                bell.wait(seconds)
        finally:
            bell.close()

    @scopes_disabled()
    def turn(self) -> float:
        """Send what is due; returns the seconds to sleep. At most a full batch, so that stopping never waits long."""
        now = self._clock()
        self._beat(now)
        batch = self._take(now)
        if batch:
            self._send(batch)
        if len(batch) == BATCH:
            return 0.001
        upcoming = Post.objects.filter(wake_at__gt=now).order_by("wake_at").values_list("wake_at", flat=True).first()
        left = (upcoming - self._clock()).total_seconds() if upcoming else BACKSTOP
        return min(max(left, 0.001), BACKSTOP)

    def _take(self, now: datetime) -> list[tuple[int, int]]:
        """Due posts, marked as sent. The mark keeps another dispatcher from sending the same, and means no more."""
        if not Post.objects.filter(wake_at__lte=now).exists():
            return []
        with transaction.atomic():
            due = _due(now).order_by("wake_at")
            if connection.features.has_select_for_update_skip_locked:
                due = due.select_for_update(skip_locked=True, of=("self",))
            batch = list(due.values_list("workspace_id", "pk")[:BATCH])
            Post.objects.filter(pk__in=[pk for _workspace, pk in batch]).update(sent_at=now)
        return batch

    def _beat(self, now: datetime) -> None:
        if time.monotonic() - self._beat_at < HEARTBEAT_SECONDS:
            return
        self._beat_at = time.monotonic()
        say_ready()
        self._look_at_broker(now)
        try:
            cache.set(HEARTBEAT, now.isoformat(), timeout=3 * HEARTBEAT_SECONDS)
        except Exception as error:  # any cache may stand behind it; without one, posts still go out
            log.warning("dispatcher_heartbeat_lost", reason=str(error))

    def _look_at_broker(self, now: datetime) -> None:
        """A broker that is gone, or began anew, may have lost what it was given: all that is due is sent again."""
        broker, before = wake.broker(), self._broker
        self._broker = broker
        if before and broker != before:
            forgotten = Post.objects.filter(sent_at__isnull=False, wake_at__lte=now).update(sent_at=None)
            log.warning("dispatcher_broker_changed", sent_again=forgotten)


def _due(now: datetime) -> QuerySet[Post]:
    """Without joins: a planner that began at the accounts would read every post there is."""
    # A mark from later on was made before the clock was set back.
    fresh = Q(sent_at__range=(now - RESEND, now + RESEND))
    return Post.objects.filter(Q(sent_at=None) | ~fresh, wake_at__lte=now).exclude(
        Q(account__in=Account.objects.exclude(Account.OPEN).values("pk"))
        | Q(workspace__in=Workspace.objects.exclude(paused_at=None).values("pk"))
    )
