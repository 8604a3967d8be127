"""No socket leads from one workspace into another; every one is found in the routing itself."""

from __future__ import annotations

import re

import pytest
from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from apps.lifecycle.routing import live
from apps.workspaces.models import User, Workspace
from tests.factories.workspaces import UserFactory, WorkspaceFactory, add_person

pytestmark = pytest.mark.django_db(transaction=True)
REFUSED = {4401, 4403, 4404}


def sockets() -> list[str]:
    """The patterns of the routing; the one that matches everything only says no."""
    return [str(route.pattern) for route in live.routes if str(route.pattern)]


def open_as(user: User | None, path: str) -> list[dict]:
    """What the server says to that person: messages up to its closing of the socket, or to a hello."""
    headers = [(b"host", b"testserver")]
    if user is not None:
        client = Client()
        client.force_login(user)
        cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        headers.append((b"cookie", cookie.encode()))

    async def talk() -> list[dict]:
        socket = WebsocketCommunicator(live, path, headers=headers)
        await socket.send_input({"type": "websocket.connect"})
        said = []
        while not said or said[-1]["type"] not in {"websocket.close", "websocket.send"}:
            said.append(await socket.receive_output(timeout=10))
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait(timeout=10)
        return said

    return async_to_sync(talk)()


def address(pattern: str, workspace: Workspace) -> str:
    path = re.sub(r"\(\?P<slug>[^)]*\)", workspace.slug, pattern).strip("^$")
    assert "(" not in path, f"I cannot fill {pattern}: a socket takes the workspace's slug and nothing else"
    return "/" + path


@pytest.mark.parametrize("pattern", sockets())
def test_socket_of_another_workspace_does_not_open(pattern):
    theirs = WorkspaceFactory()
    ours = WorkspaceFactory()
    strangers = [None, add_person(ours, "owner"), UserFactory(is_superuser=True)]
    for user in strangers:
        said = open_as(user, address(pattern, theirs))
        assert [each["type"] for each in said if each["type"] == "websocket.send"] == []
        assert said[-1].get("code", 4403) in REFUSED


@pytest.mark.parametrize("pattern", sockets())
def test_socket_opens_for_every_member(pattern):
    ours = WorkspaceFactory()
    said = open_as(add_person(ours, "viewer"), address(pattern, ours))
    assert said[-1]["type"] == "websocket.send"
