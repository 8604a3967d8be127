"""Changing workspaces and who is in them.

A role is a row of `Membership`; what it allows stands in `roles.py` and is written out as guardian's rows, which are
what every question of permission reads. Both are written together here, and nowhere else.
"""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django_scopes import scope, scopes_disabled

from apps.common.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.common.transactions import unit_of_work
from apps.workspaces import audit
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import AuditHead, Membership, User, Workspace, WorkspaceUserObjectPermission
from apps.workspaces.policy import forget
from apps.workspaces.roles import PERMISSIONS, Role, permissions_of

EDITABLE = frozenset({"name", "language", "timezone", "profanity", "min_part_seconds", "max_part_seconds"})


def create_workspace(*, name: str, owner: User, slug: str = "", actor: Actor | None = None, **fields: Any) -> Workspace:
    """A new tenant with `owner` as its first member; slug: made from the name when empty. Raises Invalid."""
    workspace = Workspace(name=name.strip(), slug=slug or _free_slug(name), **fields)
    _check(workspace)
    with unit_of_work(), scope(workspace=workspace):
        workspace.save()
        by = actor or Actor.of(owner)
        audit.record(
            workspace=workspace, actor=by, action="workspace.create", target=workspace, data={"name": workspace.name}
        )
        add_member(workspace=workspace, user=owner, role=Role.OWNER, actor=SYSTEM)
    return workspace


def update_workspace(*, workspace: Workspace, actor: Actor, **fields: Any) -> Workspace:
    """Change settings of the workspace; only fields of EDITABLE. Raises NotAllowed, Invalid."""
    actor.require("manage_workspace", workspace)
    unknown = set(fields) - EDITABLE
    if unknown:
        raise ValueError(f"not editable: {', '.join(sorted(unknown))}")
    changed = {name: value for name, value in fields.items() if getattr(workspace, name) != value}
    for name, value in changed.items():
        setattr(workspace, name, value)
    _check(workspace)
    if changed:
        with unit_of_work():
            workspace.save(update_fields=list(changed))
            data = {name: str(value) for name, value in changed.items()}
            audit.record(workspace=workspace, actor=actor, action="workspace.update", target=workspace, data=data)
    return workspace


def add_member(*, workspace: Workspace, user: User, role: str, actor: Actor) -> Membership:
    """Make `user` a member. Raises NotAllowed, and Conflict when they are one already."""
    actor.require("manage_members", workspace)
    check_grant(workspace, actor, role)
    with unit_of_work(), scope(workspace=workspace):
        if Membership.objects.filter(user=user).exists():
            raise Conflict(_("%(person)s is a member already.") % {"person": user})
        membership = Membership.objects.create(workspace=workspace, user=user, role=role)
        write_permissions(membership)
        data = {"person": user.email, "role": role}
        audit.record(workspace=workspace, actor=actor, action="member.add", target=user, data=data)
    return membership


def set_role(*, workspace: Workspace, user: User, role: str, actor: Actor) -> Membership:
    """Give a member another role, effective at once. Raises NotAllowed, NotFound, Conflict for the last owner."""
    actor.require("manage_members", workspace)
    with unit_of_work(), scope(workspace=workspace):
        membership = _locked(workspace, user)
        if membership.role == role:
            return membership
        check_grant(workspace, actor, role, membership.role)
        _keep_an_owner(workspace, membership)
        before, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        write_permissions(membership)
        data = {"person": user.email, "from": before, "to": role}
        audit.record(workspace=workspace, actor=actor, action="member.role", target=user, data=data)
    forget(user)
    return membership


def remove_member(*, workspace: Workspace, user: User, actor: Actor) -> None:
    """End a membership; everybody may leave by themselves. Raises NotAllowed, NotFound, Conflict for the last owner."""
    if actor.kind != "user" or actor.user != user:
        actor.require("manage_members", workspace)
    with unit_of_work(), scope(workspace=workspace):
        membership = _locked(workspace, user)
        if actor.user != user:
            check_grant(workspace, actor, membership.role)
        _keep_an_owner(workspace, membership)
        membership.delete()
        WorkspaceUserObjectPermission.objects.filter(content_object=workspace, user=user).delete()
        data = {"person": user.email, "role": membership.role}
        audit.record(workspace=workspace, actor=actor, action="member.remove", target=user, data=data)
    forget(user)


