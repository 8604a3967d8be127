"""Writing the event log: one gapless, commit-ordered sequence a workspace."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from apps.common.patience import BROKER
from apps.common.transactions import note
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
    note(append, _Note(workspace_id, type, timezone.now(), name, data))


def append(notes: list[_Note]) -> None:
    """Number and write the notes; the counter's row lock is held from here to commit."""
    ordered = sorted(notes, key=lambda note: note.workspace_id)
    for workspace_id, group in groupby(ordered, key=lambda note: note.workspace_id):
        last = _write(workspace_id, list(group))
        transaction.on_commit(
            lambda workspace_id=workspace_id, last=last: wake_watchers(workspace_id, last), robust=True
        )


def _write(workspace_id: int, batch: list[_Note]) -> int:
    """Take numbers and insert the events; returns the last number.

    Every other writer of the workspace waits meanwhile, so both statements are written out and their values prepared
    before the first is sent: building them with the ORM takes longer than carrying them out.
    """
    values = [_prepared(note) for note in batch]
    marks = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(batch))
    epoch = EventHead._meta.get_field("epoch").get_db_prep_save(uuid.uuid4(), connection)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [workspace_id, len(batch), epoch])
        last: int = cursor.fetchone()[0]
        first = last - len(batch) + 1
        cursor.execute(_INSERT + marks, [part for seq, row in enumerate(values, first) for part in (seq, *row)])
    return last


_HEAD, _EVENT = EventHead._meta.db_table, Event._meta.db_table
_COLUMNS = ("workspace_id", "type", "at", "subject", "data")
_TAKE = (
    f"INSERT INTO {_HEAD} (workspace_id, seq, oldest, epoch) VALUES (%s, %s, 1, %s) "  # noqa: S608  names of our tables
    f"ON CONFLICT (workspace_id) DO UPDATE SET seq = {_HEAD}.seq + excluded.seq RETURNING seq"
)
_INSERT = f"INSERT INTO {_EVENT} (seq, {', '.join(_COLUMNS)}) VALUES "  # noqa: S608


def _prepared(note: _Note) -> list[Any]:
    fields = (Event._meta.get_field(name.removesuffix("_id")) for name in _COLUMNS)
    return [
        field.get_db_prep_save(getattr(note, name), connection) for field, name in zip(fields, _COLUMNS, strict=True)
    ]


def group_name(workspace_id: int) -> str:
    return f"workspace.{workspace_id}"


def wake_watchers(workspace_id: int, seq: int) -> None:
    """Tell the hubs that there is something to read. A lost message costs a second: hubs also poll."""
    if BROKER.is_resting:
        return
    message = get_channel_layer().serialize({"type": "events.appended", "seq": seq})
    try:
        with BROKER.asked():
            _publisher().publish(_topic(group_name(workspace_id)), message)
    except RedisError as error:
        log.warning("watchers_not_woken", workspace=workspace_id, reason=str(error))


def _topic(group: str) -> str:
    """The channel layer's own name for a group.

    Its group_send() is a coroutine, and running one here for every commit would cost an event loop and a connection
    each time, which is most of the time that an event takes.
    """
    return f"{settings.CHANNEL_LAYERS['default']['CONFIG']['prefix']}__group__{group}"


@cache
def _publisher() -> Redis:
    # Its pool gives every thread, and every process after a fork, a connection of its own.
    return Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
