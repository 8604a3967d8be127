"""What an item says on each platform: the same as everywhere, or words of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from apps.common.errors import Invalid
from apps.common.text.hashtags import unique_hashtags
from apps.content.models import Item, Revision, Variant
from apps.platforms.base import LinkCard
from apps.platforms.registry import platforms

LONGEST = 200_000


@dataclass(frozen=True)
class NewVariant:
    """Words for one platform. part: None for all parts; title: "" for the part's own."""

    platform: str
    text: str
    hashtags: list[str] = field(default_factory=list)
    title: str = ""
    part: int | None = None


def check_variants(variants: Sequence[NewVariant]) -> None:
    """Raises Invalid. What does not fit a platform may be saved; it is said, and cannot be scheduled."""
    known = platforms()
    problems: dict[str, list[str]] = {}
    for each in variants:
        if each.platform not in known:
            problems["variants"] = [_("There is no platform “%(name)s”.") % {"name": each.platform}]
        elif len(each.title) > 300 or len(each.text) > LONGEST:
            problems["variants"] = [_("The text for %(name)s is too long.") % {"name": each.platform}]
    if problems:
        raise Invalid(_("The texts of the platforms cannot be saved."), **problems)


def usual_text(platform: str, *, format: str, part: str, description: str) -> str:
    """What a platform gets when nobody wrote anything for it: the description, or the article where articles go."""
    limits = platforms()[platform].limits if platform in platforms() else None
    takes_articles = limits is not None and not (limits.text or limits.text_bytes or limits.video_required)
    return part if takes_articles and format == Item.Format.TEXT else description


def derived(revision: Revision, platform: str) -> list[Variant]:
    """Unsaved: what the platform gets when nobody wrote anything for it, one variant a part."""
    format, description = revision.item.format, revision.description
    return [
        Variant(
            workspace=revision.workspace,
            revision=revision,
            platform=platform,
            part=part["number"],
            parts_total=len(revision.parts),
            title=part["title"] or revision.title,
            text=usual_text(platform, format=format, part=part["text"], description=description),
            hashtags=revision.hashtags,
        )
        for part in revision.parts
    ]


def own_variants(revision: Revision) -> list[NewVariant]:
    """Those that were written for their platform, and not only taken over from the text around it."""
    own = []
    rows = list(Variant._base_manager.filter(revision=revision).order_by("platform", "part"))
    names = dict.fromkeys(each.platform for each in rows)
    usual = {(each.platform, each.part): each for name in names for each in derived(revision, name)}
    for each in rows:
        base = usual.get((each.platform, each.part))
        title = "" if base and each.title == base.title else each.title
        if base is None or title or (each.text, each.hashtags) != (base.text, base.hashtags):
            own.append(NewVariant(each.platform, each.text, each.hashtags, title, each.part))
    return own


def keep_own(revision: Revision, variants: Sequence[NewVariant]) -> list[Variant]:
    """Write them down for a new revision; parts without words of their own get what is derived."""
    rows: list[Variant] = []
    for platform in dict.fromkeys(each.platform for each in variants):
        own = [each for each in variants if each.platform == platform]
        for row in derived(revision, platform):
            found = next((each for each in own if each.part in (None, row.part)), None)
            if found is not None:
                row.text, row.hashtags = found.text, unique_hashtags(found.hashtags)
                row.title = found.title or row.title
            rows.append(row)
    return Variant._base_manager.bulk_create(rows)


def card_of(revision: Revision) -> LinkCard:
    """What stands where somebody shares a link, as adapters take it."""
    card: dict[str, Any] = revision.card
    return LinkCard(card.get("title", ""), card.get("description", ""), card.get("picture"))
