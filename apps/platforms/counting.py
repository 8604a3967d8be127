"""How much of what a platform accepts a draft uses: the numbers that its validation compares, to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.common.text.lengths import measure
from apps.platforms.base import Draft, Platform

UNITS = {
    "graphemes": _("characters"),
    "code_points": _("code points"),
    "utf16": _("UTF-16 units"),
    "weighted": _("weighted characters"),
}


@dataclass(frozen=True)
class Count:
    """name: text, bytes, title, hashtags or pictures. most: 0 without a limit."""

    name: str
    label: Any
    length: int
    most: int

    @property
    def over(self) -> bool:
        return bool(self.most) and self.length > self.most

    @property
    def is_close(self) -> bool:
        """Whether the next sentence will not fit."""
        return self.most > 100 and 0 <= self.most - self.length <= 20


def counts_of(platform: Platform, draft: Draft) -> list[Count]:
    """Every limit that the platform has, with what the draft uses of it; the text always."""
    draft = platform.as_posted(draft)
    limits, said = platform.counted(draft)
    found = []
    if limits.text or not limits.text_bytes:
        found.append(Count("text", UNITS[limits.unit], measure(said, limits.unit), limits.text))
    if limits.text_bytes:
        found.append(Count("bytes", _("bytes"), len(said.encode()), limits.text_bytes))
    if limits.title:
        found.append(Count("title", _("of the title"), measure(draft.title, limits.unit), limits.title))
    if limits.hashtags and draft.hashtags:
        found.append(Count("hashtags", _("hashtags"), len(draft.hashtags), limits.hashtags))
    if limits.pictures and draft.pictures:
        found.append(Count("pictures", _("images"), len(draft.pictures), limits.pictures))
    return found
