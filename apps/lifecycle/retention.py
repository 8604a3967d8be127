"""How long the event log and its helpers are kept."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django_scopes import scope

from apps.common.transactions import unit_of_work
from apps.lifecycle.answers import KEPT
from apps.lifecycle.models import Event, EventHead, LiveTicket, StoredAnswer
from apps.workspaces.models import Workspace

EVENTS_KEPT = timedelta(days=90)
# However old they are: what a page needs to show the last steps of its item.
EVENTS_AT_LEAST = 1000


def clean() -> dict[str, int]:
    """Drop what is older than its time in every workspace; returns how many rows of each kind."""
    now, found = timezone.now(), {"events": 0, "tickets": 0, "answers": 0}
    for workspace in Workspace.objects.all():
        found["events"] += prune_events(workspace, keep_after=now - EVENTS_KEPT, keep_at_least=EVENTS_AT_LEAST)
        with scope(workspace=workspace):
            found["tickets"] += LiveTicket.objects.filter(expires_at__lt=now).delete()[0]
            found["answers"] += StoredAnswer.objects.filter(created_at__lt=now - KEPT).delete()[0]
    return found


def prune_events(workspace: Workspace, *, keep_after: datetime, keep_at_least: int) -> int:
    """Drop the oldest events; the kept ones stay gapless, and the head says where they begin. Returns how many."""
    head = EventHead.objects.filter(workspace=workspace).first()
    if head is None:
        return 0
    with scope(workspace=workspace):
        newer = Event.objects.filter(at__gte=keep_after).order_by("seq").values_list("seq", flat=True).first()
        oldest = min(newer or head.seq + 1, head.seq + 1 - keep_at_least)
        if oldest <= head.oldest:
            return 0
        with unit_of_work():
            # The head first: a reader may be told too early that an event is gone, but never too late.
            EventHead.objects.filter(workspace=workspace).update(oldest=Greatest(F("oldest"), Value(oldest)))
            return Event.objects.filter(seq__lt=oldest).delete()[0]


def begin_anew(workspace: Workspace) -> None:
    """Give the log another epoch, after a backup was restored: watchers must not go on from the numbers they know."""
    EventHead.objects.filter(workspace=workspace).update(epoch=uuid.uuid4())
