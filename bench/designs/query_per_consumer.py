"""The plain way to do live updates, to compare with: each socket wakes by itself and asks the database for its news.

Sockets: /ws/plain/<workspace id>/. No sign-in, no replay, no pace: less work than the product does.
"""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.site")
pages = get_asgi_application()

import json  # noqa: E402

from channels.db import database_sync_to_async  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from apps.lifecycle.events import group_name  # noqa: E402
from apps.lifecycle.models import Event, EventHead  # noqa: E402


class PlainConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        self.workspace = self.scope["url_route"]["kwargs"]["pk"]
        await self.channel_layer.group_add(group_name(self.workspace), self.channel_name)
        self.last = await database_sync_to_async(self._head)()
        await self.accept()
        await self.send(json.dumps({"type": "hello", "head": self.last}))

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(group_name(self.workspace), self.channel_name)

    async def events_appended(self, message: dict) -> None:
        for event in await database_sync_to_async(self._news)():
            self.last = event.seq
            said = {"seq": event.seq, "type": event.type, "at": event.at.isoformat()}
            await self.send(json.dumps({**said, "subject": event.subject, "data": event.data}))

    def _head(self) -> int:
        return EventHead.objects.get_or_create(workspace_id=self.workspace)[0].seq

    def _news(self) -> list[Event]:
        return list(Event._base_manager.filter(workspace_id=self.workspace, seq__gt=self.last).order_by("seq"))


live = URLRouter([path("ws/plain/<int:pk>/", PlainConsumer.as_asgi())])
application = ProtocolTypeRouter({"http": pages, "websocket": live})
