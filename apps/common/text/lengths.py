"""How long a text is, as platforms count it."""

from __future__ import annotations

from typing import Literal

import regex

from apps.common.text.words import graphemes

Unit = Literal["graphemes", "code_points", "utf16", "weighted"]

# X's published configuration (twitter-text, v3): these code points count one, all others and every emoji two.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_LINK_LENGTH = 23
_LINK = regex.compile(r"https?://\S+", regex.IGNORECASE)
_EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3")


def measure(text: str, unit: Unit) -> int:
    """Length of a text: graphemes, code points, UTF-16 units, or X's weighted code points."""
    match unit:
        case "graphemes":
            return len(graphemes(text))
        case "code_points":
            return len(text)
        case "utf16":
            return len(text.encode("utf-16-le")) // 2
        case "weighted":
            links = len(_LINK.findall(text))
            return links * _LINK_LENGTH + sum(_weight(grapheme) for grapheme in graphemes(_LINK.sub("", text)))


def _weight(grapheme: str) -> int:
    if _EMOJI.search(grapheme):
        return 2
    return sum(1 if any(low <= ord(char) <= high for low, high in _LIGHT) else 2 for char in grapheme)
