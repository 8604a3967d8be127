"""Who acts: a person, a program with a person's token, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from apps.common.errors import NotAllowed
from apps.workspaces.models import User, Workspace
from apps.workspaces.policy import may
from apps.workspaces.roles import PERMISSIONS


@dataclass(frozen=True)
class Actor:
    """kind: "user", "token" or "system"; label: what logs show; scopes: limits of a token, None = no limit.

    token: the number of the API token.
    """

    kind: Literal["user", "token", "system"]
    label: str
    user: User | None = None
    scopes: frozenset[str] | None = None
    token: int | None = None

    @classmethod
    def of(cls, user: User | AnonymousUser) -> Actor:
        if not isinstance(user, User):
            raise NotAllowed(_("Sign in first."))
        return cls(kind="user", label=str(user), user=user)

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    def may(self, permission: str, workspace: Workspace) -> bool:
        """The system may do what a state machine marks as automatic, and that is decided there, not here."""
        if self.user is None or (self.scopes is not None and permission not in self.scopes):
            return False
        return may(self.user, permission, workspace)

    def require(self, permission: str, workspace: Workspace) -> None:
        """Raises NotAllowed, with what is missing. The system passes: it acts by code, never on a request."""
        if self.is_system or self.may(permission, workspace):
            return
        if self.scopes is not None and permission not in self.scopes:
            hint = _("This token was made without the scope “%(scope)s”.") % {"scope": permission}
        else:
            hint = _("It needs the permission “%(permission)s”; an admin of the workspace can give it.") % {
                "permission": PERMISSIONS[permission]
            }
        said = _("You may not do that in “%(workspace)s”.") % {"workspace": workspace}
        raise NotAllowed(said, hint=hint, permission=permission)


SYSTEM = Actor(kind="system", label="Rundown")
