"""Asking the platforms what their posts have got, at fixed ages, so that posts compare."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.core.cache import cache
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.analytics.models import Reading
from apps.common.errors import AdapterError, NotFound
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.platforms.models import Account
from apps.platforms.registry import adapter, platforms
from apps.platforms.renewal import fresh_connection
from apps.schedules.models import Post
from apps.uploads import budgets

log = structlog.get_logger(__name__)

# Hours after publishing; a reading that is late stands for its age as long as the next one is not due.
AGES = (1, 24, 48, 168, 672)
_LONGEST = 2 * AGES[-1]
_BATCH = 50
# An account that cannot be read is left alone for so long.
_PAUSE = timedelta(hours=1)


def read_due_posts(*, seconds: float = 40.0) -> int:
    """Read the posts that have come to one of the ages, for at most about so long; returns how many.

    Calls platforms, so it must not be called in a transaction. Two that run at once do no harm: an age is kept once.
    """
    until, count = time.monotonic() + seconds, 0
    for post, hours in _due():
        if time.monotonic() > until:
            break
        if not cache.get(_pause_key(post.account)):
            count += read_post(post=post, hours=hours)
    return count


def read_post(*, post: Post, hours: int) -> bool:
    """Keep what the platform says of a post now, as its reading for that age; says whether it could be read."""
    account = post.account
    try:
        counts = account.adapter.read_metrics(fresh_connection(account), post.external_id)
    except NotFound:
        counts = None
    except AdapterError as error:
        log.info("not_read", post=post.pk, reason=error.message)
        cache.set(_pause_key(account), True, max(_PAUSE.total_seconds(), error.retry_after or 0))
        return False
    except Exception:  # a bug in an adapter keeps nobody else's numbers from being read
        log.exception("adapter_bug", account=account.pk, platform=account.platform)
        cache.set(_pause_key(account), True, _PAUSE.total_seconds())
        return False
    with unit_of_work():
        said = {"counts": dict(counts or {}), "gone": counts is None, "workspace": post.workspace}
        reading, is_new = Reading._base_manager.get_or_create(post=post, hours=hours, defaults=said)
        if is_new:
            data = {"counts": reading.counts, "hours": hours, "gone": reading.gone}
            emit(workspace=post.workspace, type="post.read", subject=post, data=data)
    return is_new


def _due() -> Iterator[tuple[Post, int]]:
    now = timezone.now()
    counting = [name for name in platforms() if adapter(name).metrics]
    rows = Post._base_manager.filter(
        state="published", account__platform__in=counting, account__state=Account.State.ACTIVE
    )
    rows = rows.exclude(external_id="").select_related("workspace", "account__workspace")
    for hours, following in zip(AGES, (*AGES[1:], _LONGEST), strict=True):
        had = Reading._base_manager.filter(post=OuterRef("pk"), hours=hours)
        aged = rows.filter(
            published_at__lte=now - timedelta(hours=hours), published_at__gt=now - timedelta(hours=following)
        )
        for post in aged.filter(~Exists(had)).order_by("published_at", "pk")[:_BATCH]:
            limits = post.account.adapter.limits
            if budgets.free_at(post.account_id, limits, now) <= now:
                yield post, hours


def _pause_key(account: Account) -> str:
    return f"analytics.pause.{account.pk}"
