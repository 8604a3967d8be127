"""Invitations: a link sent by email that makes its reader a member, once, within a week."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_scopes import scope, scopes_disabled

from apps.common.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from apps.common.transactions import unit_of_work
from apps.workspaces import audit
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import Invitation, Membership, User, Workspace
from apps.workspaces.roles import Role
from apps.workspaces.services import add_member, check_grant

VALID_FOR = timedelta(days=7)


class Gone(DomainError):
    """The link was used, revoked, or is too old."""

    code = "invitation_gone"
    status = 410


def invite(*, workspace: Workspace, actor: Actor, email: str, role: str) -> Invitation:
    """Send an invitation. Raises NotAllowed, Invalid, and Conflict when the person is a member or invited already."""
    actor.require("manage_members", workspace)
    check_grant(workspace, actor, role)
    email = _clean_email(email)
    key = secrets.token_urlsafe(32)
    with unit_of_work(), scope(workspace=workspace):
        if Membership.objects.filter(user__email__iexact=email).exists():
            raise Conflict(_("%(email)s is a member already.") % {"email": email})
        if Invitation.objects.filter(email=email, accepted_at=None).exists():
            raise Conflict(
                _("%(email)s is invited already.") % {"email": email}, hint=_("Send that invitation again instead.")
            )
        invitation = Invitation.objects.create(
            workspace=workspace,
            email=email,
            role=role,
            key_hash=_digest(key),
            invited_by=actor.user,
            expires_at=timezone.now() + VALID_FOR,
        )
        data = {"email": email, "role": role}
        audit.record(workspace=workspace, actor=actor, action="invitation.send", target=invitation, data=data)
        transaction.on_commit(lambda: _mail(invitation, key, actor.label))
    return invitation


def resend(*, invitation: Invitation, actor: Actor) -> Invitation:
    """A fresh link for another week; the one sent before stops working. Raises NotAllowed, Gone."""
    workspace = invitation.workspace
    actor.require("manage_members", workspace)
    key = secrets.token_urlsafe(32)
    fresh = {"key_hash": _digest(key), "expires_at": timezone.now() + VALID_FOR, "created_at": timezone.now()}
    with unit_of_work(), scope(workspace=workspace):
        if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(**fresh):
            raise Gone(_("This invitation has been accepted or revoked meanwhile."))
        data = {"email": invitation.email}
        audit.record(workspace=workspace, actor=actor, action="invitation.resend", target=invitation, data=data)
        invitation.refresh_from_db()
        transaction.on_commit(lambda: _mail(invitation, key, actor.label))
    return invitation


def revoke(*, invitation: Invitation, actor: Actor) -> None:
    """The link stops working. Raises NotAllowed, Gone when it has been accepted."""
    workspace = invitation.workspace
    actor.require("manage_members", workspace)
    with unit_of_work(), scope(workspace=workspace):
        target, data = audit.describe(invitation), {"email": invitation.email}
        if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None).delete()[0]:
            raise Gone(_("This invitation has been accepted or revoked meanwhile."))
        audit.record(workspace=workspace, actor=actor, action="invitation.revoke", target=target, data=data)


@scopes_disabled()
def find(key: str) -> Invitation:
    """The open invitation of a link. Raises NotFound, and Gone when it is used or too old."""
    invitation = Invitation.objects.filter(key_hash=_digest(key)).select_related("workspace", "invited_by").first()
    if invitation is None:
        raise NotFound(
            _("This invitation does not exist any more."), hint=_("Ask the person who invited you for a new one.")
        )
    if invitation.accepted_at is not None:
        raise Gone(_("This invitation has been used."), hint=_("Sign in with the account that you made with it."))
    if invitation.is_expired:
        raise Gone(_("This invitation is too old."), hint=_("Ask the person who invited you to send it again."))
    return invitation


def accept(*, invitation: Invitation, user: User) -> Membership:
    """Make the signed-in person a member. Raises NotAllowed when the mail went to somebody else, Gone, Conflict."""
    if user.email.lower() != invitation.email:
        raise NotAllowed(
            _("This invitation was sent to %(invited)s, and you are signed in as %(email)s.")
            % {"invited": invitation.email, "email": user.email},
            hint=_("Sign out and open the link again, or ask for an invitation to your address."),
        )
    workspace = invitation.workspace
    with unit_of_work(), scope(workspace=workspace):
        if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(accepted_at=timezone.now()):
            raise Gone(_("This invitation has been used."))
        # The right to invite was checked when it was sent; the system carries it out.
        membership = add_member(workspace=workspace, user=user, role=invitation.role, actor=SYSTEM)
        actor, data = Actor.of(user), {"role": invitation.role}
        audit.record(workspace=workspace, actor=actor, action="invitation.accept", target=invitation, data=data)
    return membership


def accept_as_new_person(*, invitation: Invitation, name: str, password: str) -> User:
    """An account for the invited address, and its membership. Raises Conflict when there is an account already."""
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise Conflict(_("There is an account for this address."), hint=_("Sign in, then open the link again."))
    with unit_of_work():
        user = User.objects.create_user(invitation.email, password, name=name.strip())
        # The link came by mail, so the address is theirs.
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        accept(invitation=invitation, user=user)
    return user


def _mail(invitation: Invitation, key: str, inviter: str) -> None:
    context = {
        "workspace": invitation.workspace,
        "role": Role(invitation.role).label,
        "inviter": inviter,
        "link": settings.SITE_URL + reverse("invitation", args=[key]),
        "expires_at": invitation.expires_at,
    }
    with translation.override(invitation.workspace.language):
        subject = _("%(inviter)s invites you to “%(workspace)s”") % {
            "inviter": inviter,
            "workspace": invitation.workspace,
        }
        text = render_to_string("workspaces/invitation.txt", context)
    send_mail(" ".join(subject.split()), text, settings.DEFAULT_FROM_EMAIL, [invitation.email])


def _clean_email(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(_("This is not an email address."), email=error.messages) from error
    return email


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
