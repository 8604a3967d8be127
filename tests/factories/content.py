"""Items in any state of their life, made the way the product makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from apps.content.models import Asset, Item, Revision, SearchEntry
from apps.content.services import Text, create_item, keep_asset, submit_item
from apps.content.voice import change_brand_voice
from apps.lifecycle.services import advance
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import Workspace

# The transitions that lead to a state from "in_review".
_WAYS: dict[str, tuple[str, ...]] = {
    "in_review": (),
    "approved": ("approve",),
    "rendering": ("approve", "produce"),
    "failed": ("approve", "produce", "fail"),
    "ready": ("approve", "complete"),
}


def make_text(title: str = "The harbour light", *, parts: int = 1, **fields: Any) -> Text:
    """A text of short parts, each with a title and two sentences."""
    rows = [{"title": f"{title} {n}", "text": f"Night {n} began. The light went out. "} for n in range(1, parts + 1)]
    return Text(title=title, **{"parts": rows, "hook": "It was dark.", "hashtags": ["harbour"], **fields})


def make_item(
    workspace: Workspace, *, state: str = "draft", actor: Actor = SYSTEM, text: Text | None = None, **fields: Any
) -> Item:
    """An item of one revision by `actor`, brought to `state` by the system."""
    item = create_item(
        workspace=workspace, actor=actor, **{"kind": Item.Kind.STORY, "text": text or make_text(), **fields}
    )
    if state == "draft":
        return item
    submit_item(item=item, actor=SYSTEM)
    for action in _WAYS[state]:
        changed = {"approved_revision": item.current_revision} if action == "approve" else None
        advance(item, action, actor=SYSTEM, fields=changed)
    return item


def make_asset(revision: Revision, folder: Path, *, kind: str = "preview", part: int = 1, key: str = "k1") -> Asset:
    path = folder / f"{kind}-{part}-{key}.mp4"
    path.write_bytes(b"film " + key.encode())
    return keep_asset(revision=revision, kind=kind, part=part, path=path, key=key, seconds=1.5)


TENANT = {
    "content.BrandVoice": lambda workspace: change_brand_voice(
        workspace=workspace, actor=SYSTEM, summary=workspace.name, banned=["game changer"]
    ),
    "content.SearchEntry": lambda workspace: SearchEntry._base_manager.get(
        kind="item", object_id=make_item(workspace, text=make_text(f"{workspace.name} entry")).pk
    ),
}
