"""Putting items on the schedule and changing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.clips.services import announce_scheduled
from apps.common.clock import database_now
from apps.common.errors import Conflict, Invalid, TooLate
from apps.common.transactions import unit_of_work
from apps.content.models import Item, Variant
from apps.content.services import make_variants
from apps.lifecycle.events import emit
from apps.lifecycle.services import TransitionRefused, advance
from apps.platforms.models import Account
from apps.schedules import concerns
from apps.schedules.booking import catch_up_gap, earliest, next_free_slot, require_time
from apps.schedules.concerns import Concern
from apps.schedules.drafts import problems_of
from apps.schedules.machine import OPEN, SCHEDULABLE, UNDER_WAY
from apps.schedules.models import Post, Recurrence
from apps.schedules.parts import wake_next_parts
from apps.schedules.wake import wake_dispatcher
from apps.workspaces import audit
from apps.workspaces.actors import SYSTEM, Actor

_RACES = 20
# What a post that is over keeps nothing of.
CLEARED: dict[str, Any] = {"wake_at": None, "sent_at": None, "lease_token": None, "lease_until": None}


# --- Scheduling -------------------------------------------------------------------------------------------------------
def schedule_item(
    *,
    item: Item,
    account: Account,
    actor: Actor,
    at: datetime | None = None,
    spacing: timedelta | None = None,
    force: bool = False,
    soonest: bool = False,
) -> list[Post]:
    """One post for each part of the item's approved revision that has none on the account yet, in the order of parts.

    at: when the first is due, the others following by `spacing` (the account's minimum gap); None takes the next free
    slots. soonest: not at that very time, but as soon after it as the account's rules allow. force: a person wants it
    although something speaks against it, and at that very time if there is one.

    Raises Conflict for an item that is not ready, Doubtful for what needs `force`, Invalid for one that does not fit.
    """
    actor.require("publish_content", item.workspace)
    with unit_of_work():
        plan = _plan(item, account, actor, force=force)
        if at is not None:
            require_time(plan.account, at)
        variants = plan.variants()
        texts = concerns.of_content(plan.account, plan.item, variants, actor=actor)
        gap = timedelta(minutes=plan.account.minimum_gap) if spacing is None else spacing
        if at is None or soonest:
            concerns.check(texts, actor=actor, force=force)
            posts = plan.book(variants) if at is None else plan.place(variants, at, gap)
        else:
            found = plan.collisions([at + index * gap for index in range(len(variants))], together=spacing is None)
            concerns.check(texts + found, actor=actor, force=force)
            posts = plan.put(variants, at, gap, forced_by=actor.label if force or plan.is_denser(variants, gap) else "")
        plan.settle()
    return posts


def repeat_item(
    *, item: Item, account: Account, at: datetime, repeat: str, slot: int | None = None, in_quiet_hours: bool = False
) -> list[Post]:
    """The whole item once more, for a rule that a person made. repeat: the name of this turn, which happens once.

    Raises IntegrityError when the turn, or the slot, has been taken meanwhile; Doubtful for a time that is not free.
    """
    with unit_of_work():
        plan = _plan(item, account, SYSTEM, repeat=repeat)
        variants = plan.variants()
        found = [
            each for each in concerns.of_times(plan.account, [at]) if not (in_quiet_hours and each.code == "quiet")
        ]
        concerns.check(found, actor=SYSTEM, force=False)
        gap = timedelta(minutes=plan.account.minimum_gap)
        posts = plan.put(variants[:1], at, gap, slot_id=slot, in_quiet_hours=in_quiet_hours)
        posts += plan.place(variants[1:], at + gap, gap)
        plan.settle()
    return posts


def _plan(item: Item, account: Account, actor: Actor, *, force: bool = False, repeat: str = "") -> _Plan:
    # Account before item before post, everywhere: one order of locks.
    account = Account._base_manager.select_for_update(of=("self",)).select_related("workspace").get(pk=account.pk)
    item = lock_item(item.pk)
    _check_schedulable(item, account)
    return _Plan(item, account, actor, force, repeat)


@dataclass
class _Plan:
    """One item going onto one account, both locked."""

    item: Item
    account: Account
    actor: Actor
    force: bool
    repeat: str

    def variants(self) -> list[Variant]:
        """Those without a post; all of them where a person, or a rule that a person made, repeats the whole."""
        variants = make_variants(revision=self.item.approved_revision, platform=self.account.platform)
        for variant in variants:
            variant.revision = self.item.approved_revision
        if not self.repeat:
            variants = self._unscheduled(variants)
        _check_fit(variants, self.item, self.account)
        return variants

    def _unscheduled(self, variants: list[Variant]) -> list[Variant]:
        posts = Post._base_manager.filter(account=self.account, revision=self.item.approved_revision)
        has = set(posts.exclude(state="cancelled").values_list("variant_id", flat=True))
        left = [variant for variant in variants if variant.pk not in has]
        if left:
            return left
        concerns.check(concerns.of_item(self.account, self.item), actor=self.actor, force=self.force)
        again = Post._base_manager.filter(account=self.account, item=self.item, repeat__startswith="again:")
        # Two people who ask for it at once ask for the same repetition, and one of them is told so.
        self.repeat = f"again:{again.values('repeat').distinct().count() + 1}"
        return variants

    def collisions(self, times: list[datetime], *, together: bool) -> list[Concern]:
        """What the parts at those times come too near to. together: to each other as well."""
        groups = [times] if together else [[at] for at in times]
        found = [each for group in groups for each in concerns.of_times(self.account, group)]
        if not self.actor.is_system:
            found += concerns.of_minute(self.account, self.item, times[0])
        return found

    def is_denser(self, variants: list[Variant], gap: timedelta) -> bool:
        """Whoever names a spacing below the account's gap has decided how near the parts come to each other."""
        return len(variants) > 1 and gap < timedelta(minutes=self.account.minimum_gap)

    def book(self, variants: list[Variant]) -> list[Post]:
        posts: list[Post] = []
        for variant in variants:
            posts.append(self._take_slot(variant, posts[-1].due_at if posts else database_now()))
        return posts

    def _take_slot(self, variant: Variant, after: datetime) -> Post:
        for _race in range(_RACES):
            place = next_free_slot(self.account, after=after)
            try:
                with transaction.atomic():
                    return self.add(variant, due_at=place.at, slot_id=place.slot_id)
            except IntegrityError:
                after = place.at  # somebody was faster
        raise Conflict(_("The slots are being taken faster than they can be found."), hint=_("Try again."))

    def place(self, variants: list[Variant], at: datetime, gap: timedelta) -> list[Post]:
        posts: list[Post] = []
        for variant in variants:
            moment = earliest(self.account, at=posts[-1].due_at + gap if posts else at)
            posts.append(self.add(variant, due_at=moment))
        return posts

    def put(self, variants: list[Variant], at: datetime, gap: timedelta, **fields: Any) -> list[Post]:
        return [self.add(variant, due_at=at + index * gap, **fields) for index, variant in enumerate(variants)]

    def settle(self) -> None:
        if self.item.state == "ready":
            advance(self.item, "schedule", actor=self.actor)
        wake_dispatcher()

    def add(self, variant: Variant, **fields: Any) -> Post:
        post = Post(
            workspace=self.item.workspace,
            item=self.item,
            revision=self.item.approved_revision,
            variant=variant,
            account=self.account,
            part=variant.part,
            repeat=self.repeat,
            fingerprint=concerns.print_of(variant),
            wake_at=fields["due_at"],
            scheduled_by=self.actor.label,
            **fields,
        )
        with unit_of_work():
            post.save()
            told = {**_times(post), **_forced(self.force)}
            data = {"action": "schedule", "from": None, "to": post.state, "by": self.actor.label, **told}
            emit(workspace=post.workspace, type="post.state", subject=post, data=data)
            announce_scheduled(item=self.item, post=post, account=self.account, due_at=post.due_at)
            audit.record(workspace=post.workspace, actor=self.actor, action="post.schedule", target=post, data=told)
        return post


def _check_schedulable(item: Item, account: Account) -> None:
    if account.workspace_id != item.workspace_id:
        raise Invalid(_("That account belongs to another workspace."))
    require_connected(account)
    if item.state not in SCHEDULABLE:
        raise Conflict(
            _("Only what is ready can be scheduled; this is: %(state)s.") % {"state": item.get_state_display()},
            hint=_("Approve it and let production finish first."),
        )


def require_connected(account: Account) -> None:
    """Raises Conflict for an account on which nothing goes out any more."""
    if not account.is_connected:
        raise Conflict(_("“%(account)s” is disconnected.") % {"account": account.name}, hint=_("Connect it again."))


def _check_fit(variants: list[Variant], item: Item, account: Account) -> None:
    problems: dict[str, list[str]] = {}
    for variant in variants:
        for problem in problems_of(variant, item, account):
            said = _("Part %(part)s: %(message)s") % {"part": variant.part, "message": problem.message}
            problems.setdefault(problem.field, []).append(said if len(variants) > 1 else str(problem.message))
    if problems:
        raise Invalid(_("This does not fit “%(account)s”.") % {"account": account.name}, **problems)


def _forced(force: bool) -> dict[str, Any]:
    return {"forced": True} if force else {}


def _times(post: Post) -> dict[str, Any]:
    return {"due_at": post.due_at.isoformat(), "account": post.account_id, "item": post.item_id, "part": post.part}


# --- Changing ---------------------------------------------------------------------------------------------------------
def reschedule(*, post: Post, at: datetime, actor: Actor, force: bool = False) -> Post:
    """Move a post to another time; a missed or refused one, or one that waits for a decision, is sent again then.

    Raises TooLate once the call to the platform has begun, Doubtful for a time that needs `force`.
    """
    actor.require("publish_content", post.workspace)
    with unit_of_work():
        account = _lock_account(post)
        post.refresh_from_db(fields=["state"], from_queryset=Post._base_manager.all())
        if post.state != "scheduled" and not post.needs_person:
            raise _too_late(post)
        require_time(account, at)
        found = concerns.of_times(account, [at], ignore=post.pk) + concerns.of_minute(account, post.item, at)
        concerns.check(found, actor=actor, force=force)
        _move(post, at, actor, force=force)
    return post


def _lock_account(post: Post) -> Account:
    """The account's row, so that nobody disconnects it meanwhile; raises Conflict when somebody has."""
    account = Account._base_manager.select_for_update().get(pk=post.account_id)
    require_connected(account)
    return account


def _move(post: Post, at: datetime, actor: Actor, *, force: bool = False) -> None:
    fields = {
        "due_at": at,
        "not_before": None,
        "waiting_for": "",
        "wake_at": at,
        "sent_at": None,
        "slot": None,
        "tries": 0,
        "lookups": 0,
        "in_quiet_hours": False,
        "forced_by": actor.label if force else "",
    }
    data = {"due_at": at.isoformat(), **_forced(force)}
    if post.needs_person:
        advance(post, "retry", actor=actor, fields={**fields, "error": None}, data=data)
    else:
        if not Post._base_manager.filter(pk=post.pk, state="scheduled").update(**fields):
            raise _too_late(post)
        for name, value in fields.items():
            setattr(post, name, value)
        data["by"] = actor.label
        emit(workspace=post.workspace, type="post.rescheduled", subject=post, data=data)
        audit.record(workspace=post.workspace, actor=actor, action="post.reschedule", target=post, data=data)
    wake_dispatcher()


def post_now(*, post: Post, actor: Actor, force: bool = False) -> Post:
    """Due this moment; approval, order of parts and pauses still hold, and what the platform asks for.

    The account's quiet hours, gap and daily limit hold too, unless it is forced.
    """
    return reschedule(post=post, at=database_now(), actor=actor, force=force)


def send_again(*, post: Post, actor: Actor, among_others: bool = False) -> Post:
    """Send a missed or refused post as soon as the account's rules allow.

    among_others: it is one of several that a person sends at once, which must not go out at once.
    """
    actor.require("publish_content", post.workspace)
    with unit_of_work():
        account = _lock_account(post)
        post.refresh_from_db(fields=["state"], from_queryset=Post._base_manager.all())
        if not post.needs_person:
            raise _too_late(post)
        gap = catch_up_gap(account) if among_others else None
        _move(post, earliest(account, at=database_now(), gap=gap), actor)
    return post


def restore_post(*, post: Post, actor: Actor) -> Post:
    """Undo a cancellation while the post's time is still to come and its place and its text are as they were."""
    actor.require("publish_content", post.workspace)
    if post.due_at <= database_now():
        raise TooLate(_("Its time has passed."), hint=_("Schedule the item anew."))
    try:
        with unit_of_work():
            _lock_account(post)
            item = lock_item(post.item_id)
            if item.approved_revision_id != post.revision_id or item.state not in SCHEDULABLE:
                raise Conflict(_("The item has changed since."), hint=_("Schedule its new version."))
            with transaction.atomic():
                advance(post, "restore", actor=actor, fields={"wake_at": post.due_at, "error": None})
            if item.state == "ready":
                advance(item, "schedule", actor=actor)
            wake_dispatcher()
    except IntegrityError as error:
        raise Conflict(_("Its place is taken by now."), hint=_("Schedule the item at another time.")) from error
    return post


def cancel_post(*, post: Post, actor: Actor) -> Post:
    """Take a post off the schedule; later parts go on. Raises TooLate once the call to the platform has begun."""
    actor.require("publish_content", post.workspace)
    with unit_of_work():
        item = lock_item(post.item_id)
        try:
            advance(post, "cancel", actor=actor, fields=CLEARED)
        except TransitionRefused as refusal:
            raise _too_late(post) from refusal
        wake_next_parts(post)
        settle_item(item)
        wake_dispatcher()
    return post


def cancel_posts_of(*, item: Item, actor: Actor = SYSTEM) -> int:
    """Cancel what has not begun of an item's posts, after an edit or a rejection; returns how many."""
    count = 0
    for post in Post._base_manager.filter(item=item, state__in=OPEN).exclude(state__in=UNDER_WAY):
        try:
            cancel_post(post=post, actor=actor)
            # The next approved version may take this turn of a recurrence; a turn that a person cancelled stays so.
            Post._base_manager.filter(pk=post.pk, state="cancelled").update(repeat="")
            count += 1
        except TooLate:
            continue  # the call began meanwhile; its result is kept as what it is
    # Rules that had booked all of their turns have to book them once more; those that a person stopped stay so.
    Recurrence._base_manager.filter(item=item, filled_until__isnull=False).update(filled_until=None, active=True)
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
    """Posts that are later than their account's grace become `missed`, for a person to send or drop.

    Those that a person paused wait, and are judged when that person lets them go on.
    """
    count = 0
    late = Post._base_manager.filter(state="scheduled", wake_at__lt=now, workspace__paused_at=None)
    accounts = Account._base_manager.filter(pk__in=late.order_by().values("account"))
    accounts = accounts.exclude(state=Account.State.PAUSED)
    for account in accounts:
        overdue = late.filter(account=account, wake_at__lt=now - timedelta(minutes=account.catch_up))
        for post in overdue.select_related("workspace"):
            count += miss_post(post=post)
    return count


def miss_post(*, post: Post) -> bool:
    """Whether this call marked the post; somebody may have claimed or moved it meanwhile."""
    data = {"due_at": post.due_at.isoformat()}
    try:
        advance(post, "miss", actor=SYSTEM, fields=CLEARED, where={"wake_at": post.wake_at}, data=data)
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
    """An item whose posts are all out is published; one whose posts were all cancelled is ready again.

    Repetitions to come do not hold it back: an item that recurs for ever is published when it first was.
    """
    if item.state != "scheduled":
        return
    posts = Post._base_manager.filter(item=item, revision=item.approved_revision_id)
    still_open = posts.filter(state__in=OPEN)
    if still_open.filter(repeat="").exists():
        return
    if posts.filter(state="published").exists():
        advance(item, "publish", actor=SYSTEM)
    elif not still_open.exists():
        advance(item, "unschedule", actor=SYSTEM)
