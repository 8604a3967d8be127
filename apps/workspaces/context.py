"""What every template may use: `workspace`, `workspaces`, `role` and `may`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.workspaces.actors import Actor
from apps.workspaces.models import User, Workspace
from apps.workspaces.queries import membership_of, workspaces_of


class May:
    """`{% if may.approve_content %}`: whether the reader of the page may do that here."""

    def __init__(self, actor: Actor | None, workspace: Workspace | None) -> None:
        self._actor = actor
        self._workspace = workspace

    def __getitem__(self, permission: str) -> bool:
        if self._actor is None or self._workspace is None:
            return False
        return self._actor.may(permission, self._workspace)


def workspace(request: HttpRequest) -> dict[str, Any]:
    here: Workspace | None = getattr(request, "workspace", None)
    user = getattr(request, "user", None)
    known = isinstance(user, User)  # unwraps the lazy user through its class, without a query when anonymous

    def role() -> str:
        membership = membership_of(user, here) if here and known else None
        return str(membership.get_role_display()) if membership else ""

    return {
        "workspace": here,
        "workspaces": SimpleLazyObject(lambda: list(workspaces_of(user)) if known else []),
        "role": SimpleLazyObject(role),
        "may": May(getattr(request, "actor", None), here),
    }
