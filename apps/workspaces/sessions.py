"""Which workspace a person is working in, kept in their session between pages."""

from __future__ import annotations

from django.http import HttpRequest

from apps.workspaces.models import User, Workspace
from apps.workspaces.queries import workspaces_of

KEY = "workspace"


def remember(request: HttpRequest, workspace: Workspace) -> None:
    if request.session.get(KEY) != workspace.pk:
        request.session[KEY] = workspace.pk


def current(request: HttpRequest) -> Workspace | None:
    """The workspace last worked in, as long as the person is still in it; else their first; else none."""
    user = request.user
    if not isinstance(user, User):
        return None
    mine = list(workspaces_of(user))
    chosen = request.session.get(KEY)
    return next((each for each in mine if each.pk == chosen), mine[0] if mine else None)
