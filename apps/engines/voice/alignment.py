"""Finds which phonemes of a spoken sentence belong to which of its words.

A phonemiser does not keep words apart: "in the" comes out as one group and "a" changes its sound in company. So every
word is also phonemised alone, and the two sequences are aligned by least cost (Needleman and Wunsch, 1970).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

VOWELS = frozenset("aeiouyæøœɐɑɒɔɘəɚɛɜɝɞɤɨɪɯɵɶʉʊʌʏᵻ")
STRESS = frozenset("ˈˌ'")
BREAK = " "
SKIP_COST = 1.0
SKIP_BREAK_COST = 0.4


@dataclass(frozen=True, slots=True)
class Sound:
    """A phoneme and when it is heard, in any unit that grows with time."""

    symbol: str
    start: float
    end: float


def word_spans(words: Sequence[Sequence[str]], heard: Sequence[Sound]) -> list[tuple[float, float]]:
    """Start and end of every word, in the unit of the sounds.

    words: the phonemes of each word said alone. heard: the sentence's phonemes, spaces and punctuation included. A word
    of which nothing was recognised takes the time that its neighbours leave, which may be none.
    """
    voiced = _voiced(heard)
    flat, owners = _flatten(words)
    spans: list[tuple[float, float] | None] = [None] * len(words)
    for index, sound in zip(_owners(flat, owners, voiced), voiced, strict=True):
        if index is not None:
            known = spans[index]
            spans[index] = (known[0] if known else sound.start, sound.end)
    return _fill(spans, heard[0].start if heard else 0.0, heard[-1].end if heard else 0.0)


def _voiced(heard: Sequence[Sound]) -> list[Sound]:
    """Only what has a sound of its own: stress joins the next phoneme, length and accents the one before."""
    voiced: list[Sound] = []
    stressed_since: float | None = None
    for sound in heard:
        if sound.symbol in STRESS:
            stressed_since = sound.start if stressed_since is None else stressed_since
        elif sound.symbol == BREAK or (sound.symbol[0].isalpha() and not _modifies(sound.symbol)):
            start = sound.start if stressed_since is None else stressed_since
            voiced.append(Sound(sound.symbol, start, sound.end))
            stressed_since = None
        elif _modifies(sound.symbol) and voiced and voiced[-1].symbol != BREAK:
            voiced[-1] = Sound(voiced[-1].symbol, voiced[-1].start, sound.end)
        else:
            stressed_since = None
    return voiced


def _modifies(symbol: str) -> bool:
    return unicodedata.category(symbol[0]) in {"Lm", "Mn", "Mc", "Sk"}


def _flatten(words: Sequence[Sequence[str]]) -> tuple[list[str], list[int | None]]:
    """The words' phonemes in one row with breaks between them, and the word each belongs to."""
    flat: list[str] = []
    owners: list[int | None] = []
    for index, phonemes in enumerate(words):
        for phoneme in phonemes:
            if phoneme == BREAK or (phoneme[0].isalpha() and not _modifies(phoneme)):
                flat.append(phoneme)
                owners.append(index)
        flat.append(BREAK)
        owners.append(None)
    return flat, owners


def _difference(expected: str, heard: str) -> float:
    if expected == heard:
        return 0.0
    if BREAK in (expected, heard):
        return 3.0
    return 0.7 if (expected[0] in VOWELS) == (heard[0] in VOWELS) else 1.6


def _owners(flat: Sequence[str], owners: Sequence[int | None], heard: Sequence[Sound]) -> list[int | None]:
    """The word of every heard phoneme; breaks have none."""
    found: list[int | None] = [None] * len(heard)
    for expected, actual in _pairs(flat, [sound.symbol for sound in heard]):
        if heard[actual].symbol != BREAK:
            found[actual] = owners[expected]
    _adopt(found, heard)
    return found


def _adopt(found: list[int | None], heard: Sequence[Sound]) -> None:
    """Give phonemes that no word expected to a word they touch: the one before, else the one after."""
    for order in (range(len(found)), range(len(found) - 1, -1, -1)):
        current: int | None = None
        for index in order:
            if heard[index].symbol == BREAK:
                current = None
            elif found[index] is None:
                found[index] = current
            else:
                current = found[index]


def _pairs(expected: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    """Index pairs of the cheapest alignment, in order."""
    skip_heard = [SKIP_BREAK_COST if symbol == BREAK else SKIP_COST for symbol in heard]
    costs = [[0.0]]
    for cost in skip_heard:
        costs[0].append(costs[0][-1] + cost)
    for symbol in expected:
        above = costs[-1]
        skip = SKIP_BREAK_COST if symbol == BREAK else SKIP_COST
        difference = {other: _difference(symbol, other) for other in set(heard)}
        row = [above[0] + skip]
        for column, other in enumerate(heard):
            row.append(min(above[column] + difference[other], above[column + 1] + skip, row[-1] + skip_heard[column]))
        costs.append(row)
    return _trace(costs, expected, heard)


def _trace(costs: Sequence[Sequence[float]], expected: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    row, column = len(expected), len(heard)
    while row and column:
        here = costs[row][column]
        if here == costs[row - 1][column - 1] + _difference(expected[row - 1], heard[column - 1]):
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif here == costs[row - 1][column] + (SKIP_BREAK_COST if expected[row - 1] == BREAK else SKIP_COST):
            row -= 1
        else:
            column -= 1
    return pairs[::-1]


def _fill(spans: Sequence[tuple[float, float] | None], start: float, end: float) -> list[tuple[float, float]]:
    """Share the time between recognised words equally among the ones in between."""
    filled: list[tuple[float, float]] = []
    for index, span in enumerate(spans):
        if span is not None:
            filled.append(span)
            continue
        following = next((offset for offset, later in enumerate(spans[index:]) if later is not None), None)
        left = filled[-1][1] if filled else start
        right = spans[index + following][0] if following is not None else end  # type: ignore[index]
        share = (right - left) / (following if following is not None else len(spans) - index)
        filled.append((left, left + share))
    return filled
