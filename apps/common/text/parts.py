"""Cutting a long text into parts of a wanted spoken length."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import regex

from apps.common.text.duration import sentence_seconds
from apps.common.text.sentences import sentences
from apps.common.text.words import belong_together, graphemes

Problem = Literal["", "too_short", "too_long"]

_PARAGRAPH_END = regex.compile(r"\n\s*\n\s*$")
# Who stops here makes people want the next part.
_CLIFF_HANGER = regex.compile(r"(?:[?!…]|\.\.\.|—)[\p{Pe}\p{Pf}\"'*_]*\s*$")
_CLAUSE = regex.compile(r"[^,;:—–،؛、，；：]*(?:[,;:—–،؛、，；：]+[\p{Pe}\p{Pf}\"']*\s*|$)", regex.DOTALL)
_SPACED_WORD = regex.compile(r"\s*\S+\s*")

# Costs of a cut, in squared shares of the wanted length, which both parts beside it pay: 0.03 outweighs an eighth.
_PARAGRAPH, _CLIFF, _INSIDE_SENTENCE, _OUT_OF_BOUNDS = -0.03, -0.03, 0.5, 1000.0
# Of a sentence that is too long by itself, pieces of at least this share of the longest part are enough to choose from.
_FINEST = 1 / 8


@dataclass(frozen=True)
class Part:
    """One part. text: verbatim, white space included. seconds: estimated. problem: which bound could not be kept."""

    number: int
    text: str
    seconds: float
    problem: Problem = ""


@dataclass(frozen=True)
class _Unit:
    """A stretch that is not cut. cost: of ending a part after it."""

    text: str
    seconds: float
    cost: float


@dataclass(frozen=True)
class _Bounds:
    """Seconds: the wanted length, the least and the most, and how far a cut may be from its even place."""

    wanted: float
    shortest: float
    longest: float
    slack: float

    def cost(self, seconds: float) -> float:
        outside = max(0.0, seconds - self.longest, self.shortest - seconds)
        broken = _OUT_OF_BOUNDS * (1 + outside / self.longest) if outside else 0.0
        return ((seconds - self.wanted) / max(self.wanted, 0.001)) ** 2 + broken


def split_parts(text: str, *, min_seconds: float, max_seconds: float, language: str = "en") -> list[str]:
    """The texts of `plan_parts`."""
    return [part.text for part in plan_parts(text, min_seconds=min_seconds, max_seconds=max_seconds, language=language)]


def plan_parts(text: str, *, min_seconds: float, max_seconds: float, language: str = "en") -> list[Part]:
    """As few parts as the longest length allows, alike in length, cut at ends of sentences; joined they are the text.

    Ends of paragraphs and open questions are preferred where they cost little balance. A sentence longer than a whole
    part is cut at clauses, then words, never inside a character as a reader counts them. A bound that cannot be kept is
    named in ``Part.problem``. An empty text has no parts. Raises ValueError unless 0 <= min_seconds <= max_seconds and
    max_seconds is above zero.
    """
    if not 0 <= min_seconds <= max_seconds or max_seconds <= 0:
        raise ValueError("The shortest length must not exceed the longest, and the longest must be above zero.")
    units = list(_units(text, max_seconds, language))
    if not units:
        return []
    cuts = _best_cuts(units, min_seconds, max_seconds)
    parts = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(units)], strict=True), 1):
        seconds = sum(unit.seconds for unit in units[start:end])
        problem: Problem = "too_long" if seconds > max_seconds else "too_short" if seconds < min_seconds else ""
        parts.append(Part(number, "".join(unit.text for unit in units[start:end]), seconds, problem))
    return parts


def _units(text: str, longest: float, language: str) -> Iterator[_Unit]:
    for sentence in sentences(text, language=language):
        seconds = sentence_seconds(sentence, language=language)
        if seconds <= longest:
            yield _Unit(sentence, seconds, _sentence_cost(sentence))
            continue
        pieces = _untorn(_pieces(sentence, longest, language))
        for piece in pieces[:-1]:
            yield _Unit(piece, sentence_seconds(piece, language=language), _INSIDE_SENTENCE)
        yield _Unit(pieces[-1], sentence_seconds(pieces[-1], language=language), _sentence_cost(sentence))


def _sentence_cost(sentence: str) -> float:
    return _PARAGRAPH * bool(_PARAGRAPH_END.search(sentence)) + _CLIFF * bool(_CLIFF_HANGER.search(sentence))


def _pieces(sentence: str, longest: float, language: str) -> Iterator[str]:
    """A sentence in stretches that fit into a part: clauses, else groups of words, else groups of characters."""
    fine = longest * _FINEST
    for clause in (match[0] for match in _CLAUSE.finditer(sentence) if match[0]):
        if sentence_seconds(clause, language=language) <= longest:
            yield clause
            continue
        for group in _grouped(_SPACED_WORD.findall(clause) or [clause], fine, language):
            if sentence_seconds(group, language=language) <= longest:
                yield group
            else:
                yield from _grouped(graphemes(group), fine, language)


def _untorn(pieces: Iterator[str]) -> list[str]:
    """The pieces, without a cut inside of a character: a mark may stand on a space or a comma."""
    joined: list[str] = []
    for piece in pieces:
        if joined and belong_together(joined[-1], piece):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _grouped(pieces: list[str], seconds: float, language: str) -> Iterator[str]:
    """Neighbouring pieces joined until they reach about the given length."""
    whole = sentence_seconds("".join(pieces), language=language)
    size = max(1, int(len(pieces) * seconds / whole)) if whole else len(pieces)
    for start in range(0, len(pieces), size):
        yield "".join(pieces[start : start + size])


def _best_cuts(units: list[_Unit], shortest: float, longest: float) -> list[int]:
    """Indexes of the units that parts after the first begin with."""
    total = sum(unit.seconds for unit in units)
    fewest = min(max(1, -int(-total // longest)), len(units))
    best_cost, best = math.inf, []
    # Sentences do not divide evenly: a few more parts than the least are sometimes needed to stay below the longest.
    for count in range(fewest, min(fewest + 3, len(units)) + 1):
        for slack in (1.5 * longest, math.inf):
            cost, cuts = _cuts_for(units, count, _Bounds(total / count, shortest, longest, slack))
            if cost < math.inf:
                break
        if cost < best_cost:
            best_cost, best = cost, cuts
        if cost < _OUT_OF_BOUNDS:
            break
    return best


def _cuts_for(units: list[_Unit], count: int, bounds: _Bounds) -> tuple[float, list[int]]:
    """The cheapest way to make exactly ``count`` parts, by dynamic programming over the unit each part ends with."""
    ends = [0.0, *accumulate(unit.seconds for unit in units)]
    costs = {0: 0.0}
    came_from: list[dict[int, int]] = []
    for number in range(1, count + 1):
        now: dict[int, float] = {}
        origin: dict[int, int] = {}
        for end in [len(units)] if number == count else _near(ends, number, count, bounds):
            closing = 0.0 if number == count else units[end - 1].cost
            for start, before in costs.items():
                if start >= end:
                    break
                cost = before + closing + bounds.cost(ends[end] - ends[start])
                if cost < now.get(end, math.inf):
                    now[end], origin[end] = cost, start
        costs = now
        came_from.append(origin)
    if len(units) not in costs:
        return math.inf, []
    cuts: list[int] = []
    position = len(units)
    for origin in reversed(came_from):
        position = origin[position]
        cuts.append(position)
    return costs[len(units)], cuts[::-1][1:]


def _near(ends: list[float], number: int, count: int, bounds: _Bounds) -> range:
    """Where part ``number`` may end: not further than the slack from where it ends when all are equal."""
    middle = number * bounds.wanted
    first = bisect_left(ends, middle - bounds.slack)
    last = bisect_right(ends, middle + bounds.slack)
    return range(max(number, first), min(len(ends) - (count - number), last))
