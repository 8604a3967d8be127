"""Whether a post may go out now. Asked before it is claimed, and again, under locks, before the call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.content.models import Item
from apps.platforms.models import Account
from apps.schedules.booking import catch_up_gap
from apps.schedules.machine import UNDER_WAY
from apps.schedules.models import Post, Waiting
from apps.schedules.quiet import quiet_end

# How often a held post looks again; what holds it wakes it as well.
LOOK_AGAIN = timedelta(seconds=30)
# What is later than this was held up, and others with it.
LATE = timedelta(minutes=5)


@dataclass(frozen=True)
class Go:
    pass


@dataclass(frozen=True)
class Wait:
    until: datetime
    reason: Waiting


@dataclass(frozen=True)
class Withdraw:
    """It must not go out any more. code: why, of `problems`."""

    code: str


@dataclass(frozen=True)
class Miss:
    """The account's grace is over."""


Verdict = Go | Wait | Withdraw | Miss


def judge(post: Post, *, account: Account, item: Item, now: datetime) -> Verdict:
    """account, item: fresh rows; locked ones make the verdict hold until the transaction ends."""
    if item.approved_revision_id != post.revision_id or item.state not in ("scheduled", "published", "analyzed"):
        return Withdraw("not_approved")
    if not account.is_connected:
        return Withdraw("disconnected")
    if not account.is_open or post.workspace.paused_at:
        return Wait(now, Waiting.PAUSE)
    if _earlier_parts(post).exists():
        return Wait(now + LOOK_AGAIN, Waiting.PART)
    if now - max(post.due_at, post.not_before or post.due_at) > timedelta(minutes=account.catch_up):
        return Miss()
    if account.hold_until and account.hold_until > now:
        return Wait(account.hold_until, Waiting.PLATFORM)
    if post.forced_by:
        return Go()  # a person overruled what this workspace set; what the platform asks for was looked at above
    if not post.in_quiet_hours and (end := quiet_end(account, now)):
        return Wait(end, Waiting.QUIET)
    return _pace(post, account, now)


def _earlier_parts(post: Post):
    """Parts that must be out before this one; one that a person cancelled holds nothing."""
    siblings = Post._base_manager.filter(
        account=post.account_id, revision=post.revision_id, repeat=post.repeat, part__lt=post.part
    )
    return siblings.exclude(state__in=["published", "cancelled"])


def _pace(post: Post, account: Account, now: datetime) -> Verdict:
    others = Post._base_manager.filter(account=account).exclude(pk=post.pk)
    if (account.minimum_gap or now - post.due_at > LATE) and (last := _last_out(others, post, account, now)):
        return Wait(last + catch_up_gap(account), Waiting.GAP if account.minimum_gap else Waiting.LATE)
    if account.daily_limit:
        local = now.astimezone(account.timezone)
        midnight = datetime.combine(local.date(), time(), tzinfo=account.timezone)
        today = others.filter(Q(published_at__gte=midnight) | Q(state__in=UNDER_WAY))
        if today.count() >= account.daily_limit:
            tomorrow = datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=account.timezone)
            return Wait(tomorrow.astimezone(UTC), Waiting.LIMIT)
    return Go()


def _last_out(others: QuerySet[Post], post: Post, account: Account, now: datetime) -> datetime | None:
    """When the last post went out that this one is too near to."""
    since = now - catch_up_gap(account)
    near = others.filter(Q(published_at__gt=since) | Q(state__in=UNDER_WAY, state_at__gt=since))
    near = near.annotate(out_at=Coalesce("published_at", "state_at"))
    if not account.minimum_gap:
        # What goes out in time neither waits for what is late nor holds it up; nor do the parts of one story.
        near = near.exclude(item=post.item_id).filter(out_at__gt=F("due_at") + LATE)
    return near.aggregate(last=Max("out_at"))["last"]
