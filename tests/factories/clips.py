"""Clips, and what stands around them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from itertools import count
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from apps.clips.models import Clip, ClipSettings, InboxFile, IncomingFile
from apps.content.services import Text, create_item, submit_item
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import Membership, Workspace

_numbers = count(1)


def make_clip(workspace: Workspace, *, state: str = "waiting", content: bytes = b"", **fields: Any) -> Clip:
    """A saved clip whose file holds these bytes; nothing has looked into it."""
    number = next(_numbers)
    content = content or f"clip {number}".encode()
    name = fields.pop("name", f"{workspace.name} clip {number}.mp4")
    values = {"origin": "upload", "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), **fields}
    clip = Clip(workspace=workspace, name=name, **values)
    clip.state = state
    clip.file.save("clip.mp4", ContentFile(content), save=False)
    clip.save()
    return clip


def make_used_clip(workspace: Workspace, *, heard: list[list[Any]] | None = None, **fields: Any) -> Clip:
    """A clip with an item in review; heard: [[word, start, end, sure], …]."""
    words = heard if heard is not None else [["Hello", 0.1, 0.5, 0.9], ["there.", 0.5, 0.9, 0.8]]
    text = " ".join(word[0] for word in words)
    title = fields.pop("title", f"{workspace.name} clip")
    item = create_item(
        workspace=workspace,
        actor=SYSTEM,
        kind="clip",
        text=Text(title=title, parts=[{"number": 1, "title": "", "text": text}], description="About it."),
    )
    submit_item(item=item, actor=SYSTEM)
    return make_clip(workspace, state="used", heard=words, item=item, seconds=2.0, language="en", **fields)


def make_upload(workspace: Workspace, *, user: Any = None, **fields: Any) -> IncomingFile:
    user = user or Membership._base_manager.filter(workspace=workspace).first().user
    values = {"name": f"{workspace.name} upload.mp4", "size": 100, "expires_at": timezone.now() + timedelta(hours=1)}
    return IncomingFile._base_manager.create(workspace=workspace, user=user, **{**values, **fields})


TENANT = {
    "clips.Clip": lambda workspace: make_used_clip(workspace),
    "clips.ClipSettings": lambda workspace: ClipSettings.objects.get_or_create(workspace=workspace)[0],
    "clips.InboxFile": lambda workspace: InboxFile.objects.create(
        workspace=workspace, path=f"{workspace.name}.mp4", size=5, mtime_ns=1, outcome="refused"
    ),
    "clips.IncomingFile": lambda workspace: make_upload(workspace),
}
