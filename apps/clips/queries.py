"""Reading clips and what became of files in the watched folder."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from apps.clips.models import Clip, InboxFile, IncomingFile
from apps.lifecycle.models import Run
from apps.workspaces.audit import describe


def clips() -> QuerySet[Clip]:
    """Clips of the current workspace, with what lists show of them."""
    return Clip.objects.select_related("workspace", "item__current_revision", "added_by")


def counts_by_state() -> dict[str, int]:
    return dict(Clip.objects.order_by().values_list("state").annotate(Count("pk")))


def inbox_files() -> QuerySet[InboxFile]:
    return InboxFile.objects.select_related("clip__item")


def refused() -> QuerySet[Clip]:
    """Clips that were refused and that nobody has tried again or deleted since, newest first."""
    return clips().filter(state="refused").order_by("-state_at", "-pk")


def refused_files() -> QuerySet[InboxFile]:
    """Files that still lie in the watched folder though they were refused, newest first."""
    return inbox_files().filter(outcome=InboxFile.Outcome.REFUSED).order_by("-settled_at", "-pk")


def unfinished_uploads(user: object) -> QuerySet[IncomingFile]:
    return IncomingFile.objects.filter(user=user)


def runs_of(clip: Clip) -> list[Run]:
    """The work on a clip and on its item, newest first."""
    subjects = [describe(clip), *([describe(clip.item)] if clip.item else [])]
    return list(Run.objects.filter(subject__in=subjects).prefetch_related("steps").order_by("-created_at")[:8])


def open_runs_of(clips: list[Clip]) -> dict[int, list[Run]]:
    """The work under way, by clip, in one query for all of them."""
    names = {describe(clip): clip.pk for clip in clips}
    names |= {describe(clip.item): clip.pk for clip in clips if clip.item}
    found: dict[int, list[Run]] = {}
    runs = Run.objects.filter(subject__in=names, state__in=["queued", "running"]).prefetch_related("steps")
    for run in runs.order_by("created_at"):
        found.setdefault(names[run.subject], []).append(run)
    return found
