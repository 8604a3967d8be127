"""From rows to the frozen request that an adapter gets."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from django.db.models import Min

from apps.common.clock import database_now
from apps.content.models import Asset, Item
from apps.platforms.base import MediaFile, Picture, Platform, PublishRequest
from apps.platforms.renewal import fresh_connection
from apps.schedules.drafts import draft_of, pictures_of
from apps.schedules.models import Post
from apps.uploads.models import Attempt
from apps.uploads.problems import problem

_TYPES = {
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".vtt": "text/vtt",
}


def request_for(post: Post, platform: Platform) -> PublishRequest:
    """The post with credentials that hold, renewed where that was due.

    May call the platform for that, so it must not be called in a transaction. Raises NeedsLogin or a passing
    AdapterError when the login could not be renewed, and a permanent one when a file that the post needs is not there.
    """
    assets = {asset.kind: asset for asset in Asset._base_manager.filter(revision_id=post.revision_id, part=post.part)}
    video, thumbnail, captions = (
        assets.get(kind) for kind in (Asset.Kind.VIDEO, Asset.Kind.THUMBNAIL, Asset.Kind.CAPTIONS)
    )
    if video is None and post.item.format == Item.Format.VIDEO:
        raise problem("file_missing", permanent=True)
    pictures = pictures_of(post.variant)
    files = tuple(Picture(_media(each), each.alt) for each in pictures)
    connection = fresh_connection(post.account)
    draft = draft_of(post.variant, language=post.item.language, video=video, pictures=pictures)
    return PublishRequest(
        post_key=post.key,
        account=connection.account,
        credentials=connection.credentials,
        settings=connection.settings,
        draft=replace(draft, settings=connection.settings),
        timeout=platform.timeout,
        series=f"{post.item_id}-{post.revision_id}",
        video=_media(video),
        thumbnail=_media(thumbnail),
        captions=_media(captions) if captions and captions.file.name.endswith(".vtt") else None,
        pictures=files,
        canonical_url=_canonical_url(post),
        begun_at=_begun_at(post),
        handle=post.handle,
    )


def _canonical_url(post: Post) -> str:
    """Where readers find the piece as it was first published: its source, or else this workspace's first post of it."""
    if post.item.source_url:
        return post.item.source_url
    online = Post._base_manager.filter(item=post.item_id, part=post.part, published_at__isnull=False)
    return online.exclude(url="").order_by("published_at").values_list("url", flat=True).first() or ""


def _begun_at(post: Post) -> datetime:
    first = Attempt._base_manager.filter(post=post).aggregate(at=Min("intent_at"))["at"]
    return first or database_now()


def _media(asset: Asset | None) -> MediaFile | None:
    if asset is None:
        return None
    storage, name = asset.file.storage, asset.file.name
    if not storage.exists(name):
        raise problem("file_missing", permanent=True, name=name)
    suffix = name[name.rfind(".") :].lower()
    return MediaFile(
        name=name,
        size=asset.bytes,
        sha256=asset.sha256,
        content_type=_TYPES.get(suffix, "application/octet-stream"),
        open=partial(storage.open, name, "rb"),
    )
