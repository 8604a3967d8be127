"""Writing what a call led to, fenced by the lease: published, try later, refused, unknown, ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog

from apps.common.clock import database_now
from apps.common.errors import AdapterError
from apps.common.failpoints import failpoint
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.lifecycle.models import Event
from apps.lifecycle.retries import retry_of
from apps.lifecycle.services import TransitionRefused, advance
from apps.platforms.base import Capability, NeedsLogin, NeedsPerson, PublishResult, RateLimited
from apps.platforms.models import Account
from apps.platforms.renewal import fresh_connection
from apps.platforms.services import flag_login
from apps.schedules.models import Post, Waiting
from apps.schedules.parts import wake_next_parts
from apps.schedules.services import lock_item, settle_item
from apps.schedules.wake import wake_dispatcher
from apps.uploads.leases import Lease, backoff, close, freed
from apps.uploads.models import Attempt
from apps.uploads.problems import PROBLEMS, code_of, problem, told
from apps.workspaces.actors import SYSTEM
from apps.workspaces.audit import describe

log = structlog.get_logger(__name__)

MAX_TRIES = retry_of("publish").tries
# Also counts tries that never failed, such as those of workers that died: a post must not kill workers for ever.
MAX_ATTEMPTS = retry_of("look").tries
KNOWN_WITHIN = timedelta(hours=24)
# How calls end that certainly made nothing public.
_PUBLISHED_NOTHING = (Attempt.Outcome.FAILED, Attempt.Outcome.WITHDRAWN, Attempt.Outcome.NOT_THERE)
# A platform that asks for a person looks at the account more closely for a while; its other posts stay away.
WARY = timedelta(hours=1)


def published(lease: Lease, result: PublishResult) -> str:
    post = lease.post
    failpoint("uploads.after_call")
    response = {"external_id": result.external_id, "url": result.url}
    try:
        _write_published(lease, "publish", Attempt.Outcome.PUBLISHED, response, where=lease.where)
    except TransitionRefused:
        return _late(lease, response=response)
    failpoint("uploads.after_result")
    return post.state


def _write_published(lease: Lease, action: str, outcome: str, response: dict[str, str], *, where: dict) -> None:
    post = lease.post
    with unit_of_work():
        item = lock_item(post.item_id)
        error = _twice(lease, response)
        fields = freed(wake_at=None, published_at=database_now(), error=error, **response)
        advance(post, action, actor=SYSTEM, where=where, fields=fields, data={"url": response["url"]})
        close(lease.attempt, outcome, response=response)
        wake_next_parts(post)
        settle_item(item)
        wake_dispatcher()


def failed(lease: Lease, error: AdapterError) -> str:
    """The call certainly published nothing."""
    if isinstance(error, NeedsLogin):
        return _login_needed(lease, error)
    if isinstance(error, NeedsPerson):
        return _person_needed(lease, error)
    if error.permanent:
        return _finish(lease, "refuse", Attempt.Outcome.FAILED, error, freed(wake_at=None))
    if isinstance(error, RateLimited):
        return _rate_limited(lease, error)
    return try_later(lease, error, Attempt.Outcome.FAILED)


def try_later(lease: Lease, error: AdapterError, outcome: str) -> str:
    """Another try after a growing wait, or a person after the last."""
    post = lease.post
    tries = post.tries + 1
    if tries >= MAX_TRIES or used_up(post, lease.attempt.number):
        return _give_up(lease, error, outcome, tries)
    wait = timedelta(seconds=error.retry_after) if error.retry_after else backoff(lease.platform, tries)
    when = database_now() + wait
    # The handle stays: the next try may go on where this one stopped.
    fields = freed(wake_at=when, not_before=when, tries=tries, waiting_for=Waiting.RETRY, lookups=0)
    return _finish(lease, "release", outcome, error, fields)


def _give_up(lease: Lease, error: Exception, outcome: str, tries: int) -> str:
    """Certainly not public, and not to be had: what failed last, with what a person can do now."""
    hint = str(PROBLEMS["gave_up"].hint)
    return _finish(lease, "ask", outcome, error, freed(wake_at=None, tries=tries), gave_up=True, hint=hint)


def used_up(post: Post, attempts: int) -> bool:
    """Whether a post has had all the attempts it gets; what a person sends again gets as many anew."""
    if attempts < MAX_ATTEMPTS:
        return False
    mine = Event._base_manager.filter(workspace=post.workspace_id, subject=describe(post), type="post.state")
    sent_again = mine.filter(data__action="retry").order_by("-seq").values_list("at", flat=True).first()
    if sent_again is None:
        return True
    return Attempt._base_manager.filter(post=post, started_at__gte=sent_again).count() >= MAX_ATTEMPTS


def _rate_limited(lease: Lease, error: RateLimited) -> str:
    """The wait holds for the whole account, and is not counted as a failure of the post."""
    if used_up(lease.post, lease.attempt.number):
        return _finish(lease, "ask", Attempt.Outcome.FAILED, error, freed(wake_at=None))
    wait = timedelta(seconds=error.retry_after) if error.retry_after else backoff(lease.platform, 2)
    when = database_now() + wait
    hold_account(lease.post.account_id, when)
    fields = freed(wake_at=when, not_before=when, waiting_for=Waiting.PLATFORM)
    return _finish(lease, "release", Attempt.Outcome.FAILED, error, fields)


def hold_account(account_id: int, when) -> None:
    account = Account._base_manager.filter(pk=account_id)
    account.exclude(hold_until__gt=when).update(hold_until=when)


def _login_needed(lease: Lease, error: NeedsLogin) -> str:
    """The account waits for its owner, and its posts with it; unless a renewed login lets them go on at once."""
    said = renewed_or_flagged(lease, error)
    now = database_now()
    if isinstance(said, NeedsLogin):
        fields = freed(wake_at=now, not_before=now, waiting_for=Waiting.PAUSE)
    elif said.code == "login_renewed":
        fields = freed(wake_at=now, not_before=now, waiting_for=Waiting.RETRY)
    else:
        return try_later(lease, said, Attempt.Outcome.FAILED)
    return _finish(lease, "release", Attempt.Outcome.FAILED, said, fields)


def renewed_or_flagged(lease: Lease, error: NeedsLogin) -> AdapterError:
    """What is to be said of a refused login: that it was renewed, that this failed just now, or that a person is asked.

    Calls the platform. A login that was renewed for the attempt before is not renewed again: it is refused for another
    reason.
    """
    account = lease.post.account
    before = Attempt._base_manager.filter(post=lease.post, number=lease.attempt.number - 1)
    if account.state == Account.State.ACTIVE and not before.filter(error__code="login_renewed").exists():
        try:
            fresh_connection(account, refused=account.credentials)
            return problem("login_renewed")
        except NeedsLogin:
            pass  # what the platform said to the post itself is the better reason
        except AdapterError as trouble:
            return trouble
    flag_login(account=account, actor=SYSTEM, reason=error.message)
    return error


def _person_needed(lease: Lease, error: NeedsPerson) -> str:
    """A person posts it by hand; the account's other posts are not thrown at the same wall."""
    account, code = lease.post.account, code_of(error)
    if code == "login_wall":
        flag_login(account=account, actor=SYSTEM, reason=error.message)
    elif code in ("captcha", "too_fast"):
        hold_account(account.pk, database_now() + WARY)
    return ask(lease, error, Attempt.Outcome.FAILED)


