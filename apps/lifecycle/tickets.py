"""One-use tickets, for clients that cannot send a session cookie with a WebSocket."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone
from django_scopes import scope

from apps.lifecycle.models import LiveTicket
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

LIFETIME = timedelta(seconds=60)
PROTOCOL = "rundown.v1"
PREFIX = "ticket."


def issue(*, workspace: Workspace, actor: Actor) -> tuple[str, LiveTicket]:
    """A key that opens one WebSocket on the workspace within a minute; only its hash is kept. Raises NotAllowed."""
    actor.require("view_content", workspace)
    key = secrets.token_urlsafe(32)
    with scope(workspace=workspace):
        ticket = LiveTicket.objects.create(
            workspace=workspace,
            user=actor.user,
            token_id=actor.token,
            key_hash=_digest(key),
            expires_at=timezone.now() + LIFETIME,
        )
    return key, ticket


def claim(workspace: Workspace, key: str) -> LiveTicket | None:
    """The ticket; None when it is unknown, of another workspace, too old, or used. It is used up by this."""
    with scope(workspace=workspace):
        tickets = LiveTicket.objects.filter(key_hash=_digest(key))
        now = timezone.now()
        # The condition stands in the UPDATE: of two sockets that come at once, one changes the row.
        if not tickets.filter(used_at=None, expires_at__gt=now).update(used_at=now):
            return None
        return tickets.select_related("user").get()


def ticket_in(subprotocols: list[str]) -> str | None:
    """The key among the subprotocols that a client offers; None when there is none."""
    return next((each.removeprefix(PREFIX) for each in subprotocols if each.startswith(PREFIX)), None)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
