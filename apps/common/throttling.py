"""How often one caller may call the API, counted by all web processes together."""

from __future__ import annotations

import time

import structlog
from django.core.cache import cache
from django.http import HttpRequest
from ninja.throttling import BaseThrottle
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

MINUTE = 60


class PerMinute(BaseThrottle):
    """At most `reads` GETs and `writes` other requests a minute, by person, or by address when nobody is signed in.

    The count is one atomic number a minute. When the cache is away requests pass: the site works without it.
    """

    def __init__(self, *, reads: int, writes: int) -> None:
        self.reads, self.writes = reads, writes

    def allow_request(self, request: HttpRequest) -> bool:
        reading = request.method in {"GET", "HEAD", "OPTIONS"}
        actor = getattr(request, "actor", None)
        who = f"user:{actor.user.pk}" if actor else f"address:{request.META.get('REMOTE_ADDR')}"
        key = f"throttle:{'read' if reading else 'write'}:{who}:{int(time.time() // MINUTE)}"
        try:
            cache.add(key, 0, timeout=2 * MINUTE)
            return cache.incr(key) <= (self.reads if reading else self.writes)
        except (RedisError, ValueError):  # ValueError: the number was evicted between the two calls
            log.warning("throttle_not_counted", exc_info=True)
            return True

    def wait(self) -> float:
        return MINUTE - time.time() % MINUTE
