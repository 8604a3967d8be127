"""Items as something to try an AI template with."""

from __future__ import annotations

from typing import Any

from apps.content.models import Item
from apps.content.voice import voice_for
from apps.templates.samples import Items, register_items
from apps.workspaces.models import Workspace

_LATEST = 30


def choices(workspace: Workspace) -> list[tuple[int, str]]:
    rows = Item._base_manager.filter(workspace=workspace).order_by("-pk")
    return list(rows.values_list("pk", "title")[:_LATEST])


def values(workspace: Workspace, item_id: int) -> dict[str, Any] | None:
    rows = Item._base_manager.filter(workspace=workspace).select_related("current_revision")
    item = rows.filter(pk=item_id).first()
    if item is None:
        return None
    revision = item.current_revision
    text = revision.body
    return {
        "title": revision.title,
        "text": text,
        "story": item.source_text or text,
        "transcript": text,
        "hashtags": list(revision.hashtags),
        "language": item.language,
        "voice": voice_for(workspace, language=item.language),
        "parts": len(revision.parts),
    }


def register() -> None:
    register_items(Items(choices, values))
