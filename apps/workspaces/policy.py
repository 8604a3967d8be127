"""Questions of permission, answered from guardian's rows and nothing else.

`User.has_perm` says yes to every superuser; a tenant's content is not theirs, so it is not asked here.
"""

from __future__ import annotations

from guardian.shortcuts import get_user_perms

from apps.workspaces.models import User, Workspace


def permissions(user: User, workspace: Workspace) -> frozenset[str]:
    """The codenames that `user` holds in `workspace`; kept on the user object for the length of a request."""
    if not user.is_active or not user.pk:
        return frozenset()
    known: dict[int, frozenset[str]] = user.__dict__.setdefault("_workspace_permissions", {})
    if workspace.pk not in known:
        known[workspace.pk] = frozenset(get_user_perms(user, workspace))
    return known[workspace.pk]


def may(user: User, permission: str, workspace: Workspace) -> bool:
    return permission in permissions(user, workspace)


def forget(user: User) -> None:
    """Drop what was remembered, after the user's roles changed."""
    user.__dict__.pop("_workspace_permissions", None)
