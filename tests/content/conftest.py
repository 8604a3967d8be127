"""Calling the API as a member."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories.workspaces import PASSWORD

API = "/api/v1"


def caller(client: Client, slug: str, email: str) -> Callable[..., Any]:
    """caller(…)("get", "/items/") is what the API answers that person."""
    keys = {"email": email, "password": PASSWORD}
    access = client.post(f"{API}/auth/token", keys, content_type="application/json").json()["access"]
    headers = {"Authorization": f"Bearer {access}", "X-Workspace": slug}

    def send(method: str, path: str, data: dict[str, Any] | None = None):
        body = "" if data is None else json.dumps(data)
        return client.generic(method.upper(), API + path, body, content_type="application/json", headers=headers)

    return send


@pytest.fixture
def call(client, workspace, member):
    """call("editor")("get", "/items/") is what the API answers a member with that role."""
    cache.clear()
    return lambda role="editor": caller(client, workspace.slug, member(role).email)
