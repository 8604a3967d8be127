"""What a post would say, as adapters see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from apps.content.images import images_of
from apps.content.models import Asset, Item, Variant
from apps.content.variants import card_of
from apps.platforms.base import Draft, Problem
from apps.platforms.models import Account


def video_of(variant: Variant) -> Asset | None:
    return Asset._base_manager.filter(revision_id=variant.revision_id, kind=Asset.Kind.VIDEO, part=variant.part).first()


def pictures_of(variant: Variant) -> list[Asset]:
    """The images go out with the first part."""
    return images_of(variant.revision_id) if variant.part == 1 else []


def draft_of(variant: Variant, *, language: str, video: Asset | None, pictures: Sequence[Asset] = ()) -> Draft:
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
        pictures=tuple(picture.alt for picture in pictures),
        picture_sizes=tuple(picture.bytes for picture in pictures),
        card=card_of(variant.revision),
    )


def problems_of(variant: Variant, item: Item, account: Account) -> list[Problem]:
    """Why the variant cannot go out on the account; empty when it can."""
    draft = _on(account, variant, item)
    if item.format == Item.Format.VIDEO and not draft.has_video:
        return [Problem("video", _("The video is not finished."))]
    return account.adapter.validate(draft)


def left_out_of(variant: Variant, item: Item, account: Account) -> list[Problem]:
    """What the post will not hold, although it can go out."""
    return account.adapter.left_out(_on(account, variant, item))


def _on(account: Account, variant: Variant, item: Item) -> Draft:
    draft = draft_of(variant, language=item.language, video=video_of(variant), pictures=pictures_of(variant))
    return replace(draft, settings=account.settings)
