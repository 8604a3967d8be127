"""Reading workspaces and members."""

from __future__ import annotations

from django.db.models import QuerySet
from django_scopes import scopes_disabled
from guardian.shortcuts import get_objects_for_user

from apps.workspaces.models import Membership, User, Workspace


def workspaces_of(user: User) -> QuerySet[Workspace]:
    """The workspaces whose content `user` may see."""
    if not getattr(user, "pk", None) or not user.is_active:
        return Workspace.objects.none()
    return get_objects_for_user(
        user,
        "workspaces.view_content",
        klass=Workspace,
        use_groups=False,
        # guardian's defaults would open every tenant to a superuser or to one global permission
        with_superuser=False,
        accept_global_perms=False,
    )


@scopes_disabled()
def membership_of(user: User, workspace: Workspace) -> Membership | None:
    return Membership.objects.filter(user=user, workspace=workspace).first()
