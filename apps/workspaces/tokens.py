"""API tokens: keys for programs, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django_scopes import scope, scopes_disabled

from apps.common.errors import Invalid, NotAllowed, NotFound
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import ApiToken, Workspace
from apps.workspaces.roles import PERMISSIONS

MARK = "rd_"
USE_NOTED_EVERY = timedelta(minutes=5)


def create(
    *, workspace: Workspace, actor: Actor, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A token of the acting person, and its secret: the only time that it can be read.

    scopes: permissions that the person holds here. Raises NotAllowed, Invalid.
    """
    if actor.kind != "user":
        raise NotAllowed(_("Only a signed-in person can make a token."))
    actor.require("view_content", workspace)
    wanted = sorted(set(scopes))
    _check(workspace, actor, name, wanted, expires_at)
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    with unit_of_work(), scope(workspace=workspace):
        token = ApiToken.objects.create(
            workspace=workspace,
            user=actor.user,
            name=name.strip(),
            prefix=prefix,
            secret_hash=_digest(secret),
            scopes=wanted,
            expires_at=expires_at,
        )
        data = {"name": token.name, "scopes": wanted, "until": expires_at.isoformat() if expires_at else None}
        audit.record(workspace=workspace, actor=actor, action="api_key.create", target=token, data=data)
    return token, f"{MARK}{prefix}_{secret}"


def revoke(*, token: ApiToken, actor: Actor) -> None:
    """Make the token useless at once; its maker may, and who manages members. Revoking twice does nothing."""
    if actor.user != token.user or actor.kind != "user":
        actor.require("manage_members", token.workspace)
    with unit_of_work(), scope(workspace=token.workspace):
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            data = {"name": token.name}
            audit.record(workspace=token.workspace, actor=actor, action="api_key.revoke", target=token, data=data)


def find(*, workspace: Workspace, actor: Actor, pk: int) -> ApiToken:
    """One token that the actor may see. Raises NotFound."""
    with scope(workspace=workspace):
        token = visible(workspace=workspace, actor=actor).filter(pk=pk).first()
    if token is None:
        raise NotFound(_("There is no such token."))
    return token


def visible(*, workspace: Workspace, actor: Actor):
    """The actor's own tokens, or all of the workspace for who manages members."""
    rows = ApiToken.objects.filter(workspace=workspace).select_related("user", "workspace")
    return rows if actor.may("manage_members", workspace) else rows.filter(user=actor.user)


@scopes_disabled()
def authenticate(credential: str) -> ApiToken | None:
    """The valid token that these characters are, or None; notes its use, at most every few minutes."""
    prefix, _sep, secret = credential.removeprefix(MARK).partition("_")
    token = ApiToken.objects.filter(prefix=prefix).select_related("user", "workspace").first()
    # Compared also when there is no such token, so that the time taken tells nothing about prefixes.
    matches = hmac.compare_digest(token.secret_hash if token else "0" * 64, _digest(secret))
    if token is None or not matches or not token.is_valid or not token.user.is_active:
        return None
    _note_use(token)
    return token


def actor_of(token: ApiToken) -> Actor:
    """Acts as the token's maker, within its scopes; without scopes it may do nothing."""
    label = fit(f"{token.user} ({token.name})", 160)
    return Actor(kind="token", label=label, user=token.user, scopes=frozenset(token.scopes), token=token.pk)


def _check(workspace: Workspace, actor: Actor, name: str, scopes: list[str], expires_at: datetime | None) -> None:
    if not name.strip() or len(name) > 80:
        raise Invalid(_("A token needs a name of at most 80 characters."), name=[_("Say what uses the token.")])
    if not scopes or not set(scopes) <= set(PERMISSIONS):
        raise Invalid(_("Choose what the token may do."), scopes=[_("Choose at least one permission of the list.")])
    beyond = [each for each in scopes if not actor.may(each, workspace)]
    if beyond:
        raise Invalid(
            _("A token cannot do more than you may yourself."),
            scopes=[_("Not yours to give: %(names)s.") % {"names": ", ".join(beyond)}],
        )
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid(_("The token would be expired already."), expires_at=[_("Choose a time in the future.")])


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