def lost_answer(lease: Lease, error: Exception) -> str:
    """The call may have published. The token stays on the row, so that a late answer of this worker still counts."""
    now = database_now()
    # The call of this worker has ended; the platform may still be working on it.
    quarantine = now + timedelta(seconds=lease.platform.timeout)
    return _finish(lease, "lose_track", Attempt.Outcome.UNKNOWN, error, {"wake_at": quarantine, "sent_at": None})


def still_unknown(lease: Lease, error: Exception | None, outcome: str, wait: timedelta | None = None, **fields) -> str:
    """Look again later, less and less often, and ask a person after a day."""
    post, now = lease.post, database_now()
    age = now - post.state_at
    if age > KNOWN_WITHIN or used_up(lease.post, lease.attempt.number):
        return ask(lease, problem("no_word"), outcome)
    wait = wait or max(min(age / 2, timedelta(hours=1)), backoff(lease.platform, 1))
    changes = {"wake_at": now + wait, "sent_at": None, **fields}
    with unit_of_work():
        if not Post._base_manager.filter(pk=post.pk, state="unknown", **lease.where).update(**changes):
            return _late(lease)
        close(lease.attempt, outcome, error=told(error) if error else None)
        wake_dispatcher()
    return "unknown"


def ask(lease: Lease, error: AdapterError, outcome: str) -> str:
    return _finish(lease, "ask", outcome, error, freed(wake_at=None))


