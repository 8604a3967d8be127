from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from ninja_jwt.tokens import AccessToken


class ApiClient:
    """Calls the API as one person; paths begin behind /api/v1."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.headers = {"Authorization": f"Bearer {AccessToken.for_user(user)}"}
        self._client = Client(raise_request_exception=False)

    def get(self, path: str, **query: Any):
        return self._client.get(f"/api/v1{path}", query, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.post(
            f"/api/v1{path}", body, content_type="application/json", headers={**self.headers, **headers}
        )


@pytest.fixture
def as_member(member) -> Callable[..., ApiClient]:
    """as_member("viewer"): a client that calls as a person with that role in the workspace."""
    return lambda role="owner", **fields: ApiClient(member(role, **fields))
