"""Reading stories and sources."""

from __future__ import annotations

from pathlib import Path

from django.db.models import Count, QuerySet

from apps.stories.models import Source, Story

_DEMO_STORY = Path(__file__).parent / "data" / "demo_story.txt"


def stories() -> QuerySet[Story]:
    """Stories of the current workspace, with what lists show of them."""
    return Story.objects.select_related("workspace", "source", "item")


def sources() -> QuerySet[Source]:
    return Source.objects.select_related("workspace", "timer__interval")


def counts_by_state() -> dict[str, int]:
    return dict(Story.objects.order_by().values_list("state").annotate(Count("pk")))


def demo_story() -> str:
    """The story that ships with Rundown: a title line, a blank line, the text."""
    return _DEMO_STORY.read_text(encoding="utf-8")
