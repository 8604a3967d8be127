"""Writing the event log: one gapless, commit-ordered sequence a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from redis.exceptions import RedisError

from apps.common.transactions import before_commit, unit_of_work
from apps.lifecycle.models import Event, EventHead
from apps.workspaces.audit import describe
from apps.workspaces.models import Workspace

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Note:
    workspace_id: int
    type: str
    at: datetime
    subject: str
    data: dict[str, Any]


def emit(*, workspace: Workspace | int, type: str, subject: models.Model | str, data: dict[str, Any]) -> None:
    """Append an event; it gets its number at the very end of the current unit of work (or of its own)."""
    workspace_id = workspace if isinstance(workspace, int) else workspace.pk
    name = subject if isinstance(subject, str) else describe(subject)
    with unit_of_work():
        before_commit(append, _Note(workspace_id, type, timezone.now(), name, data))


def append(notes: list[_Note]) -> None:
    """Number and write the notes; the counter's row lock is held from here to commit."""
    ordered = sorted(notes, key=lambda note: note.workspace_id)
    for workspace_id, group in groupby(ordered, key=lambda note: note.workspace_id):
        batch = list(group)
        last = _take_numbers(workspace_id, len(batch))
        Event._base_manager.bulk_create(
            Event(
                workspace_id=workspace_id,
                seq=last - len(batch) + 1 + index,
                type=note.type,
                at=note.at,
                subject=note.subject,
                data=note.data,
            )
            for index, note in enumerate(batch)
        )
        transaction.on_commit(
            lambda workspace_id=workspace_id, last=last: wake_watchers(workspace_id, last), robust=True
        )


def _take_numbers(workspace_id: int, count: int) -> int:
    """The last of `count` numbers taken from the workspace's counter."""
    head = EventHead.objects.filter(workspace_id=workspace_id)
    if not head.update(seq=F("seq") + count):
        EventHead.objects.get_or_create(workspace_id=workspace_id)
        head.update(seq=F("seq") + count)
    return head.values_list("seq", flat=True).get()


def group_name(workspace_id: int) -> str:
    return f"workspace.{workspace_id}"


def wake_watchers(workspace_id: int, seq: int) -> None:
    """Tell the hubs that there is something to read. A lost message costs a second: hubs also poll."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group_name(workspace_id), {"type": "events.appended", "seq": seq})
    except (OSError, RedisError) as error:
        log.warning("watchers_not_woken", workspace=workspace_id, reason=str(error))
