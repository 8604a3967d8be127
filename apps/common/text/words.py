"""Words and graphemes of any script.

``re``'s ``\\w`` leaves out combining marks and so tears Malayalam, Hindi and Thai words apart; ``regex`` knows better.
"""

from itertools import takewhile

import regex

# Scripts written without spaces whose characters are words of their own, near enough for counting and comparing.
_IDEOGRAPH = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_WORD_CHAR = r"[\p{L}\p{M}\p{N}\u200c\u200d]"
WORD = regex.compile(
    rf"{_IDEOGRAPH}\p{{M}}*"
    rf"|(?!{_IDEOGRAPH})[\p{{L}}\p{{N}}](?:(?!{_IDEOGRAPH}){_WORD_CHAR}|['’](?=\p{{L}})|(?<=\p{{Nd}})[.,](?=\p{{Nd}}))*"
)
_UNMARKED = regex.compile(r"(?:[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*)+")
_UNMARKED_WORD = 3
_GRAPHEME = regex.compile(r"\X")


def words(text: str) -> list[str]:
    """The words of a text as written, punctuation left out.

    An apostrophe inside a word and a separator inside a number belong to it ("don't", "1,200.5"). Chinese and Japanese
    give one word per character; Thai, Lao, Khmer and Burmese give one per run, as nothing marks their words.
    """
    return WORD.findall(text)


def count_words(text: str) -> int:
    """How many words a text has; in Thai, Lao, Khmer and Burmese about so many: three characters each."""
    found = words(text)
    guessed = (len(graphemes(run)) for word in found for run in _UNMARKED.findall(word))
    return len(found) + sum(max(round(size / _UNMARKED_WORD), 1) - 1 for size in guessed)


def graphemes(text: str) -> list[str]:
    """What a reader counts as characters: "ക്ഷ്മി" is one, and so is a family emoji with joiners."""
    return _GRAPHEME.findall(text)


def belong_together(before: str, after: str) -> bool:
    """Whether a cut between two texts would tear a character: a mark may stand on anything, even on a space."""
    return bool(before and after) and len(_GRAPHEME.match(before[-1] + after[0])[0]) == 2


def count_graphemes(text: str) -> int:
    return len(graphemes(text))


def shorten(text: str, limit: int) -> str:
    """The text in at most ``limit`` graphemes, cut at a word where one is near and marked with an ellipsis.

    A text that already fits comes back unchanged. ``limit`` must be at least 1.
    """
    if limit < 1:
        raise ValueError("A shortened text needs room for at least one character.")
    clusters = graphemes(text)
    if len(clusters) <= limit:
        return text
    kept = "".join(clusters[: limit - 1])
    at_word = regex.match(r"(?s)(.*\S)\s+\S*$", kept)
    if at_word and count_graphemes(at_word[1]) >= limit * 0.6:
        kept = at_word[1]
    return kept.rstrip(" \t\r\n,;:–—-") + "…"


def fit(text: str, length: int) -> str:
    """As much of the text as a column of so many code points holds, without a torn character at its end."""
    if len(text) <= length:
        return text
    ends = (match.end() for match in _GRAPHEME.finditer(text))
    return text[: max(takewhile(lambda end: end <= length, ends), default=0)]


def word_set(listing: str) -> frozenset[str]:
    """A word list from text that is pleasant to edit."""
    return frozenset(listing.split())
