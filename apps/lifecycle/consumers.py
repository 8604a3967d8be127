"""The WebSocket `/ws/w/<workspace>/?last=<seq>`: hello, then the workspace's events without a gap.

A client may send {"type":"seen","seq":N} to be served at its own pace: from its first one on, at most WINDOW events are
under way at a time. It may send {"type":"ping"}, which is answered by {"type":"pong"}.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from apps.lifecycle import hub, tickets
from apps.lifecycle.queries import Viewer, viewer_of_session
from apps.workspaces.models import User, Workspace
from apps.workspaces.policy import may

log = structlog.get_logger(__name__)

WINDOW = 500
STALLED_SECONDS = 30.0

BAD_REQUEST = 4400
ANONYMOUS = 4401
NOT_FOUND = 4404
STALLED = 4408
TRY_AGAIN = 1013


class LiveConsumer(AsyncWebsocketConsumer):
    # The hub talks to the channel layer; a channel of each socket's own would only cost.
    channel_layer_alias = ""

    async def connect(self) -> None:
        self._seen: int | None = None
        self._room = asyncio.Event()
        offered = self.scope["subprotocols"]
        # Accepted before it is refused: a browser shows the reason only of a socket that was open.
        await self.accept(tickets.PROTOCOL if tickets.PROTOCOL in offered else None)
        self._pump = asyncio.create_task(self._serve())

    async def disconnect(self, code: int) -> None:
        self._pump.cancel()
        await asyncio.wait([self._pump])

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            said = json.loads(text_data or "")
            kind, seq = said["type"], said.get("seq")
        except (ValueError, KeyError, TypeError, AttributeError):
            await self.close(BAD_REQUEST, "not understood")
            return
        if kind == "seen" and isinstance(seq, int):
            self._seen = max(seq, self._seen or 0)
            self._room.set()
        elif kind == "ping":
            await self.send('{"type":"pong"}')

    async def _serve(self) -> None:
        try:
            last = _last(self.scope["query_string"])
            workspace, viewer = await hub.in_thread(_admit, self.scope)
            async with hub.watch(workspace, viewer, last) as watcher:
                await self._stream(watcher)
        except hub.Closed as closed:
            await self.close(closed.code, closed.reason)
        except DatabaseError as error:
            log.warning("live_database_lost", reason=str(error))
            await self.close(TRY_AGAIN, "try again")

    async def _stream(self, watcher: hub.Watcher) -> None:
        head = watcher.head
        hello = {"type": "hello", "epoch": head.epoch, "head": head.seq, "oldest": head.oldest}
        await self.send(json.dumps(hello))
        sent = watcher.position
        while True:
            for text in await watcher.next():
                await self._wait_for_room(sent)
                await self.send(text)
                sent += 1

    async def _wait_for_room(self, sent: int) -> None:
        """Daphne buffers without limit, so the pace is kept here, for clients that say what they have seen."""
        while self._seen is not None and sent - self._seen >= WINDOW:
            self._room.clear()
            try:
                await asyncio.wait_for(self._room.wait(), STALLED_SECONDS)
            except TimeoutError:
                raise hub.Closed(STALLED, "nothing was seen for too long") from None


def _last(query: bytes) -> int | None:
    text = parse_qs(query.decode("latin1")).get("last", [""])[0]
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise hub.Closed(BAD_REQUEST, "last is not a number")
    return int(text)


def _admit(scope: dict[str, Any]) -> tuple[Workspace, Viewer]:
    """Who comes, and to which workspace. Raises Closed: a workspace of others is not found, as if it were not there."""
    key = tickets.ticket_in(scope["subprotocols"])
    user = scope.get("user")
    if key is None and not (user and user.is_authenticated and not user.must_change_password):
        raise hub.Closed(ANONYMOUS, "sign in first")
    workspace = Workspace.objects.filter(slug=scope["url_route"]["kwargs"]["slug"]).first()
    if key is not None:
        ticket = tickets.claim(workspace, key) if workspace else None
        if ticket is None or not ticket.user.is_active:
            raise hub.Closed(ANONYMOUS, "the ticket is not valid, or not any more")
        user, viewer = ticket.user, Viewer(ticket.user_id, token_id=ticket.token_id)
    else:
        # The lazy object of the middleware would not pass as a User where types are asked for.
        user = User.objects.get(pk=user.pk)
        viewer = viewer_of_session(user, scope["session"])
    if workspace is None or not may(user, "view_content", workspace):
        raise hub.Closed(NOT_FOUND, "there is no such workspace")
    return workspace, viewer
