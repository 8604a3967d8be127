from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from apps.workspaces.models.user import User


class WorkspaceQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """The rows of workspaces in which `user` may see content: the only path from a person to rows."""
        from apps.workspaces.queries import workspaces_of  # queries import these models

        return self.filter(workspace__in=workspaces_of(user))


class WorkspaceModel(models.Model):
    """A row that belongs to one workspace. `objects` works only inside `scope(workspace=…)`."""

    workspace = models.ForeignKey(
        "workspaces.Workspace", on_delete=models.CASCADE, related_name="+", verbose_name=_("workspace"), editable=False
    )

    objects = ScopedManager(workspace="workspace", _manager_class=models.Manager.from_queryset(WorkspaceQuerySet))

    class Meta:
        abstract = True
