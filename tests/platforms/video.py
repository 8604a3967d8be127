"""Entries with files, taken in the way the platform takes them."""

from __future__ import annotations

import hashlib
import uuid

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.platforms.feed.models import Feed, FeedEntry
from apps.platforms.feed.services import EntryPayload, ingest


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def stored(feed: Feed, name: str, content: bytes) -> dict:
    """A file of the feed's workspace, as the payload names it."""
    saved = default_storage.save(f"w{feed.workspace_id}/items/1/{name}", ContentFile(content))
    return {"name": saved, "size": len(content), "sha256": sha256_of(content)}


def entry_of(feed: Feed, *, video: bytes = b"", thumbnail: bytes = b"", captions: bytes = b"", **fields) -> FeedEntry:
    files = {
        kind: stored(feed, name, content)
        for kind, name, content in (
            ("video", "v.mp4", video),
            ("thumbnail", "t.jpg", thumbnail),
            ("captions", "c.vtt", captions),
        )
        if content
    }
    payload = EntryPayload(**{"title": "A day at sea", **fields}, **files)
    return ingest(feed, uuid.uuid4(), payload)[0]
