"""Who calls the API: a workspace token, a JWT, or the browser's session.

After it, `request.actor`, `request.workspace` and the open scope are those of the caller; the WorkspaceMiddleware
closes the scope when the response is made.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_scopes import get_scope
from django_scopes.state import state
from ninja.security.base import AuthBase
from ninja.utils import check_csrf
from ninja_jwt.authentication import JWTBaseAuthentication
from ninja_jwt.exceptions import AuthenticationFailed, InvalidToken

from apps.common.errors import Invalid, NotAllowed, NotFound
from apps.workspaces import tokens
from apps.workspaces.actors import Actor
from apps.workspaces.models import User, Workspace
from apps.workspaces.queries import workspaces_of

HEADER = "X-Workspace"


class JwtOrToken(AuthBase):
    """`Authorization: Bearer <JWT or rd_ token>`, or a session with its CSRF token.

    A token belongs to one workspace. A person names theirs in the header X-Workspace, and need not when they have one.
    in_workspace: False for routes that stand above workspaces, such as the list of them; `request.workspace` is None
    there, and tokens are refused.
    """

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, *, in_workspace: bool = True) -> None:
        self.in_workspace = in_workspace
        super().__init__()

    def __call__(self, request: HttpRequest) -> Actor | None:
        scheme, _space, credential = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and credential.startswith(tokens.MARK):
            return self._by_token(request, credential.strip())
        user = _user_of_jwt(credential.strip()) if scheme.lower() == "bearer" else _user_of_session(request)
        if user is None:
            return None
        request.user = user
        request.actor = Actor.of(user)
        if self.in_workspace:
            _open(request, _chosen(request, user))
        return request.actor

    def _by_token(self, request: HttpRequest, credential: str) -> Actor | None:
        token = tokens.authenticate(credential)
        if token is None:
            return None
        named = request.headers.get(HEADER)
        if named and named != token.workspace.slug:
            raise NotFound(_("This token belongs to another workspace."), hint=_("Leave out the header X-Workspace."))
        if not self.in_workspace:
            raise NotAllowed(_("This is for people, not for workspace tokens."), hint=_("Sign in with a JWT."))
        request.user = token.user
        request.actor = tokens.actor_of(token)
        _open(request, token.workspace)
        return request.actor


def _user_of_jwt(credential: str) -> User | None:
    jwt = JWTBaseAuthentication()
    try:
        user = jwt.get_user(jwt.get_validated_token(credential))
    except (InvalidToken, AuthenticationFailed):
        return None
    return None if user.must_change_password else user


def _user_of_session(request: HttpRequest) -> User | None:
    user = request.user
    if not user.is_authenticated or user.must_change_password:
        return None
    if request.method not in {"GET", "HEAD", "OPTIONS"} and check_csrf(request):
        raise NotAllowed(_("The CSRF token is missing or wrong."), hint=_("Send it in the header X-CSRFToken."))
    # The lazy wrapper would not pass as a User where types are asked for.
    return User.objects.get(pk=user.pk)


def _chosen(request: HttpRequest, user: User) -> Workspace:
    mine = {workspace.slug: workspace for workspace in workspaces_of(user)}
    named = request.headers.get(HEADER)
    if named:
        if named not in mine:
            raise NotFound(_("There is no such workspace."), hint=_("GET /api/v1/workspaces/ lists yours."))
        return mine[named]
    if len(mine) == 1:
        return next(iter(mine.values()))
    if not mine:
        raise NotAllowed(_("You are in no workspace."), hint=_("Ask for an invitation, or create a workspace."))
    raise Invalid(
        _("Say which workspace you mean."),
        hint=_("Send its address in the header X-Workspace: %(slugs)s.") % {"slugs": ", ".join(mine)},
        workspace=sorted(mine),
    )


def _open(request: HttpRequest, workspace: Workspace) -> None:
    """Authentication cannot wrap the view, so the scope stays open until the middleware's outer one ends."""
    request.workspace = workspace
    state.set({**get_scope(), "_enabled": True, "workspace": workspace})
