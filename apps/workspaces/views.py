"""Pages about the workspace itself: who is in it, its keys and its settings."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from apps.workspaces import sessions


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The workspace last worked in."""
    workspace = sessions.current(request)
    return redirect(f"/w/{workspace.slug}/" if workspace else "admin:index")


def open_workspace(request: HttpRequest, slug: str) -> HttpResponse:
    """Go on in this workspace, where `next` says; the middleware has put it into the session."""
    goal = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(goal, {request.get_host()}, require_https=request.is_secure()):
        goal = f"/w/{slug}/"
    return redirect(goal)
