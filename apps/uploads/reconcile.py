"""Finding out what became of a call whose answer was lost, by what the platform offers.

Key: send again; the platform knows the key. Handle: ask for it. Lookup: look several times, some time apart, before
absence counts. None: a person decides. Never a blind repetition.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError
from django.db.models import Q

from apps.common.clock import database_now
from apps.common.errors import AdapterError, DomainError
from apps.common.failpoints import failpoint
from apps.common.transactions import unit_of_work
from apps.lifecycle.services import TransitionRefused, advance
from apps.platforms.base import Capability, Found, NeedsLogin, NotFound, Platform, RateLimited, StillUnknown
from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.schedules.wake import wake_dispatcher
from apps.uploads import budgets, outcomes
from apps.uploads.leases import Lease, LeaseLost, close_lost, freed, take_unknown
from apps.uploads.models import Attempt
from apps.uploads.problems import doubt, problem
from apps.uploads.reports import LeaseReport
from apps.uploads.requests import request_for
from apps.workspaces.actors import SYSTEM

log = structlog.get_logger(__name__)


def find_out(post: Post) -> str:
    """One step towards the truth about an unknown post; returns the state it is left in."""
    platform = post.account.adapter
    capability = platform.capability
    if capability != Capability.NONE and not _may_call(post, platform):
        return post.state
    lease = take_unknown(post, Attempt.Kind.RESEND if capability == Capability.KEY else Attempt.Kind.LOOK)
    if lease is None:
        return "taken"
    if capability == Capability.NONE:
        if seen := outcomes.seen_online(post):
            return outcomes.published(lease, seen)
        return outcomes.ask(lease, problem("no_way_to_ask"), Attempt.Outcome.UNKNOWN)
    if outcomes.used_up(post, lease.attempt.number):
        return outcomes.ask(lease, problem("no_word"), Attempt.Outcome.WITHDRAWN)
    if capability == Capability.HANDLE and not post.handle:
        # Nothing becomes public before its handle is on disk.
        return outcomes.try_later(lease, problem("not_there"), Attempt.Outcome.NOT_THERE)
    try:
        return _resend(lease) if capability == Capability.KEY else _look(lease)
    except (DatabaseError, LeaseLost):
        raise
    except NeedsLogin as error:
        said = outcomes.renewed_or_flagged(lease, error)
        return outcomes.still_unknown(lease, said, Attempt.Outcome.FAILED)
    except DomainError as error:
        return _no_answer(lease, error)
    except Exception as error:  # a bug in an adapter says nothing about what the platform did
        log.exception("adapter_bug", post=post.pk, platform=lease.platform.slug)
        return outcomes.still_unknown(lease, error, Attempt.Outcome.UNKNOWN)


def ask_about_silent(now: datetime) -> int:
    """Posts that nobody may look for, during a day or for ever, as the account or all is paused: a person is asked."""
    active = Q(account__state=Account.State.ACTIVE, workspace__paused_at=None)
    gone = Q(account__state=Account.State.DISCONNECTED)
    silent = Post._base_manager.filter(state="unknown", wake_at__lte=now).exclude(active)
    silent = silent.filter(Q(state_at__lt=now - outcomes.KNOWN_WITHIN) | gone)
    count = 0
    for post in silent.select_related("workspace"):
        where = {"wake_at": post.wake_at, "lease_token": post.lease_token}
        fields = freed(wake_at=None, error=doubt("not_asked"))
        with suppress(TransitionRefused), unit_of_work():  # a worker has just begun to look
            advance(post, "ask", actor=SYSTEM, where=where, fields=fields, data={"error": fields["error"]})
            close_lost(post)
            count += 1
    return count


def _may_call(post: Post, platform: Platform) -> bool:
    """A look and a resend are calls like any other: none while the account is held, paused or out of calls."""
    account, now = post.account, database_now()
    if account.state != account.State.ACTIVE or post.workspace.paused_at:
        return False  # it is looked at again when publishing goes on
    until = account.hold_until if account.hold_until and account.hold_until > now else None
    until = until or budgets.take(account.pk, platform.limits, now)
    if until is None:
        return True
    same = Post._base_manager.filter(pk=post.pk, state="unknown", wake_at=post.wake_at)
    same.update(wake_at=until, sent_at=None)
    wake_dispatcher()
    return False


def _resend(lease: Lease) -> str:
    """Class A: the same key again. Only while the platform remembers it, and only what is still approved."""
    post, platform = lease.post, lease.platform
    # The key has to be known still when the call arrives, which may be at the end of its timeout.
    known = timedelta(seconds=platform.key_seconds - platform.timeout) if platform.key_seconds else timedelta.max
    if database_now() - _first_sent_at(post) > known:
        return outcomes.ask(lease, problem("key_forgotten"), Attempt.Outcome.WITHDRAWN)
    post.item.refresh_from_db(fields=["approved_revision"])
    if post.item.approved_revision_id != post.revision_id:
        return outcomes.ask(lease, problem("changed_meanwhile"), Attempt.Outcome.WITHDRAWN)
    result = platform.publish(request_for(post, platform), LeaseReport(lease))
    return outcomes.published(lease, result)


def _first_sent_at(post: Post) -> datetime:
    """When the key may have been used first; a call that certainly failed left no post behind it."""
    calls = Attempt._base_manager.filter(post=post, intent_at__isnull=False)
    certain = (Attempt.Outcome.FAILED, Attempt.Outcome.WITHDRAWN)
    return calls.exclude(outcome__in=certain).order_by("number").values_list("intent_at", flat=True)[0]


def _look(lease: Lease) -> str:
    post, platform = lease.post, lease.platform
    outcome = platform.reconcile(request_for(post, platform), post.handle)
    failpoint("uploads.after_look")
    match outcome:
        case Found(result):
            return outcomes.published(lease, result)
        case StillUnknown(reason):
            return outcomes.still_unknown(lease, _said(reason), Attempt.Outcome.UNKNOWN)
        case NotFound():
            return _absent(lease)
    raise TypeError(f"{platform.slug} answered {outcome!r}")


def _said(reason: str) -> AdapterError:
    return problem("outcome_unknown", reason=reason)


def _absent(lease: Lease) -> str:
    """A handle's word is final; a search may only be slow to show the post."""
    looked = lease.post.lookups + 1
    if lease.platform.capability == Capability.LOOKUP and looked < lease.platform.lookups:
        wait = timedelta(seconds=lease.platform.lookup_seconds)
        return outcomes.still_unknown(lease, None, Attempt.Outcome.NOT_THERE, wait, lookups=looked)
    return outcomes.try_later(lease, problem("not_there"), Attempt.Outcome.NOT_THERE)


def _no_answer(lease: Lease, error: DomainError) -> str:
    """This call failed, which says nothing about the first one."""
    permanent = not isinstance(error, AdapterError) or error.permanent
    if permanent:
        return outcomes.ask(lease, error, Attempt.Outcome.FAILED)
    wait = timedelta(seconds=error.retry_after) if error.retry_after else None
    if isinstance(error, RateLimited) and wait:
        outcomes.hold_account(lease.post.account_id, database_now() + wait)
    return outcomes.still_unknown(lease, error, Attempt.Outcome.UNKNOWN, wait)
