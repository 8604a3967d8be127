"""How Mastodon counts a text: a link is as long as every other link, and of a handle only the name counts."""

from __future__ import annotations

import regex

LINK = "x" * 23
_LINK = regex.compile(r"https?://[^\s<>\"]+", regex.IGNORECASE)
_HANDLE = regex.compile(r"(?<![\w/])@([\w](?:[\w.-]*[\w])?)@[\w](?:[\w.-]*[\w])?(?::\d+)?")


def countable(text: str) -> str:
    """A text of the length that Mastodon sees."""
    return _HANDLE.sub(r"@\1", _LINK.sub(LINK, text))
