"""Chooses which words stand on the screen together.

A group never crosses the end of a sentence or a pause. Within a phrase, the split with the least cost is taken: three
words read best, a word alone reads worst, and a comma is a good place to end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import regex

from apps.engines.voice.base import TimedWord

PAUSE = 0.35  # seconds of silence that end a group
IDEAL_WORDS = 3
COMMA_GAIN = 1.5

_SENTENCE_END = regex.compile(r"[.!?…。！？।॥؟۔።]+[\p{Pe}\p{Pf}\"'”’»]*$")
_CLAUSE_END = regex.compile(r"[,;:—–،؛、，][\p{Pe}\p{Pf}\"'”’»]*$")


def ends_sentence(text: str) -> bool:
    return bool(_SENTENCE_END.search(text))


def phrases(words: Sequence[TimedWord]) -> list[list[int]]:
    """Indices of the words between sentence ends and pauses, in order."""
    found: list[list[int]] = [[0]] if words else []
    for index, (before, after) in enumerate(pairwise(words), start=1):
        if ends_sentence(before.text) or after.start - before.end >= PAUSE:
            found.append([])
        found[-1].append(index)
    return found


def split_phrase(texts: Sequence[str], *, most: int, fits: Callable[[int, int], bool]) -> list[tuple[int, int]]:
    """Half-open ranges that cut the phrase into groups of at most `most` words.

    fits(first, last) says whether a group can be shown whole; a word alone is always taken.
    """
    best: list[tuple[float, int]] = [(0.0, 0)]  # cost of the words before each position, and where its group begins
    for last in range(1, len(texts) + 1):
        choices = [
            (best[first][0] + _cost(texts[first:last], most), first)
            for first in range(max(0, last - most), last)
            if last - first == 1 or fits(first, last)
        ]
        best.append(min(choices))
    ranges: list[tuple[int, int]] = []
    last = len(texts)
    while last:
        first = best[last][1]
        ranges.append((first, last))
        last = first
    return ranges[::-1]


def _cost(texts: Sequence[str], most: int) -> float:
    away = min(IDEAL_WORDS, most) - len(texts)
    return away * away - (COMMA_GAIN if _CLAUSE_END.search(texts[-1]) else 0)
