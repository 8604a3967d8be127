"""Reading the event log and runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_scopes import scope

from apps.lifecycle.models import Event, EventHead, Run
from apps.workspaces.models import ApiToken, User, Workspace
from apps.workspaces.policy import may


@dataclass(frozen=True)
class Head:
    """The ends of a workspace's log. seq: the newest number; oldest: the first still kept; epoch: which log it is."""

    epoch: str
    seq: int
    oldest: int


@dataclass(frozen=True)
class Viewer:
    """Who watches, and by which session; session and its password hash are empty when a ticket opened the socket.

    token_id: the API token that asked for the ticket, if one did.
    """

    user_id: int
    session_key: str = ""
    password_hash: str = ""
    token_id: int | None = None


def head_of(workspace: Workspace) -> Head:
    head = EventHead.objects.filter(workspace=workspace).first()
    if head is None:
        head, _created = EventHead.objects.get_or_create(workspace=workspace)
    return Head(str(head.epoch), head.seq, head.oldest)


def frames_after(workspace: Workspace, seq: int, limit: int) -> list[tuple[int, str]]:
    """The events behind number `seq`, oldest first, each as (number, JSON text ready to send)."""
    with scope(workspace=workspace):
        rows = Event.objects.filter(seq__gt=seq).order_by("seq")[:limit]
        return [(row[0], frame(*row)) for row in rows.values_list("seq", "type", "at", "subject", "data")]


def frame(seq: int, type: str, at: datetime, subject: str, data: dict[str, Any]) -> str:
    said = {"seq": seq, "type": type, "at": at.isoformat(), "subject": subject, "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def still_allowed(workspace: Workspace, viewers: set[Viewer]) -> set[Viewer]:
    """Those of `viewers` who may still see the workspace's content, and whose session or token has not ended."""
    users = User.objects.filter(is_active=True).in_bulk({viewer.user_id for viewer in viewers})
    known = {pk for pk, user in users.items() if may(user, "view_content", workspace)}
    keys = {viewer.session_key for viewer in viewers if viewer.session_key}
    alive = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()).values_list(
            "session_key", flat=True
        )
    )
    with scope(workspace=workspace):
        tokens = ApiToken.objects.filter(pk__in={viewer.token_id for viewer in viewers if viewer.token_id})
        valid = {None, *(token.pk for token in tokens if token.is_valid)}
    return {
        viewer
        for viewer in viewers
        if viewer.user_id in known
        and viewer.token_id in valid
        and (not viewer.session_key or _is_alive(viewer, users[viewer.user_id], alive))
    }


def _is_alive(viewer: Viewer, user: User, alive: set[str]) -> bool:
    return viewer.session_key in alive and constant_time_compare(viewer.password_hash, user.get_session_auth_hash())


def viewer_of_session(user: User, session: Any) -> Viewer:
    return Viewer(user.pk, session.session_key, session.get(HASH_SESSION_KEY, ""))


def runs(*, state: str = "", kind: str = "", subject: str = "") -> QuerySet[Run]:
    """Runs of the workspace in scope, newest first; empty filters do not filter."""
    wanted = {"state": state, "kind": kind, "subject": subject}
    return Run.objects.filter(**{name: value for name, value in wanted.items() if value}).prefetch_related("steps")
