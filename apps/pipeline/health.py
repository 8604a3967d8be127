"""What the system has repaired by itself, for `/health` and `/metrics`.

Sweeps run in workers and are asked about in the web process, so their counts stand in the cache that both share. They
are news, not truth: after the cache is emptied they begin at nought, as counters of a process that was started anew do.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta

import structlog
from django.core.cache import cache
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from apps.common.clock import database_now
from apps.uploads import health as uploads

log = structlog.get_logger(__name__)

SWEPT = "pipeline.swept"
KINDS = (
    "runs_reclaimed",
    "runs_woken",
    "states_followed",
    "states_timed_out",
    "posts_recovered",
    "posts_asked",
    "posts_missed",
    "people_told",
)
# Beat sweeps every ten seconds.
LATE = timedelta(minutes=2)


def remember(found: Mapping[str, int]) -> None:
    """Add one sweep to the counts."""
    try:
        for name, count in found.items():
            if count:
                cache.add(f"{SWEPT}.{name}", 0, timeout=None)
                cache.incr(f"{SWEPT}.{name}", count)
        cache.set(f"{SWEPT}.at", time.time(), timeout=None)
    except Exception as error:  # any cache may stand behind it; a sweep that is not counted has still repaired
        log.warning("sweep_not_counted", reason=str(error))


def repaired() -> dict[str, int]:
    """How much of each kind was repaired since the cache was made."""
    counts = cache.get_many([f"{SWEPT}.{name}" for name in KINDS])
    return {name: int(counts.get(f"{SWEPT}.{name}", 0)) for name in KINDS}


def self_healing() -> tuple[bool, str]:
    at = cache.get(f"{SWEPT}.at")
    if at is None:
        return True, _("No sweep has run yet.")
    if time.time() - at > LATE.total_seconds():
        return False, _(
            "No sweep since %(seconds)d seconds: lost work is not found again. Start beat and a worker."
        ) % {"seconds": time.time() - at}
    return True, _("Repaired so far: %(count)s.") % {"count": sum(repaired().values())}


class Repairs(Collector):
    """Read at each scrape."""

    def describe(self) -> Iterable[Metric]:
        return []

    @scopes_disabled()
    def collect(self) -> Iterable[Metric]:
        swept = CounterMetricFamily("rundown_swept", "What sweeps found and put right.", labels=["kind"])
        for kind, count in repaired().items():
            swept.add_metric([kind], count)
        posts = GaugeMetricFamily("rundown_posts", "Posts that are not over, by state.", labels=["state"])
        for state, count in sorted(uploads.counts().items()):
            posts.add_metric([state], count)
        now = database_now()
        stuck = GaugeMetricFamily("rundown_posts_stuck", "Posts whose lease has ended twice.", uploads.stuck_posts(now))
        late = GaugeMetricFamily("rundown_posts_untaken", "Due posts that no worker takes.", uploads.untaken_posts(now))
        return [swept, posts, stuck, late]


def export() -> None:
    """Add these numbers to `/metrics`; once a process."""
    REGISTRY.register(Repairs())
