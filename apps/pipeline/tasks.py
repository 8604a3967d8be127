"""The tasks: each takes ids, fetches, and calls one function."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.apps import apps
from django_scopes import scopes_disabled

from apps.analytics.services import read_due_posts
from apps.lifecycle import retention
from apps.lifecycle.handlers import handler_of
from apps.lifecycle.machines import machine_of
from apps.lifecycle.runs import execute_run
from apps.lifecycle.services import TransitionRefused
from apps.lifecycle.tasks import WorkspaceTask
from apps.platforms.health import check_due_accounts
from apps.uploads import notices
from apps.uploads import retention as uploads_retention
from apps.uploads.services import publish_post
from apps.workspaces.models import Workspace

log = structlog.get_logger(__name__)


@shared_task(base=WorkspaceTask)
def follow(workspace_id: int, subject: str, state: str) -> None:
    """Do what follows from a row having reached `state`, if it is still there."""
    label, _, pk = subject.partition(":")
    model = apps.get_model(label)
    row = model._base_manager.select_related("workspace").filter(pk=pk, workspace=workspace_id, state=state).first()
    handler = handler_of(machine_of(model).name, state)
    if row is None or handler is None:
        return
    try:
        handler.follow(row)
    except TransitionRefused as refusal:
        log.info("overtaken", subject=subject, state=state, reason=str(refusal))


@shared_task(base=WorkspaceTask, bind=True)
def execute(self, workspace_id: int, run_id: int) -> None:
    """Carry out a queued run."""
    from apps.pipeline.work import carry_out  # engines load only in the workers that execute

    with execute_run(run_id, task_id=self.request.id or "") as work:
        if work is not None:
            carry_out(work)


@shared_task(base=WorkspaceTask)
def publish(workspace_id: int, post_id: int) -> None:
    publish_post(post_id=post_id)


@shared_task
def sweep() -> dict[str, int]:
    from apps.pipeline.sweeper import sweep_all  # it sends these tasks

    return sweep_all()


@shared_task(base=WorkspaceTask)
def tell(workspace_id: int) -> None:
    """Mail what waits for people."""
    notices.mail(Workspace.objects.get(pk=workspace_id))


@shared_task
def tidy() -> dict[str, int]:
    with scopes_disabled():
        return {**retention.clean(), **uploads_retention.clean()}


@shared_task
def check_accounts() -> int:
    """Ask the platforms whether the logins still work that nobody asked about for a day."""
    with scopes_disabled():
        return check_due_accounts()


@shared_task
def read_posts() -> int:
    """Ask the platforms what the posts have got that have come to one of the ages at which they are compared."""
    with scopes_disabled():
        return read_due_posts()
