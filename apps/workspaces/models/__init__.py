from apps.workspaces.models.audit import AuditEntry, AuditHead
from apps.workspaces.models.base import WorkspaceModel, WorkspaceQuerySet
from apps.workspaces.models.token import ApiToken
from apps.workspaces.models.user import User
from apps.workspaces.models.workspace import Invitation, Membership, Workspace, WorkspaceUserObjectPermission

__all__ = [
    "ApiToken",
    "AuditEntry",
    "AuditHead",
    "Invitation",
    "Membership",
    "User",
    "Workspace",
    "WorkspaceModel",
    "WorkspaceQuerySet",
    "WorkspaceUserObjectPermission",
]
