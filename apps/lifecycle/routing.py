"""Where WebSockets arrive, and what they must show before they get through."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import validate_host
from django.urls import re_path

from apps.lifecycle.consumers import LiveConsumer
from apps.lifecycle.tickets import ticket_in


class OwnPagesOrTicket:
    """A browser sends its cookie from every page, so a session counts only for pages of ours, as with forms.

    A ticket names its bearer by itself: with one, neither cookie nor origin is looked at.
    """

    def __init__(self, application: Any) -> None:
        self._by_ticket = application
        self._by_session = AuthMiddlewareStack(application)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if ticket_in(scope["subprotocols"]) is not None:
            await self._by_ticket(scope, receive, send)
        elif _is_own_page(scope):
            await self._by_session(scope, receive, send)
        else:
            await WebsocketDenier()(scope, receive, send)


def _is_own_page(scope: dict[str, Any]) -> bool:
    headers = {name: value.decode("latin1") for name, value in scope["headers"]}
    origin = headers.get(b"origin")
    if origin is None:
        return True  # not a browser: nobody's cookie can be borrowed
    page, host = urlsplit(origin).netloc, headers.get(b"host", "")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    return page == host and validate_host(host.rpartition(":")[0] or host, settings.ALLOWED_HOSTS)


class _NoSuchSocket:
    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await WebsocketDenier()(scope, receive, send)


live = URLRouter(
    [
        re_path(r"^ws/w/(?P<slug>[^/]+)/$", OwnPagesOrTicket(LiveConsumer.as_asgi())),
        re_path(r"", _NoSuchSocket()),
    ]
)
