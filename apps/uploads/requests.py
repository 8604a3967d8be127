"""From rows to the frozen request that an adapter gets."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.content.models import Asset, Item
from apps.platforms.base import MediaFile, Platform, PublishRequest
from apps.schedules.drafts import draft_of
from apps.schedules.models import Post

_TYPES = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".vtt": "text/vtt"}


def request_for(post: Post, platform: Platform) -> PublishRequest:
    """Raises AdapterError, permanent, when a file that the post needs is not there."""
    assets = {asset.kind: asset for asset in Asset._base_manager.filter(revision_id=post.revision_id, part=post.part)}
    video, thumbnail, captions = (
        assets.get(kind) for kind in (Asset.Kind.VIDEO, Asset.Kind.THUMBNAIL, Asset.Kind.CAPTIONS)
    )
    if video is None and post.item.format == Item.Format.VIDEO:
        raise AdapterError(_("The video of this post is not there."), permanent=True, hint=_("Render it again."))
    return PublishRequest(
        post_key=post.key,
        account=post.account.handle,
        credentials=post.account.credentials,
        settings=post.account.settings,
        draft=draft_of(post.variant, language=post.item.language, video=video),
        timeout=platform.timeout,
        series=f"{post.item_id}-{post.revision_id}",
        video=_media(video),
        thumbnail=_media(thumbnail),
        captions=_media(captions) if captions and captions.file.name.endswith(".vtt") else None,
    )


def _media(asset: Asset | None) -> MediaFile | None:
    if asset is None:
        return None
    storage, name = asset.file.storage, asset.file.name
    if not storage.exists(name):
        raise AdapterError(_("A file of this post is missing."), permanent=True, hint=_("Render it again."), name=name)
    suffix = name[name.rfind(".") :].lower()
    return MediaFile(
        name=name,
        size=asset.bytes,
        sha256=asset.sha256,
        content_type=_TYPES.get(suffix, "application/octet-stream"),
        open=partial(storage.open, name, "rb"),
    )
