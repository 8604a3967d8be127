"""The base of every task: it opens the workspace's scope, and a lost or doubled message does no harm."""

from __future__ import annotations

from typing import Any

from celery import Task
from django.utils.translation import override
from django_scopes import scope

from apps.workspaces.models import Workspace


class WorkspaceTask(Task):
    """A task whose first argument is a workspace id: `@shared_task(base=WorkspaceTask)`.

    It takes ids, fetches, calls one service and logs. It runs inside `scope(workspace=…)`, and what it writes down for
    people, such as the names of steps, is in the workspace's language.
    """

    abstract = True

    def __call__(self, workspace_id: int, *args: Any, **kwargs: Any) -> Any:
        workspace = Workspace.objects.filter(pk=workspace_id).first()
        if workspace is None:
            return None  # deleted meanwhile: there is nothing left to work on
        with scope(workspace=workspace), override(workspace.language):
            return self.run(workspace_id, *args, **kwargs)
