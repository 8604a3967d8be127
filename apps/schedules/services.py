"""Putting items on the schedule and changing it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import Conflict, Invalid, TooLate
from apps.common.transactions import unit_of_work
from apps.content.models import Item, Variant
from apps.content.services import make_variants
from apps.lifecycle.events import emit
from apps.lifecycle.services import TransitionRefused, advance
from apps.platforms.models import Account
from apps.schedules.booking import next_free_slot
from apps.schedules.drafts import problems_of
from apps.schedules.machine import OPEN, UNDER_WAY
from apps.schedules.models import Post, Slot
from apps.schedules.wake import wake_dispatcher
from apps.workspaces import audit
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import Workspace

log = structlog.get_logger(__name__)
_RACES = 20
DEFAULT_TIMES = (time(9), time(12, 30), time(18))
# What a post that is over keeps nothing of.
CLEARED: dict[str, Any] = {"wake_at": None, "sent_at": None, "lease_token": None, "lease_until": None}


# --- Scheduling -------------------------------------------------------------------------------------------------------
def schedule_item(
    *, item: Item, account: Account, actor: Actor, at: datetime | None = None, spacing: timedelta | None = None
) -> list[Post]:
    """One post for each part of the item's approved revision that has none on the account yet, in the order of parts.

    at: when the first is due, the others following by `spacing` (the account's minimum gap); None takes the next free
    slots. Raises Conflict for an item that is not ready or stands there already, Invalid for one that does not fit.
    """
    actor.require("publish_content", item.workspace)
    with unit_of_work():
        # Account before item before post, everywhere: one order of locks.
        account = Account._base_manager.select_for_update(of=("self",)).select_related("workspace").get(pk=account.pk)
        item = (
            Item._base_manager.select_for_update(of=("self",))
            .select_related("workspace", "approved_revision")
            .get(pk=item.pk)
        )
        _check_schedulable(item, account)
        variants = _unscheduled(item, account)
        _check_fit(variants, item, account)
        gap = timedelta(minutes=account.minimum_gap) if spacing is None else spacing
        posts: list[Post] = []
        for index, variant in enumerate(variants):
            if at is None:
                posts.append(_book(item, variant, account, actor, after=posts[-1].due_at if posts else None))
            else:
                posts.append(_add(item, variant, account, actor, due_at=at + index * gap))
        if item.state == "ready":
            advance(item, "schedule", actor=actor)
        wake_dispatcher()
    return posts


def schedule_ready_item(*, item: Item) -> list[Post]:
    """Schedule a ready item where accounts take items by themselves.

    An account that ever had a post of this revision is left alone: a person who cancelled it meant it.
    """
    posts: list[Post] = []
    accounts = Account._base_manager.filter(workspace=item.workspace).exclude(intake=Account.Intake.BY_HAND)
    had = Post._base_manager.filter(item=item, revision=item.approved_revision).values("account")
    for account in accounts.exclude(pk__in=had):
        at = database_now() if account.intake == Account.Intake.AT_ONCE else None
        try:
            posts += schedule_item(item=item, account=account, actor=SYSTEM, at=at)
        except (Conflict, Invalid) as error:
            log.info("not_scheduled", item=item.pk, account=account.pk, reason=str(error), **error.details)
    return posts


def _check_schedulable(item: Item, account: Account) -> None:
    if account.workspace_id != item.workspace_id:
        raise Invalid(_("That account belongs to another workspace."))
    if item.state not in ("ready", "scheduled", "published"):
        raise Conflict(
            _("Only what is ready can be scheduled; this is: %(state)s.") % {"state": item.get_state_display()},
            hint=_("Approve it and let production finish first."),
        )


def _unscheduled(item: Item, account: Account) -> list[Variant]:
    has = set(
        Post._base_manager.filter(account=account, revision=item.approved_revision)
        .exclude(state="cancelled")
        .values_list("variant_id", flat=True)
    )
    variants = make_variants(revision=item.approved_revision, platform=account.platform)
    left = [variant for variant in variants if variant.pk not in has]
    if not left:
        raise Conflict(
            _("This is on the schedule of “%(account)s” already.") % {"account": account.name},
            hint=_("Change the time of its posts instead."),
        )
    return left


def _check_fit(variants: list[Variant], item: Item, account: Account) -> None:
    problems: dict[str, list[str]] = {}
    for variant in variants:
        for problem in problems_of(variant, item, account):
            said = _("Part %(part)s: %(message)s") % {"part": variant.part, "message": problem.message}
            problems.setdefault(problem.field, []).append(said if len(variants) > 1 else str(problem.message))
    if problems:
        raise Invalid(_("This does not fit “%(account)s”.") % {"account": account.name}, **problems)


def _book(item: Item, variant: Variant, account: Account, actor: Actor, *, after: datetime | None) -> Post:
    after = after or database_now()
    for _race in range(_RACES):
        place = next_free_slot(account, after=after)
        try:
            with transaction.atomic():
                return _add(item, variant, account, actor, due_at=place.at, slot_id=place.slot_id)
        except IntegrityError:
            after = place.at  # somebody was faster
    raise Conflict(_("The slots are being taken faster than they can be found."), hint=_("Try again."))


def _add(item: Item, variant: Variant, account: Account, actor: Actor, **times: Any) -> Post:
    post = Post(
        workspace=item.workspace,
        item=item,
        revision=item.approved_revision,
        variant=variant,
        account=account,
        part=variant.part,
        wake_at=times["due_at"],
        scheduled_by=actor.label,
        **times,
    )
    with unit_of_work():
        post.save()
        data = {"action": "schedule", "from": None, "to": post.state, "by": actor.label}
        emit(workspace=item.workspace, type="post.state", subject=post, data={**data, **_times(post)})
        audit.record(workspace=item.workspace, actor=actor, action="post.schedule", target=post, data={**_times(post)})
    return post


def _times(post: Post) -> dict[str, Any]:
    return {"due_at": post.due_at.isoformat(), "account": post.account_id, "item": post.item_id, "part": post.part}


# --- Changing ---------------------------------------------------------------------------------------------------------
def reschedule(*, post: Post, at: datetime, actor: Actor) -> Post:
    """Move a post to another time; a missed or refused one, or one that waits for a decision, is sent again then.

    Raises TooLate once the call to the platform has begun.
    """
    actor.require("publish_content", post.workspace)
    fields = {
        "due_at": at,
        "not_before": None,
        "waiting_for": "",
        "wake_at": at,
        "sent_at": None,
        "slot": None,
        "tries": 0,
        "lookups": 0,
    }
    with unit_of_work():
        post.refresh_from_db(fields=["state"], from_queryset=Post._base_manager.all())
        if post.needs_person:
            advance(post, "retry", actor=actor, fields={**fields, "error": None}, data={"due_at": at.isoformat()})
        else:
            if not Post._base_manager.filter(pk=post.pk, state="scheduled").update(**fields):
                raise _too_late(post)
            for name, value in fields.items():
                setattr(post, name, value)
            data = {"due_at": at.isoformat(), "by": actor.label}
            emit(workspace=post.workspace, type="post.rescheduled", subject=post, data=data)
            audit.record(workspace=post.workspace, actor=actor, action="post.reschedule", target=post, data=data)
        wake_dispatcher()
    return post


def post_now(*, post: Post, actor: Actor) -> Post:
    """Due this moment; everything else, such as approval, order of parts and pauses, still holds."""
    return reschedule(post=post, at=database_now(), actor=actor)


def cancel_post(*, post: Post, actor: Actor) -> Post:
    """Take a post off the schedule. Raises TooLate once the call to the platform has begun."""
    actor.require("publish_content", post.workspace)
    with unit_of_work():
        item = lock_item(post.item_id)
        try:
            advance(post, "cancel", actor=actor, fields=CLEARED)
        except TransitionRefused as refusal:
            raise _too_late(post) from refusal
        settle_item(item)
    return post


def cancel_posts_of(*, item: Item, actor: Actor = SYSTEM) -> int:
    """Cancel what has not begun of an item's posts, after an edit or a rejection; returns how many."""
    count = 0
    for post in Post._base_manager.filter(item=item, state__in=OPEN).exclude(state__in=UNDER_WAY):
        try:
            cancel_post(post=post, actor=actor)
            count += 1
        except TooLate:
            continue  # the call began meanwhile; its result is kept as what it is
    return count


def _too_late(post: Post) -> TooLate:
    post.refresh_from_db(fields=["state"], from_queryset=Post._base_manager.all())
    state = post.state
    if state in ("claimed", *UNDER_WAY):
        return TooLate(
            _("It is too late: the platform is being called."),
            hint=_("Wait for the result; delete the post on the platform if it must not stay."),
            state=state,
        )
    return TooLate(_("It is too late: this is %(state)s.") % {"state": post.get_state_display().lower()}, state=state)


def mark_missed(now: datetime) -> int:
    """Posts that are later than their account's grace become `missed`, for a person to send or drop."""
    count = 0
    late = Post._base_manager.filter(state="scheduled", wake_at__lt=now)
    accounts = Account._base_manager.filter(pk__in=late.order_by().values("account"))
    for account in accounts:
        overdue = late.filter(account=account, wake_at__lt=now - timedelta(minutes=account.catch_up))
        for post in overdue.select_related("workspace"):
            count += miss_post(post=post, now=now, grace=account.catch_up)
    return count


def miss_post(*, post: Post, now: datetime, grace: int) -> bool:
    """Whether this call marked the post; somebody may have claimed or moved it meanwhile."""
    where = {"wake_at__lt": now - timedelta(minutes=grace)}
    try:
        advance(post, "miss", actor=SYSTEM, fields=CLEARED, where=where, data={"due_at": post.due_at.isoformat()})
    except TransitionRefused:
        return False
    return True


# --- The item behind posts --------------------------------------------------------------------------------------------
def lock_item(item_id: int) -> Item:
    """Before any of its posts is written, so that all who do so come in one order."""
    return (
        Item._base_manager.select_for_update(of=("self",))
        .select_related("workspace", "approved_revision")
        .get(pk=item_id)
    )


def settle_item(item: Item) -> None:
    """An item whose posts are all out is published; one whose posts were all cancelled is ready again."""
    if item.state != "scheduled":
        return
    posts = Post._base_manager.filter(item=item, revision=item.approved_revision_id)
    if posts.filter(state__in=OPEN).exists():
        return
    action = "publish" if posts.filter(state="published").exists() else "unschedule"
    advance(item, action, actor=SYSTEM)


# --- Pausing ----------------------------------------------------------------------------------------------------------
def pause_workspace(*, workspace: Workspace, actor: Actor, reason: str = "") -> Workspace:
    """Nothing of the workspace goes out until it is resumed; a call already begun is not taken back."""
    return _pause(workspace, actor, database_now(), reason)


def resume_workspace(*, workspace: Workspace, actor: Actor) -> Workspace:
    return _pause(workspace, actor, None, "")


def _pause(workspace: Workspace, actor: Actor, since: datetime | None, reason: str) -> Workspace:
    actor.require("publish_content", workspace)
    with unit_of_work():
        changed = Workspace.objects.filter(pk=workspace.pk, paused_at__isnull=since is not None)
        if changed.update(paused_at=since):
            data = {"paused": since is not None, "reason": reason, "by": actor.label}
            audit.record(workspace=workspace, actor=actor, action="workspace.pause", target=workspace, data=data)
            emit(workspace=workspace, type="workspace.paused", subject=workspace, data=data)
            wake_dispatcher()
        workspace.paused_at = since
    return workspace


# --- Slots ------------------------------------------------------------------------------------------------------------
def add_default_slots(*, account: Account) -> list[Slot]:
    """Three a day, at times when people look: morning, noon, evening, in the account's zone."""
    slots = [
        Slot(workspace=account.workspace, account=account, weekday=day, time=wall, timezone=account.timezone)
        for day in range(7)
        for wall in DEFAULT_TIMES
    ]
    return Slot._base_manager.bulk_create(slots)
