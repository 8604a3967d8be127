"""The one table that says which role may do what in a workspace."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

PERMISSIONS = {
    "view_content": _("See stories, items, runs and posts"),
    "write_content": _("Write and edit stories and items, and start work on them"),
    "approve_content": _("Approve, reject and ask for changes"),
    "publish_content": _("Schedule, reschedule, cancel and publish posts"),
    "manage_sources": _("Manage story sources"),
    "manage_accounts": _("Manage accounts on platforms"),
    "manage_templates": _("Manage prompt templates"),
    "manage_brand": _("Manage styles, footage and voices"),
    "view_analytics": _("See metrics and reports"),
    "view_audit": _("See the audit trail"),
    "manage_members": _("Invite people and change roles"),
    "manage_workspace": _("Change the workspace's settings and policies"),
    "own_workspace": _("Hand over or delete the workspace"),
}


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    EDITOR = "editor", _("Editor")
    APPROVER = "approver", _("Approver")
    ANALYST = "analyst", _("Analyst")
    VIEWER = "viewer", _("Viewer")


ROLES: dict[str, frozenset[str]] = {
    Role.OWNER: frozenset(PERMISSIONS),
    Role.ADMIN: frozenset(PERMISSIONS) - {"own_workspace"},
    Role.EDITOR: frozenset(
        {"view_content", "write_content", "publish_content", "manage_sources", "manage_brand", "view_analytics"}
    ),
    Role.APPROVER: frozenset({"view_content", "approve_content", "publish_content", "view_analytics"}),
    Role.ANALYST: frozenset({"view_content", "view_analytics", "view_audit"}),
    Role.VIEWER: frozenset({"view_content"}),
}


def permissions_of(role: str) -> frozenset[str]:
    return ROLES[role]
