"""What code can check of a text by itself: phrases that must not stand in it, and how hard it is to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import regex

from apps.common.text.normalise import normalise
from apps.common.text.sentences import sentences
from apps.common.text.words import words

_IN_WORD = r"[\p{L}\p{M}\p{N}\u200c\u200d]"
# Scripts that put no space between words: there a phrase may begin and end anywhere.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
# What may stand between the words of a phrase: spaces, hyphens, and the marks of Markdown.
_BETWEEN = r"[\s\p{Pd}*_~`\u2060\u200b]+"
_LETTERS, _LATIN = regex.compile(r"\p{L}"), regex.compile(r"\p{Latin}")
_LONG_WORD, _FEWEST_WORDS, _FEWEST_SENTENCES = 6, 60, 3
_EASY, _PLAIN = 35, 50


@dataclass(frozen=True)
class Place:
    """Where a phrase stands: characters [start, end) of the text, and the phrase as its rule is written."""

    start: int
    end: int
    phrase: str


def places_of(text: str, phrases: Iterable[str]) -> list[Place]:
    """Every place of every phrase, in order, overlaps left out.

    Case, spacing, hyphens, kinds of apostrophes and the way letters are composed do not matter; whole words do, unless
    the phrase says otherwise: "amaz*" is any word that begins so. An "*" elsewhere is only a sign.
    """
    plain, origins = _plain(text)
    found = [
        Place(origins[match.start()], origins[match.end()], phrase)
        for phrase in phrases
        if (pattern := _pattern(phrase)) is not None
        for match in pattern.finditer(plain)
    ]
    kept: list[Place] = []
    for place in sorted(found, key=lambda each: (each.start, -each.end)):
        if not kept or place.start >= kept[-1].end:
            kept.append(place)
    return kept


@lru_cache(maxsize=4096)
def _pattern(phrase: str) -> regex.Pattern[str] | None:
    plain = _one_apostrophe(normalise(phrase)).strip()
    begins_only = plain.endswith("*")
    pieces = [piece for piece in regex.split(r"[\s\p{Pd}]+", plain.rstrip("*")) if piece]
    if not pieces:
        return None
    body = _BETWEEN.join(regex.escape(piece) for piece in pieces)
    before = "" if regex.match(_UNSPACED, pieces[0]) else rf"(?<!{_IN_WORD})"
    after = rf"{_IN_WORD}*" if begins_only else "" if regex.search(rf"{_UNSPACED}$", pieces[-1]) else rf"(?!{_IN_WORD})"
    return regex.compile(before + body + after, regex.IGNORECASE | regex.FULLCASE)


def _plain(text: str) -> tuple[str, list[int]]:
    """The text in one written form, and for each of its characters, and its end, where that was in the text."""
    pieces: list[str] = []
    origins: list[int] = []
    for match in regex.finditer(r"\X", text):
        # A cluster with what must not be lost around it: alone, a space would be trimmed away.
        plain = match[0] if match[0].isspace() else _one_apostrophe(normalise(match[0]))
        pieces.append(plain)
        origins += [match.start()] * len(plain)
    return "".join(pieces), [*origins, len(text)]


def _one_apostrophe(text: str) -> str:
    return text.replace("’", "'").replace("ʼ", "'")


@dataclass(frozen=True)
class Reading:
    """How hard a text is to read. level: easy, plain or expert; "" when it cannot be told, and `why` says why.

    score: LIX, the words a sentence has on average and the share of words of more than six letters, added up.
    """

    level: str
    score: int = 0
    sentence_words: float = 0.0
    why: str = ""


def reading_of(text: str, *, language: str = "en") -> Reading:
    """Measured by LIX (Björnsson 1968), which needs no dictionary and holds for languages in Latin letters.

    why: "short" for a text of too few words, "script" where long words do not make a text hard.
    """
    found, lines = words(text), [line for line in sentences(text, language=language) if words(line)]
    if len(found) < _FEWEST_WORDS or len(lines) < _FEWEST_SENTENCES:
        return Reading("", why="short")
    average = len(found) / len(lines)
    letters = _LETTERS.findall(text)
    if sum(1 for each in letters if _LATIN.match(each)) < 0.8 * len(letters):
        return Reading("", sentence_words=round(average, 1), why="script")
    long = sum(1 for word in found if len(word) > _LONG_WORD)
    score = round(average + 100 * long / len(found))
    return Reading("easy" if score <= _EASY else "plain" if score <= _PLAIN else "expert", score, round(average, 1))
