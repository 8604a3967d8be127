"""Readable parts of addresses, in every script."""

import regex

from apps.common.text.normalise import normalise
from apps.common.text.words import graphemes

_APOSTROPHE = regex.compile(r"(?<=\p{L})['’](?=\p{L})")
# Marks make syllables and joiners make letters, so they stay; Django's slugify drops both, which ruins Indian scripts.
_JOINER_INSIDE = r"(?<=\p{L}\p{M}*)[\u200c\u200d](?=[\p{L}\p{M}])"
_MARK_OF_LETTER = r"(?<=[\p{L}\p{N}][\p{M}\u200c\u200d]*)\p{M}"
_NOT_IN_SLUG = regex.compile(rf"(?s)(?:(?![\p{{L}}\p{{N}}]|{_MARK_OF_LETTER}|{_JOINER_INSIDE}).)+")
# Only for the eye: the frame and the colour of an emoji, the Arabic stretcher, marks of the direction of writing.
_LOOKS = regex.compile(r"[\ufe0e\ufe0f\u20e3\u0640\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def slug(text: str, *, max_length: int = 80) -> str:
    """Lower-case words joined by hyphens, at most ``max_length`` graphemes, cut at a word where possible.

    "കേരളത്തിലെ വാർത്ത" gives "കേരളത്തിലെ-വാർത്ത". A text without letters or digits gives "".
    """
    text = _LOOKS.sub("", _APOSTROPHE.sub("", normalise(normalise(text).lower())))
    whole = _NOT_IN_SLUG.sub("-", text).strip("-")
    clusters = graphemes(whole)
    if len(clusters) <= max_length:
        return whole
    cut = "".join(clusters[:max_length])
    if clusters[max_length] != "-" and "-" in cut:
        cut = cut.rpartition("-")[0]
    return cut.strip("-")
