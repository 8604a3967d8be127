"""Opens the tenant's scope around a page, and answers domain errors in a form that a person can use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from django.contrib import auth
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_scopes import scope

from apps.common.errors import DomainError
from apps.workspaces import sessions
from apps.workspaces.actors import Actor
from apps.workspaces.models import User, Workspace
from apps.workspaces.queries import workspaces_of

# Pages about the person, drawn in the shell of the workspace they come from.
_PERSONAL = ("/accounts/", "/profile/", "/workspaces/")
_WORKSPACE_PAGE = re.compile(r"^/w/(?P<slug>[^/]+)(?:/|$)")

Response = Callable[[HttpRequest], HttpResponse]


class WorkspaceMiddleware:
    """Sets `request.workspace` and `request.actor`, and opens `scope(workspace=…)` until the response is made.

    Pages under /w/<slug>/ name their workspace; the admin works in the one last visited, and a form of it in the one
    that it was opened in. To everybody who is not a member, a workspace does not exist (404). Pages about the person
    know the last one too, without its scope. Elsewhere both are None, and the API's authentication fills them in.
    """

    sync_capable = True
    async_capable = False  # one thread for the scope, the session and the view; Django adapts it under ASGI

    def __init__(self, get_response: Response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.workspace, request.actor = None, None
        page, in_admin = _WORKSPACE_PAGE.match(request.path_info), _in_admin(request)
        # The outer scope also undoes what the API's authentication opens inside.
        with scope():
            if request.path_info.startswith(_PERSONAL) and request.user.is_authenticated:
                return self._personal(request)
            if not page and not in_admin:
                return self.get_response(request)
            if not request.user.is_authenticated:
                return self.get_response(request) if in_admin else _to_login(request)
            if request.user.must_change_password:
                return _go(request, reverse("account_change_password"))
            request.actor = Actor.of(request.user)
            slug = page["slug"] if page else request.POST.get("_workspace", "")
            request.workspace = _named(request.user, slug) if slug else sessions.current(request)
            return self._in_scope(request)

    def _personal(self, request: HttpRequest) -> HttpResponse:
        if not request.user.must_change_password:
            request.actor, request.workspace = Actor.of(request.user), sessions.current(request)
        with translation.override(request.user.language or translation.get_language()):
            return self.get_response(request)

    def _in_scope(self, request: HttpRequest) -> HttpResponse:
        language = request.user.language or translation.get_language()
        with translation.override(language):
            if request.workspace is None:
                response = self.get_response(request)
            else:
                sessions.remember(request, request.workspace)
                with scope(workspace=request.workspace):
                    response = self.get_response(request)
        patch_cache_control(response, private=True)
        return response


class DomainErrorMiddleware:
    """A DomainError raised by a page becomes a page, or a toast when htmx asked; the API has its own form."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError) or request.path_info.startswith("/api/"):
            return None
        if request.headers.get("HX-Request"):
            return toast(exception.message, hint=exception.hint, tone="bad", status=exception.status)
        context = {"error": exception, "back": _came_from(request)}
        return render(request, "errors/domain.html", context, status=exception.status)


def _came_from(request: HttpRequest) -> str:
    """The page of ours on which a form was sent; "" when it is not known."""
    address = request.META.get("HTTP_REFERER", "")
    ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if ours and request.method == "POST" else ""


def toast(message: object, *, hint: object = "", tone: str = "good", status: int = 200) -> HttpResponse:
    """An empty answer that makes the page show a message; nothing on the page is swapped."""
    response = HttpResponse(status=status)
    response["HX-Reswap"] = "none"
    # json.dumps writes ASCII only, which is all that a header may hold
    response["HX-Trigger"] = json.dumps({"toast": {"message": str(message), "hint": str(hint), "tone": tone}})
    return response


def _named(user: User, slug: str) -> Workspace:
    workspace = workspaces_of(user).filter(slug=slug).first()
    if workspace is None:
        raise Http404("no such workspace")
    return workspace


def _in_admin(request: HttpRequest) -> bool:
    return request.path_info.startswith(reverse("admin:index"))


def _to_login(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return _go(request, f"{resolve_url('account_login')}?{urlencode({auth.REDIRECT_FIELD_NAME: request.path})}")
    return redirect_to_login(request.get_full_path())


def _go(request: HttpRequest, url: str) -> HttpResponse:
    """A redirect of the whole page, also when htmx asked for a part of it."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
