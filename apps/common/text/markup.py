"""Taking away what is written but neither shown in captions nor said: markdown, entities, emoji, invisible marks."""

import html
from collections.abc import Callable

import regex

_EMOJI = (
    r"(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier})"
    r"[\ufe0e\ufe0f\u200d\u20e3\U000e0020-\U000e007f\p{Emoji_Modifier}\p{Extended_Pictographic}\p{Regional_Indicator}]*"
)
# Asterisks after one or two bare letters hide a swear word ("f***", "sh*t") and are no markup.
_ASTERISKS = (
    r"(?<![\p{L}\p{N}*])\*{1,3}(?=[^\s*])"
    r"|(?<=[^\s*])(?<!(?<![\p{L}*])\p{L}{1,2})\*{1,3}(?![\p{L}\p{N}*])"
    r"|(?<!\S)\*+(?!\S)"
)


def _nothing(match: regex.Match[str]) -> str:
    return ""


def _space(match: regex.Match[str]) -> str:
    return " "


def _unescaped(match: regex.Match[str]) -> str:
    return html.unescape(match[0])


# In this order: entities may spell markup, images look like links.
_RULES: tuple[tuple[regex.Pattern[str], Callable[[regex.Match[str]], str]], ...] = tuple(
    (regex.compile(pattern, regex.MULTILINE), replacement)
    for pattern, replacement in (
        (r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\p{L}{2,8});", _unescaped),
        (r"[\ufeff\u200b\u200e\u200f\u2060\u2061-\u2064\u00ad\u202a-\u202e\u2066-\u2069\p{Cs}\p{Co}]", _nothing),
        (r"(?!\s)\p{Cc}", _nothing),
        (r"(?<=[\d#*])\ufe0f?\u20e3", _space),
        (_EMOJI, _space),
        (r"[\ufe0e\ufe0f]", _nothing),
        (r"!\[[^\]\n]*\]\([^)\s]*\)", _space),
        (r"\[(?=[^\]\n]+\]\([^)\n]*\))|(?<=\[[^\]\n]+)\]\([^)\n]*\)", _nothing),
        (r"^[ \t]*(?:[-*_=][ \t]*){3,}$", _nothing),
        (r"^[ \t]{0,3}(?:#{1,6}[ \t]+|(?:>(?!!)[ \t]?)+|[*+-][ \t]+)", _nothing),
        (r">!|!<(?!\d)|\|\|", _nothing),
        (r"\\(?=[\p{P}\p{S}])", _nothing),
        (r"~~|`+", _nothing),
        (_ASTERISKS, _nothing),
        (r"(?<![\p{L}\p{N}_])_{1,3}(?=[^\s_])|(?<=[^\s_])_{1,3}(?![\p{L}\p{N}_])", _nothing),
        (r"\|", _space),
    )
)


def visible(text: str) -> tuple[str, list[int]]:
    """The text without markup, and for each of its characters the index in ``text`` where it comes from."""
    origins = list(range(len(text)))
    for pattern, replacement in _RULES:
        pieces: list[str] = []
        kept: list[int] = []
        position = 0
        for match in pattern.finditer(text):
            new = replacement(match)
            pieces += (text[position : match.start()], new)
            kept += origins[position : match.start()]
            kept += [origins[match.start()]] * len(new)
            position = match.end()
        if position:
            text = "".join(pieces) + text[position:]
            origins = kept + origins[position:]
    return text, origins
