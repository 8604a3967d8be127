"""What a post would say, as adapters see it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.content.models import Asset, Item, Variant
from apps.platforms.base import Draft, Problem
from apps.platforms.models import Account


def video_of(variant: Variant) -> Asset | None:
    return Asset._base_manager.filter(revision_id=variant.revision_id, kind=Asset.Kind.VIDEO, part=variant.part).first()


def draft_of(variant: Variant, *, language: str, video: Asset | None) -> Draft:
    return Draft(
        title=variant.title,
        text=variant.text,
        hashtags=tuple(variant.hashtags),
        language=language,
        part=variant.part,
        parts_total=variant.parts_total,
        has_video=video is not None,
        duration=video.seconds if video else None,
        size=video.bytes if video else None,
    )


def problems_of(variant: Variant, item: Item, account: Account) -> list[Problem]:
    """Why the variant cannot go out on the account; empty when it can."""
    video = video_of(variant)
    if item.format == Item.Format.VIDEO and video is None:
        return [Problem("video", _("The video is not finished."))]
    return account.adapter.validate(draft_of(variant, language=item.language, video=video))
