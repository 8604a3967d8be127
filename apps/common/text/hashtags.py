"""Hashtags in every script. A tag is held without its "#"."""

from collections.abc import Iterable

import regex

from apps.common.text.normalise import normalise
from apps.common.text.words import words

# As X reads them (twitter-text, version 3); the two dots join the parts of Catalan and Japanese names.
_INSIDE = r"\p{L}\p{M}\p{Nd}_\u200c\u200d\u00b7\u30fb"
_TAG = regex.compile(rf"(?![\ufe0f\u20e3])[{_INSIDE}]+")
# "#️⃣" is an emoji, and "#one#two" is no tag at all.
_HASHTAG = regex.compile(rf"(?<![{_INSIDE}&/#＃])[#＃]((?![\ufe0f\u20e3])[{_INSIDE}]++)(?![#＃]|://)")
_LETTER = regex.compile(r"\p{L}")


def is_hashtag(tag: str) -> bool:
    """Whether platforms read ``tag`` (without "#") as one tag: letters, marks, digits and "_", a letter among them."""
    return bool(_TAG.fullmatch(tag)) and bool(_LETTER.search(tag))


def extract_hashtags(text: str) -> list[str]:
    """The tags of a text in order, each once whatever its case, without "#"."""
    return unique_hashtags(_HASHTAG.findall(text))


def hashtag_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of every tag of a text, with its sign, in order."""
    return [(match.start(), match.end()) for match in _HASHTAG.finditer(text) if is_hashtag(match[1])]


def build_hashtag(phrase: str) -> str:
    """One tag from a phrase: "night shift" gives "NightShift", "മലയാളം വാർത്ത" gives "മലയാളംവാർത്ത".

    Gives "" when the phrase holds no letter.
    """
    parts = [word.replace("'", "").replace("’", "") for word in words(normalise(phrase).lstrip("#＃"))]
    parts = [regex.sub(rf"[^{_INSIDE}]|[\ufe0f\u20e3]", "", part) for part in parts]
    if len(parts) > 1:
        parts = [part[:1].upper() + part[1:] for part in parts]
    tag = "".join(parts)
    return tag if is_hashtag(tag) else ""


def unique_hashtags(tags: Iterable[str]) -> list[str]:
    """Valid tags in their first spelling and order; what is no tag is left out."""
    seen: dict[str, str] = {}
    for tag in tags:
        tag = normalise(tag).lstrip("#＃")
        if is_hashtag(tag):
            seen.setdefault(tag.casefold(), tag)
    return list(seen.values())
