"""Owning a post for a while, and writing only while owning it.

Every write of a worker names the token of its lease. A worker that slept past its lease finds that the row is not its
own any more, and its write changes nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.common.clock import database_now
from apps.common.errors import Conflict
from apps.common.failpoints import failpoint
from apps.common.transactions import unit_of_work
from apps.lifecycle.retries import retry_of
from apps.lifecycle.services import TransitionRefused, advance
from apps.platforms.base import Platform
from apps.schedules.models import Post
from apps.schedules.services import CLEARED
from apps.uploads.models import Attempt
from apps.workspaces.actors import SYSTEM


class LeaseLost(Conflict):
    """Another worker owns the post by now; what this one still does must not become public."""

    code = "lease_lost"


@dataclass(frozen=True)
class Lease:
    """What a worker holds while it works on a post."""

    post: Post
    attempt: Attempt
    platform: Platform

    @property
    def where(self) -> dict[str, Any]:
        return {"lease_token": self.attempt.token}


def length(platform: Platform) -> timedelta:
    """Longer than the longest call, so that a lease that has ended means a worker that has gone."""
    return timedelta(seconds=platform.timeout + platform.margin)


def held(platform: Platform, token: uuid.UUID, now: datetime) -> dict[str, Any]:
    """The columns of a post that a worker holds from `now`."""
    until = now + length(platform)
    return {"lease_token": token, "lease_until": until, "wake_at": until, "sent_at": None}


def freed(*, wake_at: datetime | None, **more: Any) -> dict[str, Any]:
    """The columns of a post that nobody holds."""
    return {**CLEARED, "wake_at": wake_at, **more}


def claim(post: Post) -> Lease | None:
    """Take a due post as it was read; None when another worker was faster, or a person moved it meanwhile."""
    now, token, platform = database_now(), uuid.uuid4(), post.account.adapter
    try:
        with unit_of_work():
            fields = {**held(platform, token, now), "waiting_for": ""}
            advance(post, "claim", actor=SYSTEM, where={"wake_at": post.wake_at}, fields=fields)
            lease = Lease(post, add_attempt(post, token, Attempt.Kind.PUBLISH), platform)
    except TransitionRefused:
        return None
    failpoint("uploads.after_claim")
    return lease


def take_unknown(post: Post, kind: str) -> Lease | None:
    """Take a post whose outcome is unknown, to find it out; None when another worker was faster."""
    now, token, platform = database_now(), uuid.uuid4(), post.account.adapter
    fields = held(platform, token, now)
    with transaction.atomic():
        mine = Post._base_manager.filter(pk=post.pk, state="unknown", wake_at__lte=now, lease_token=post.lease_token)
        if not mine.update(**fields):
            return None
        for name, value in fields.items():
            setattr(post, name, value)
        close_lost(post)
        attempt = add_attempt(post, token, kind, intent_at=now)
    failpoint("uploads.after_take_unknown")
    return Lease(post, attempt, platform)


def add_attempt(post: Post, token: uuid.UUID, kind: str, **fields: Any) -> Attempt:
    """The row of the post is locked here, so that numbers are not given twice."""
    number = Attempt._base_manager.filter(post=post).count() + 1
    return Attempt._base_manager.create(
        workspace_id=post.workspace_id, post=post, number=number, token=token, kind=kind, **fields
    )


def close(attempt: Attempt, outcome: str, *, error: dict | None = None, response: dict | None = None) -> None:
    """Write how an attempt ended. This is history, so it is written whoever owns the post by now."""
    Attempt._base_manager.filter(pk=attempt.pk).update(
        outcome=outcome, finished_at=timezone.now(), error=error, response=response or {}
    )


def close_lost(post: Post) -> None:
    """Whoever takes a post over says of the attempts that are still open that their worker is gone."""
    lost = Attempt._base_manager.filter(post=post, finished_at=None)
    lost.update(outcome=Attempt.Outcome.LOST, finished_at=timezone.now())


def backoff(platform: Platform, tries: int) -> timedelta:
    """The wait before the next try, growing from the platform's first one."""
    return timedelta(seconds=retry_of("publish").wait(tries, first=platform.first_retry))
