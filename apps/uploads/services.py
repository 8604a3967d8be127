"""Publishing a post: claim it, commit the intent, call the platform, write what came of it.

No transaction is open during a call. Whatever is lost after the intent is `unknown` and is found out, never repeated
blindly; see `reconcile`.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError

from apps.common.clock import database_now
from apps.common.errors import AdapterError
from apps.common.failpoints import failpoint
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.lifecycle.services import TransitionRefused, advance
from apps.platforms.base import OutcomeUnknown, PublishRequest
from apps.platforms.models import Account
from apps.schedules.booking import catch_up_gap
from apps.schedules.models import Post, Waiting
from apps.schedules.parts import wake_next_parts
from apps.schedules.services import CLEARED, lock_item, mark_missed, miss_post, settle_item
from apps.schedules.wake import wake_dispatcher
from apps.uploads import budgets, gate, outcomes, reconcile
from apps.uploads.leases import Lease, LeaseLost, claim, close, close_lost, freed, held
from apps.uploads.models import Attempt
from apps.uploads.problems import doubt, problem, told
from apps.uploads.reports import LeaseReport
from apps.uploads.requests import request_for
from apps.workspaces.actors import SYSTEM, Actor

log = structlog.get_logger(__name__)
_SWEPT = 200


def publish_post(*, post_id: int) -> str:
    """Take a post as far as it goes now; returns the state it is left in. Harmless when called twice or too early."""
    post = _load(post_id)
    if post is None or post.wake_at is None or post.wake_at > database_now():
        return post.state if post else "gone"
    if post.state == "scheduled":
        try:
            return _publish(post)
        except TransitionRefused:
            return "taken"  # cancelled or moved meanwhile; nothing was sent
    if post.state == "unknown":
        return reconcile.find_out(post)
    if post.state in ("claimed", "submitting"):
        return _recover(post)
    # It came to rest by a timeout, which knows nothing of waking.
    Post._base_manager.filter(pk=post.pk, state=post.state, wake_at=post.wake_at).update(wake_at=None)
    return post.state


def _load(post_id: int) -> Post | None:
    rows = Post._base_manager.select_related("workspace", "account__workspace", "item", "variant", "revision")
    return rows.filter(pk=post_id).first()


def _publish(post: Post) -> str:
    now = database_now()
    verdict = gate.judge(post, account=post.account, item=post.item, now=now)
    if not isinstance(verdict, gate.Go):
        return _hold_back(post, verdict)
    until = budgets.free_at(post.account_id, post.account.adapter.limits, now)
    if until > now and not post.account.by_hand:
        return _postpone(post, until, Waiting.CALLS, None)
    lease = claim(post)
    if lease is None:
        return "taken"
    if post.account.by_hand:
        return outcomes.ask(lease, problem("by_hand"), Attempt.Outcome.WITHDRAWN)
    request = _prepare(lease)
    if request is None or not _commit_intent(lease):
        return post.state
    try:
        result = lease.platform.publish(request, LeaseReport(lease))
    except OutcomeUnknown as error:
        return outcomes.lost_answer(lease, error)
    except AdapterError as error:
        return outcomes.failed(lease, error)
    except LeaseLost:  # it stood still, or is not its worker any more, and nothing can have become public
        return outcomes.try_later(lease, problem("stood_still"), Attempt.Outcome.WITHDRAWN)
    except DatabaseError:
        raise
    except Exception as error:  # a bug in an adapter says nothing about what the platform did
        log.exception("adapter_bug", post=post.pk, platform=lease.platform.slug)
        return outcomes.lost_answer(lease, error)
    return outcomes.published(lease, result)


def _prepare(lease: Lease) -> PublishRequest | None:
    """What to send, before anything is at stake; None when there is nothing to send now, and why is written down."""
    try:
        request = request_for(lease.post, lease.platform)
        if lease.platform.checks_before_publishing and not _check(lease, request):
            return None
        return request
    except AdapterError as error:
        outcomes.failed(lease, error)
    except (DatabaseError, TransitionRefused):
        raise
    except Exception as error:  # a bug in an adapter, or files that cannot be reached; nothing was sent
        log.exception("not_prepared", post=lease.post.pk, platform=lease.platform.slug)
        bug = problem("bug", said=f"{type(error).__name__}: {error}"[:500])
        outcomes.try_later(lease, bug, Attempt.Outcome.FAILED)
    return None


def _check(lease: Lease, request: PublishRequest) -> bool:
    """Ask the platform whether the login still works; False when the account has no call left for it."""
    until = budgets.take(lease.post.account_id, lease.platform.limits, database_now())
    if until is not None:
        _hold_back(lease.post, gate.Wait(until, Waiting.CALLS), lease)
        return False
    lease.platform.check(request.connection)
    failpoint("uploads.after_check")
    return True


def _in_line(post: Post, until: datetime, reason: Waiting) -> datetime:
    """A place in the line of those that wait for their turn, so that they do not all come back for the same one."""
    match reason:
        case Waiting.CALLS:
            apart = budgets.interval(post.account.adapter.limits)
        case Waiting.GAP | Waiting.LATE:
            apart = catch_up_gap(post.account)
        case _:
            return until
    waiting = Post._base_manager.filter(account=post.account_id, state="scheduled", waiting_for=reason)
    return until + waiting.exclude(pk=post.pk).filter(wake_at__gte=until).count() * apart


def _commit_intent(lease: Lease) -> bool:
    """Under the locks of account, item and post, in this order: ask the gate again and write `submitting`."""
    post = lease.post
    try:
        with unit_of_work():
            account = Account._base_manager.select_for_update().get(pk=post.account_id)
            item = lock_item(post.item_id)
            post.workspace.refresh_from_db(fields=["paused_at"])
            began, now = time.monotonic(), database_now()
            verdict = gate.judge(post, account=account, item=item, now=now)
            # It was in time when it was claimed, and so it still is.
            if not isinstance(verdict, gate.Go | gate.Miss):
                _hold_back(post, verdict, lease)
                return False
            if account.by_hand:  # since it was claimed
                outcomes.ask(lease, problem("by_hand"), Attempt.Outcome.WITHDRAWN)
                return False
            until = budgets.take(account.pk, lease.platform.limits, now)
            if until is not None:
                _hold_back(post, gate.Wait(until, Waiting.CALLS), lease)
                return False
            fields = held(lease.platform, lease.attempt.token, now)
            advance(post, "submit", actor=SYSTEM, where={**lease.where, "lease_until__gt": now}, fields=fields)
            Attempt._base_manager.filter(pk=lease.attempt.pk).update(intent_at=now)
    except TransitionRefused:
        # Cancelled meanwhile, or this worker slept past its lease. Nothing was sent.
        close(lease.attempt, Attempt.Outcome.WITHDRAWN)
        return False
    failpoint("uploads.after_intent")
    # By two clocks: this machine's stands still while it sleeps, and the database's may be set back.
    if max(time.monotonic() - began, (database_now() - now).total_seconds()) > lease.platform.margin:
        # A stopped process or a sleeping machine: a call begun now could outlive the lease, and what others find out.
        outcomes.try_later(lease, problem("stood_still"), Attempt.Outcome.WITHDRAWN)
        return False
    return True


def _hold_back(post: Post, verdict: gate.Verdict, lease: Lease | None = None) -> str:
    """Act on a verdict other than Go, before the claim or after it."""
    if lease is not None:
        close(lease.attempt, Attempt.Outcome.WITHDRAWN)
    match verdict:
        case gate.Wait(until, reason):
            return _postpone(post, until, reason, lease)
        case gate.Withdraw(code):
            where = lease.where if lease else {}
            said = told(problem(code))
            with unit_of_work():
                item = lock_item(post.item_id)
                fields = {**CLEARED, "error": said}
                advance(post, "cancel", actor=SYSTEM, where=where, fields=fields, data={"error": said})
                settle_item(item)
        case gate.Miss():
            miss_post(post=post)
    return post.state


def _postpone(post: Post, until: datetime, reason: Waiting, lease: Lease | None) -> str:
    until = _in_line(post, until, reason)
    # A pause moves no time: whether the post is still in time is asked when publishing goes on.
    moved = {} if reason == Waiting.PAUSE else {"not_before": until}
    fields = freed(wake_at=until, waiting_for=reason, **moved)
    with unit_of_work():
        if lease is not None:
            advance(post, "release", actor=SYSTEM, where=lease.where, fields=fields, data={"waiting_for": reason})
            return post.state
        same = Post._base_manager.filter(pk=post.pk, state="scheduled", wake_at=post.wake_at)
        if same.update(**fields) and post.waiting_for != reason:
            data = {"waiting_for": reason, "until": until.isoformat()}
            emit(workspace=post.workspace_id, type="post.waiting", subject=post, data=data)
    return post.state


def _recover(post: Post) -> str:
    """A worker was lost: before the intent nothing was sent, so the post goes back; after it, nobody knows."""
    now = database_now()
    where = {"lease_token": post.lease_token, "lease_until__lte": now}
    platform = post.account.adapter
    if post.state == "claimed":
        too_many = outcomes.used_up(post, Attempt._base_manager.filter(post=post).count())
        action, fields = ("release", freed(wake_at=now))
        if too_many:
            action, fields = "ask", freed(wake_at=None, error=told(problem("worker_lost")))
    else:
        action = "lose_track"
        # The lost worker may still be alive and sending. Its call ends within its timeout from now, even if the lease
        # has ended only because a clock was set forward.
        fields = {"wake_at": now + timedelta(seconds=platform.timeout), "sent_at": None}
        fields["error"] = doubt("outcome_unknown")
    try:
        with unit_of_work():
            advance(post, action, actor=SYSTEM, where=where, fields=fields, data={"reason": "worker_lost"})
            close_lost(post)
            wake_dispatcher()
    except TransitionRefused:
        pass  # the worker came back, or another one was here first
    return post.state


def sweep() -> dict[str, int]:
    """Put right what was left behind: ended leases, lost answers that nobody may ask for, posts too late to go out.

    Only what was found is counted.
    """
    now = database_now()
    found: Counter[str] = Counter()
    ended = Post._base_manager.filter(state__in=["claimed", "submitting"], lease_until__lte=now)
    for pk in list(ended.values_list("pk", flat=True)[:_SWEPT]):
        post = _load(pk)
        before = post.state if post else ""
        if post and before in ("claimed", "submitting") and _recover(post) != before:
            found["recovered"] += 1
    found["asked"] += reconcile.ask_about_silent(now)
    found["missed"] += mark_missed(now)
    return {name: count for name, count in found.items() if count}


def report_published(*, post: Post, actor: Actor, url: str = "") -> Post:
    """A person says that the post is online; raises TransitionRefused unless it waits for a person."""
    actor.require("publish_content", post.workspace)
    with unit_of_work():
        item = lock_item(post.item_id)
        fields = freed(wake_at=None, published_at=database_now(), url=url, error=None)
        advance(post, "report_published", actor=actor, fields=fields, data={"url": url})
        wake_next_parts(post)
        settle_item(item)
        wake_dispatcher()
    return post
