"""API of sign-in, workspaces, members and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter as account
from allauth.core import ratelimit
from allauth.mfa.adapter import get_adapter as mfa
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled
from ninja import Field, Router, Schema, Status
from ninja_jwt.exceptions import TokenError
from ninja_jwt.tokens import RefreshToken, UntypedToken

from apps.common.errors import DomainError, NotAllowed
from apps.common.schemas import Body, Moment
from apps.workspaces import services, tokens
from apps.workspaces.auth import JwtOrToken
from apps.workspaces.models import Membership, User
from apps.workspaces.queries import workspaces_of

router = Router()
auth = Router(tags=["auth"])
people = Router(tags=["workspaces"])
person = JwtOrToken(in_workspace=False)


class NotSignedIn(DomainError):
    code = "wrong_credentials"
    status = 401


class TooManyAttempts(DomainError):
    code = "too_many_attempts"
    status = 429


class SignIn(Body):
    email: str = Field(examples=["editor@example.org"], max_length=254)
    password: str = Field(examples=["correct-horse-battery"], max_length=256)
    code: str = Field("", description="Of the authenticator app, or a recovery code; for who uses two steps.")


class TokenPair(Schema):
    access: str = Field(description="Send it as `Authorization: Bearer …`; valid for five minutes.")
    refresh: str = Field(description="Gives the next pair, once; valid for seven days.")


class Refresh(Body):
    refresh: str


class Verify(Body):
    token: str


class WorkspaceOut(Schema):
    slug: str = Field(examples=["night-desk"])
    name: str = Field(examples=["Night desk"])
    language: str = Field(examples=["en"])
    timezone: str = Field(examples=["Asia/Kolkata"])
    role: str = Field(examples=["editor"])

    @staticmethod
    def resolve_timezone(row: Any) -> str:
        return str(row.timezone)


class WorkspaceIn(Body):
    name: str = Field(examples=["Night desk"], min_length=1, max_length=120)
    language: str = Field("en", examples=["ml"])


class MemberOut(Schema):
    id: int
    name: str = Field(alias="user.name", examples=["Meera"])
    email: str = Field(alias="user.email", examples=["meera@example.org"])
    role: str = Field(examples=["approver"])
    since: datetime = Field(alias="created_at")


class TokenIn(Body):
    name: str = Field(examples=["nightly import"], min_length=1, max_length=80)
    scopes: list[str] = Field(examples=[["view_content", "write_content"]])
    expires_at: Moment | None = None


class TokenOut(Schema):
    id: int
    name: str = Field(examples=["nightly import"])
    prefix: str = Field(examples=["3f9c1d2e4b5a"])
    scopes: list[str] = Field(examples=[["view_content"]])
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewTokenOut(TokenOut):
    secret: str = Field(description="The whole token, shown this once.", examples=["rd_3f9c1d2e4b5a_…"])


@auth.post("/token", response=TokenPair, auth=None, summary="Sign in for a pair of JWTs")
def sign_in(request: HttpRequest, data: SignIn) -> dict[str, str]:
    user = _by_password(request, data)
    if user.must_change_password:
        raise NotAllowed(_("This password works once, on the web pages."), hint=_("Sign in there and choose your own."))
    if mfa().is_mfa_enabled(user):
        _second_step(request, user, data.code)
    return _pair(RefreshToken.for_user(user))


@auth.post("/token/refresh", response=TokenPair, auth=None, summary="The next pair; the one sent stops working")
def refresh_tokens(request: HttpRequest, data: Refresh) -> dict[str, str]:
    try:
        token = RefreshToken(data.refresh)
    except TokenError as error:
        raise NotSignedIn(_("This refresh token no longer works."), hint=_("Sign in again.")) from error
    user = User.objects.filter(pk=token["user_id"], is_active=True).first()
    if user is None:
        raise NotSignedIn(_("This account is closed."))
    token.blacklist()
    return _pair(RefreshToken.for_user(user))


@auth.post("/token/verify", response={204: None}, auth=None, summary="Whether a JWT is still good")
def verify_token(request: HttpRequest, data: Verify) -> Status:
    try:
        UntypedToken(data.token)
    except TokenError as error:
        raise NotSignedIn(_("This token no longer works."), hint=_("Refresh it, or sign in again.")) from error
    return Status(204, None)


@people.get("/", response=list[WorkspaceOut], auth=person, summary="My workspaces")
@scopes_disabled()
def list_workspaces(request: HttpRequest) -> list[Any]:
    role = Membership.objects.filter(workspace=OuterRef("pk"), user=request.user).values("role")[:1]
    return list(workspaces_of(request.user).annotate(role=Subquery(role)))


@people.post("/", response={201: WorkspaceOut}, auth=person, summary="Create a workspace, and own it")
def create_workspace(request: HttpRequest, data: WorkspaceIn) -> Status:
    workspace = services.create_workspace(owner=request.user, **data.dict())
    workspace.role = "owner"
    return Status(201, workspace)


@people.get("/members", response=list[MemberOut], summary="Members of the workspace")
def list_members(request: HttpRequest) -> Any:
    request.actor.require("view_content", request.workspace)
    return Membership.objects.select_related("user")


@people.get("/tokens", response=list[TokenOut], summary="API tokens: mine, or all for who manages members")
def list_tokens(request: HttpRequest) -> Any:
    request.actor.require("view_content", request.workspace)
    return tokens.visible(workspace=request.workspace, actor=request.actor)


@people.post("/tokens", response={201: NewTokenOut}, summary="Make an API token")
def create_token(request: HttpRequest, data: TokenIn) -> Status:
    token, secret = tokens.create(workspace=request.workspace, actor=request.actor, **data.dict())
    token.secret = secret
    return Status(201, token)


@people.delete("/tokens/{int:token_id}", response={204: None}, summary="Revoke an API token")
def revoke_token(request: HttpRequest, token_id: int) -> Status:
    token = tokens.find(workspace=request.workspace, actor=request.actor, pk=token_id)
    tokens.revoke(token=token, actor=request.actor)
    return Status(204, None)


router.add_router("/auth", auth)
router.add_router("/workspaces", people)


def _pair(token: RefreshToken) -> dict[str, str]:
    return {"access": str(token.access_token), "refresh": str(token)}


def _by_password(request: HttpRequest, data: SignIn) -> User:
    """allauth counts failures as on the sign-in page: ten a minute by address, five in five minutes by account."""
    try:
        user = account().authenticate(request, email=data.email.strip().lower(), password=data.password)
    except ValidationError as error:
        raise TooManyAttempts(_("Too many attempts to sign in."), hint=_("Wait five minutes.")) from error
    if not isinstance(user, User):
        raise NotSignedIn(_("The email or the password is wrong."))
    return user


def _second_step(request: HttpRequest, user: User, code: str) -> None:
    """A code of the authenticator app, or a recovery code that has not been used. Security keys need a browser."""
    key = f"second-step-{user.pk}"
    if not ratelimit.consume(request, action="login_failed", key=key):
        raise TooManyAttempts(_("Too many attempts to sign in."), hint=_("Wait five minutes."))
    methods = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    if not code or not any(method.wrap().validate_code(code) for method in methods):
        raise NotSignedIn(
            _("The second step is missing or wrong."), hint=_("Send “code”, from your authenticator app.")
        )
    ratelimit.clear(request, action="login_failed", key=key)