def _finish(lease: Lease, action: str, outcome: str, error: Exception, fields: dict[str, Any], **also_said: Any) -> str:
    said = {**told(error), **also_said}
    in_doubt = action == "ask" and lease.post.state == "unknown" and outcome != Attempt.Outcome.NOT_THERE
    if in_doubt or action == "lose_track":
        said["maybe_online"] = True
    try:
        with unit_of_work():
            fields = {**fields, "error": said}
            advance(lease.post, action, actor=SYSTEM, where=lease.where, fields=fields, data={"error": said})
            close(lease.attempt, outcome, error=said)
            wake_dispatcher()
    except TransitionRefused:
        return _late(lease, error=said)
    failpoint(f"uploads.after_{action}")
    return lease.post.state


def _late(lease: Lease, *, error: dict | None = None, response: dict | None = None) -> str:
    """The lease went to another worker, whose finding counts; but what this one saw online is, whoever else looks."""
    close(lease.attempt, Attempt.Outcome.LATE, error=error, response=response)
    log.warning("answered_too_late", post=lease.post.pk, attempt=lease.attempt.number, response=response, error=error)
    if response:
        try:
            _write_published(lease, "learn", Attempt.Outcome.LATE, response, where={})
            return lease.post.state
        except TransitionRefused:  # it is known already, or being sent once more this very moment
            _tell_of_second(lease, response)
    return "late"


def seen_online(post: Post) -> PublishResult | None:
    """What a call of this post was answered, even if it was too late to count."""
    answers = Attempt._base_manager.filter(post=post).exclude(response={}).order_by("number")
    answer = answers.values_list("response", flat=True).first()
    return PublishResult(**answer) if answer else None


def _tell_of_second(lease: Lease, response: dict[str, str]) -> None:
    """The post is published already, by another call or by hand: what this call published stands beside it."""
    with unit_of_work():
        row = Post._base_manager.select_for_update().get(pk=lease.post.pk)
        known = {"external_id": row.external_id, "url": row.url}
        if row.state != "published" or not any(known.values()) or _is_same(known, response):
            return
        said = _both(known, response)
        Post._base_manager.filter(pk=row.pk).update(error=said)
        emit(workspace=row.workspace_id, type="post.twice", subject=row, data=said)


def _twice(lease: Lease, response: dict[str, str]) -> dict[str, Any] | None:
    """Why there may be a second one: another call that was answered otherwise, or a later one of which nobody knows."""
    if lease.platform.capability == Capability.KEY:
        return None  # however often it is sent, it is one
    calls = Attempt._base_manager.filter(post=lease.post, kind=Attempt.Kind.PUBLISH, intent_at__isnull=False)
    calls = calls.exclude(outcome__in=_PUBLISHED_NOTHING).exclude(pk=lease.attempt.pk).order_by("number")
    for call in calls:
        if call.response and not _is_same(call.response, response):
            return _both(call.response, response)
    answered = [call.number for call in calls if call.response] or [lease.attempt.number]
    return _both(response, {}) if any(call.number > answered[0] and not call.response for call in calls) else None


def _is_same(one: dict[str, str], other: dict[str, str]) -> bool:
    """By what the platform calls them; of what a person reported, only the address is known."""
    name = "external_id" if one["external_id"] and other["external_id"] else "url"
    return one[name] == other[name]


def _both(one: dict[str, str], other: dict[str, str]) -> dict[str, Any]:
    first, second = (each.get("url") or each.get("external_id") or "?" for each in (one, other))
    return told(problem("maybe_twice", first=first, second=second))
