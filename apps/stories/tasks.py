"""What a source's timer starts."""

from __future__ import annotations

from celery import shared_task

from apps.lifecycle.tasks import WorkspaceTask
from apps.stories.models import Source
from apps.stories.services import request_fetch


@shared_task(base=WorkspaceTask)
def fetch_due(workspace_id: int, source_id: int) -> None:
    """Queue the fetch as a run, which can be watched, and which waits as long as Reddit says."""
    source = Source.objects.filter(pk=source_id).select_related("workspace").first()
    if source:
        request_fetch(source=source)
