"""What follows what in the life of a clip, up to its place on the schedule."""

from __future__ import annotations

from typing import Any

import structlog
from django.db.models import QuerySet
from django.dispatch import receiver

from apps.clips.models import Clip
from apps.clips.services import fail_clip
from apps.clips.services.options import accounts_of, settings_of
from apps.common.errors import Conflict, Invalid
from apps.content.models import Item
from apps.lifecycle.handlers import handles
from apps.lifecycle.models import Run
from apps.lifecycle.runs import start_run
from apps.lifecycle.services import TransitionRefused
from apps.lifecycle.signals import advanced
from apps.platforms.models import Account
from apps.schedules.intake import note_unscheduled, schedule_ready_item, use_reservations
from apps.schedules.models import Post
from apps.schedules.services import schedule_item
from apps.workspaces.actors import SYSTEM
from apps.workspaces.audit import describe

log = structlog.get_logger(__name__)
OPEN = ("queued", "running")
UNDER_WAY = frozenset({"waiting", "probing", "transcribing", "describing"})


def _without_open_run(clips: QuerySet[Clip]) -> QuerySet[Clip]:
    open_runs = Run._base_manager.filter(kind="clip", subject__startswith="clips.clip:", state__in=OPEN)
    return clips.exclude(pk__in=[int(name.rpartition(":")[2]) for name in open_runs.values_list("subject", flat=True)])


@handles("clip", "waiting", pending=_without_open_run)
def prepare(clip: Clip) -> None:
    start_run(workspace=clip.workspace, kind="clip", subject=clip, queue="media")


@handles("clip", "probing", pending=_without_open_run)
@handles("clip", "transcribing", pending=_without_open_run)
@handles("clip", "describing", pending=_without_open_run)
def settle_clip(clip: Clip) -> None:
    """A clip whose work has ended without taking it to an end says what the work said."""
    run = Run._base_manager.filter(kind="clip", subject=describe(clip)).order_by("-created_at").first()
    if run is not None and run.state not in OPEN:
        fail_clip(clip=clip, run=run)


@receiver(advanced, sender=Run, dispatch_uid="pipeline.clip_run_ended")
def on_run_ended(instance: Run, target: str, **_: Any) -> None:
    """At once, where the sweeper would come by in half a minute."""
    if instance.kind != "clip" or target not in ("failed", "cancelled"):
        return
    pk = instance.subject.rpartition(":")[2]
    clip = Clip._base_manager.select_related("workspace", "item").filter(pk=pk).first()
    if clip is not None and clip.state in UNDER_WAY:
        try:
            fail_clip(clip=clip, run=instance)
        except TransitionRefused:
            log.info("overtaken", clip=clip.pk)


def schedule_clip(item: Item) -> list[Post]:
    """A ready clip goes into the next free slot of the accounts that the workspace chose for clips.

    Where it chose none, accounts take it as they take every item.
    """
    return schedule_on(item, accounts_of(settings_of(item.workspace)))


def schedule_on(item: Item, accounts: list[Account]) -> list[Post]:
    """Into the next free slot of each of these accounts; without any, where accounts take items by themselves."""
    if not accounts:
        return schedule_ready_item(item=item)
    posts, reserved = use_reservations(item=item)
    had = set(Post._base_manager.filter(item=item, revision=item.approved_revision).values_list("account", flat=True))
    for account in accounts:
        if account.pk in had | reserved:
            continue  # a person who cancelled it there meant it
        try:
            posts += schedule_item(item=item, account=account, actor=SYSTEM, soonest=True)
        except (Conflict, Invalid) as error:
            log.info("clip_not_scheduled", item=item.pk, account=account.pk, reason=str(error))
            note_unscheduled(item=item, account=account, reason=error.message)
    return posts
