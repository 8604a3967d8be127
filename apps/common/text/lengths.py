"""How long a text is, as platforms count it."""

from __future__ import annotations

import unicodedata
from typing import Literal

import regex

from apps.common.text.links import link_spans
from apps.common.text.words import graphemes

Unit = Literal["graphemes", "code_points", "utf16", "weighted"]

# X's published configuration (twitter-text, version 3): these code points count one, all others and every emoji two.
_LIGHT = regex.compile(r"[\x00-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
_LINK_LENGTH = 23
# © and ® are emoji only where the text says so.
_PICTURE = r"(?:\p{Emoji_Modifier_Base}\ufe0f?\p{Emoji_Modifier}|(?![©®](?!\ufe0f))\p{Extended_Pictographic}\ufe0f?)"
_EMOJI = regex.compile(
    r"[#*0-9]\ufe0f?\u20e3"
    r"|\p{Regional_Indicator}{2}"
    r"|\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
    rf"|{_PICTURE}(?:\u200d{_PICTURE})+"
    rf"|{_PICTURE}(?!\ufe0e)"
)


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
            return _weighted(unicodedata.normalize("NFC", text))


def _weighted(text: str) -> int:
    """Links count as long as those that X puts in their place; an emoji counts once, whatever it is made of."""
    length, position = 0, 0
    for start, end in link_spans(text):
        length += _without_links(text[position:start]) + _LINK_LENGTH
        position = end
    return length + _without_links(text[position:])


def _without_links(text: str) -> int:
    rest, emoji = _EMOJI.subn("", text)
    light = len(_LIGHT.findall(rest))
    return 2 * emoji + light + 2 * (len(rest) - light)
