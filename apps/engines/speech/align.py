"""Times for an edited transcript: words that stayed keep theirs, others share the time of what they replace."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

import regex

from apps.engines.voice.base import TimedWord

_MARKS = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
SHORTEST = 0.12  # seconds that an added word is given


def retime(words: Sequence[TimedWord], text: str, *, duration: float) -> tuple[TimedWord, ...]:
    """The words of `text` with times from what was heard. duration: seconds of the film, which no word outlasts.

    An unedited text gives the words as they were heard, letter for letter.
    """
    edited = text.split()
    if not words:
        return _spread(edited, 0.0, duration)
    heard, said = [_plain(word.text) for word in words], [_plain(word) for word in edited]
    timed: list[TimedWord] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(a=heard, b=said, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs = zip(edited[j1:j2], words[i1:i2], strict=True)
            timed += [TimedWord(shown, word.start, word.end) for shown, word in pairs]
        elif j2 > j1:
            timed += _spread(edited[j1:j2], *_room(words, i1, i2, j2 - j1, duration))
    return _in_order(timed, duration)


def _plain(word: str) -> str:
    return _MARKS.sub("", word).casefold() or word


def _room(words: Sequence[TimedWord], first: int, last: int, count: int, duration: float) -> tuple[float, float]:
    """From when to when new words stand in the place of words first..last (none: between two words)."""
    before = words[first - 1].end if first else 0.0
    after = words[last].start if last < len(words) else duration
    if last > first:
        start, end = words[first].start, words[last - 1].end
    else:
        start, end = before, min(after, before + 0.3 * count)
    least = SHORTEST * count
    if end - start < least:
        end = max(end, min(start + least, after))
        start = min(start, max(before, end - least))
    return start, max(end, start)


def _spread(texts: Sequence[str], start: float, end: float) -> tuple[TimedWord, ...]:
    """The words one after the other, longer words longer."""
    weights = [len(text) + 1 for text in texts]
    total, done, timed = sum(weights) or 1, 0, []
    for text, weight in zip(texts, weights, strict=True):
        begin = start + (end - start) * done / total
        done += weight
        timed.append(TimedWord(text, round(begin, 3), round(start + (end - start) * done / total, 3)))
    return tuple(timed)


def _in_order(words: Sequence[TimedWord], duration: float) -> tuple[TimedWord, ...]:
    ordered, before = [], 0.0
    for word in words:
        start = min(max(word.start, before), duration)
        before = min(max(word.end, start), duration)
        ordered.append(TimedWord(word.text, start, before))
    return tuple(ordered)