def delete_workspace(*, workspace: Workspace, actor: Actor) -> None:
    """Remove the tenant with all that is in it, its audit trail included. Raises NotAllowed."""
    actor.require("own_workspace", workspace)
    with unit_of_work(), scope(workspace=workspace):
        # The database lets a trail go only after its head.
        AuditHead.objects.filter(workspace=workspace).delete()
        workspace.delete()


def create_owner(*, email: str, workspace: str, password: str = "") -> tuple[User, Workspace, str]:
    """The first person and their workspace, also the installation's superuser.

    Returns the password only when it was made here: it works once, then a new one must be chosen. Raises Conflict.
    """
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict(_("There is a person with the email %(email)s already.") % {"email": email})
    once = "" if password else one_time_password()
    with unit_of_work():
        user = User.objects.create_superuser(email, password or once, must_change_password=bool(once))
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        return user, create_workspace(name=workspace, owner=user, actor=SYSTEM), once


def one_time_password() -> str:
    """Readable aloud: 80 random bits in groups of four."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    groups = ("".join(secrets.choice(letters) for _each in range(4)) for _group in range(4))
    return "-".join(groups)


def write_permissions(membership: Membership) -> None:
    """Make guardian's rows of one member equal to what the role table says."""
    wanted = permissions_of(membership.role)
    rows = WorkspaceUserObjectPermission.objects.filter(
        content_object_id=membership.workspace_id, user_id=membership.user_id
    )
    rows.exclude(permission__codename__in=wanted).delete()
    held = set(rows.values_list("permission__codename", flat=True))
    WorkspaceUserObjectPermission.objects.bulk_create(
        WorkspaceUserObjectPermission(
            content_object_id=membership.workspace_id, user_id=membership.user_id, permission=permission
        )
        for permission in _permission_rows().filter(codename__in=wanted - held)
    )
    forget(membership.user)


def sync_permissions(sender: Any = None, using: str = "default", **kwargs: Any) -> None:
    """After migrations: permission rows exist, and every member holds what the role table says now."""
    _ensure_permission_rows(using)
    with scopes_disabled():
        for membership in Membership.objects.using(using).select_related("user"):
            write_permissions(membership)


def _ensure_permission_rows(using: str) -> None:
    """This runs before Django's own receiver may have made them, and that one never renames."""
    from django.apps import apps  # the registry in use, not the historical one of a migration

    create_contenttypes(apps.get_app_config("workspaces"), using=using, verbosity=0)
    kind = ContentType.objects.db_manager(using).get_for_model(Workspace)
    for codename, label in PERMISSIONS.items():
        Permission.objects.using(using).update_or_create(
            content_type=kind, codename=codename, defaults={"name": str(label)}
        )


def _permission_rows() -> Any:
    return Permission.objects.filter(content_type=ContentType.objects.get_for_model(Workspace))


def check_grant(workspace: Workspace, actor: Actor, *roles: str) -> None:
    """Only an owner makes owners, or changes what an owner is."""
    for role in roles:
        if role not in Role.values:
            raise Invalid(_("There is no role “%(role)s”.") % {"role": role}, role=[_("Choose a role from the list.")])
    if Role.OWNER in roles and not actor.is_system and not actor.may("own_workspace", workspace):
        raise NotAllowed(_("Only an owner can make, change or remove an owner."), hint=_("Ask an owner to do it."))


def _locked(workspace: Workspace, user: User) -> Membership:
    # The workspace's row is the lock: two owners who demote each other at once must not both succeed.
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    membership = Membership.objects.filter(user=user).first()
    if membership is None:
        raise NotFound(_("%(person)s is not a member of this workspace.") % {"person": user})
    membership.user = user
    return membership


def _keep_an_owner(workspace: Workspace, leaving: Membership) -> None:
    others = Membership.objects.filter(~Q(pk=leaving.pk), role=Role.OWNER, user__is_active=True)
    if leaving.role == Role.OWNER and not others.exists():
        raise Conflict(
            _("“%(workspace)s” needs an owner, and this is the last one.") % {"workspace": workspace},
            hint=_("Make somebody else an owner first."),
        )


def _free_slug(name: str) -> str:
    # Addresses are plain letters so that a mail client never breaks a link; names keep every script.
    base = slugify(name)[:40].strip("-_").replace("_", "-") or "workspace"
    taken = set(Workspace.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(each for each in (base, *(f"{base}-{number}" for number in range(2, 10_000))) if each not in taken)


def _check(workspace: Workspace) -> None:
    try:
        workspace.full_clean()
    except ValidationError as error:
        fields = error.message_dict
        raise Invalid(next(iter(fields.values()))[0], **fields) from error
