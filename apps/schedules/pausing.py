"""Holding back all that a workspace would publish, and letting it go on; an account is paused where it is kept."""

from __future__ import annotations

from datetime import datetime

from apps.common.clock import database_now
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.platforms.models import Account
from apps.schedules.wake import wake_dispatcher
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace


def pause_workspace(*, workspace: Workspace, actor: Actor, reason: str = "") -> Workspace:
    """Nothing of the workspace goes out until it is resumed; a call already begun is not taken back."""
    return _pause(workspace, actor, database_now(), reason)


def resume_workspace(*, workspace: Workspace, actor: Actor) -> Workspace:
    return _pause(workspace, actor, None, "")


def _pause(workspace: Workspace, actor: Actor, since: datetime | None, reason: str) -> Workspace:
    actor.require("publish_content", workspace)
    with unit_of_work():
        # An intent is written under its account's lock: none is half written when this is done.
        list(Account._base_manager.select_for_update().filter(workspace=workspace).order_by("pk").values_list("pk"))
        changed = Workspace.objects.filter(pk=workspace.pk, paused_at__isnull=since is not None)
        if changed.update(paused_at=since):
            data = {"paused": since is not None, "reason": reason, "by": actor.label}
            audit.record(workspace=workspace, actor=actor, action="workspace.pause", target=workspace, data=data)
            emit(workspace=workspace, type="workspace.paused", subject=workspace, data=data)
            wake_dispatcher()
        workspace.paused_at = since
    return workspace
