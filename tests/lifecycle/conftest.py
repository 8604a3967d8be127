from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect


class Socket:
    """A client of the live WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def receive(self, timeout: float = 10) -> dict[str, Any]:
        return json.loads(self.connection.recv(timeout=timeout))

    def events(self, count: int) -> list[dict[str, Any]]:
        return [self.receive() for _each in range(count)]

    def send(self, **said: Any) -> None:
        self.connection.send(json.dumps(said))


@pytest.fixture
def open_socket(live_site, sign_in) -> Iterator[Callable[..., Socket]]:
    """open_socket(workspace, user) or (workspace, ticket=…): a connected client; closed with the test."""

    def open_one(workspace: Any, user: Any = None, *, last: int | None = None, ticket: str = "", **options: Any):
        headers = {"Cookie": sign_in(user)} if user else {}
        if ticket:
            options["subprotocols"] = ["rundown.v1", f"ticket.{ticket}"]
        query = "" if last is None else f"?last={last}"
        slug = workspace if isinstance(workspace, str) else workspace.slug
        address = f"ws://{live_site}/ws/w/{slug}/{query}"
        # No limit on what was not read yet: a full queue would hold up the end of the connection for ten seconds.
        client = connect(address, additional_headers=headers, proxy=None, max_queue=None, **options)
        return Socket(stack.enter_context(client))

    with ExitStack() as stack:
        yield open_one
