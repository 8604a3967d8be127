"""Is everything there that the site needs? One sentence a part, for people and for probes."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import structlog
from asgiref.sync import async_to_sync
from celery import current_app
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django_prometheus.exports import ExportToDjangoView

log = structlog.get_logger(__name__)

LEAST_DISK = 512 * 1024 * 1024
WORKERS_KEY = "lifecycle.health.workers"
WORKERS_SECONDS = 15


@dataclass(frozen=True)
class Part:
    """One part of the installation: whether it works, and a sentence about it."""

    name: str
    ok: bool
    detail: str


def report() -> list[Part]:
    """Every part, looked at now; workers at most every quarter of a minute."""
    return [_look(name, check) for name, check in _checks.items()]


def register(name: str, check: Callable[[], tuple[bool, str]]) -> None:
    """Add a part; check: returns whether it works, and a sentence. An exception means that it does not."""
    _checks[name] = check


def _look(name: str, check: Callable[[], tuple[bool, str]]) -> Part:
    try:
        return Part(name, *check())
    except Exception as error:
        log.warning("unhealthy", part=name, exc_info=True)
        # The class only: messages of drivers hold addresses and names that a stranger need not read.
        return Part(name, False, _("It does not answer (%(error)s).") % {"error": type(error).__name__})


def _database() -> tuple[bool, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True, _("The database answers.")


def _broker() -> tuple[bool, str]:
    with current_app.connection_for_read() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    return True, _("The message broker answers.")


def _channel_layer() -> tuple[bool, str]:
    async_to_sync(get_channel_layer().group_send)(f"health.{uuid.uuid4().hex}", {"type": "health"})
    return True, _("Live updates can be sent.")


def _workers() -> tuple[bool, str]:
    count = cache.get(WORKERS_KEY)
    if count is None:
        count = len(current_app.control.ping(timeout=1.0))
        cache.set(WORKERS_KEY, count, WORKERS_SECONDS)
    if not count:
        return False, _("No worker answers: nothing is written, rendered or published. Start one.")
    return True, _("Workers that answer: %(count)s.") % {"count": count}


def _disk() -> tuple[bool, str]:
    folder = Path(settings.MEDIA_ROOT)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    size = f"{free / 1024**3:.1f} GB"
    if free < LEAST_DISK:
        return False, _("Only %(size)s are left for media. Delete files or add space.") % {"size": size}
    return True, _("%(size)s are free for media.") % {"size": size}


_checks: dict[str, Callable[[], tuple[bool, str]]] = {
    "database": _database,
    "broker": _broker,
    "channel layer": _channel_layer,
    "workers": _workers,
    "disk": _disk,
}


def answer() -> tuple[int, dict[str, object]]:
    """Status code and body of the health pages: 200 when every part works, else 503."""
    parts = report()
    ok = all(part.ok for part in parts)
    body = {
        "status": "ok" if ok else "unhealthy",
        "parts": {part.name: {"ok": part.ok, "detail": part.detail} for part in parts},
    }
    return (200 if ok else 503), body


def health(request: HttpRequest) -> JsonResponse:
    """`/health`: for probes of containers and load balancers."""
    status, body = answer()
    response = JsonResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    return response


def metrics(request: HttpRequest) -> HttpResponse:
    """`/metrics` for Prometheus: from this machine itself, or for whoever runs the installation."""
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    here = not forwarded and _is_loopback(request.META.get("REMOTE_ADDR", ""))
    if not here and not (request.user.is_authenticated and request.user.is_superuser):
        raise Http404("no such page")
    return ExportToDjangoView(request)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return not address  # a unix socket has no address
