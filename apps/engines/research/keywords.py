"""What a text is about: words and phrases weighed by how often, how early, how widely and how prominently they stand.

A statistic of our own, without word lists where a language has none: Malayalam works as English does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import log

import regex

from apps.common.text.normalise import normalise
from apps.common.text.sentences import sentences
from apps.common.text.words import WORD, graphemes
from apps.engines.seo.english import words_of

_LONGEST = 3  # words of a phrase
# A word that stands in so large a part of the sentences joins others; it names nothing.
_COMMON = 0.2
_COMMON_SENTENCES = 12
_SHORT = 3  # graphemes
_BREAK = regex.compile(r"[,;:()\[\]{}\"“”|/]|[–—]|\s-\s")
# Endings that are joined to Malayalam nouns; forms of one word are counted together.
_JOINED_ENDINGS = ("ml", "ta", "te", "kn")
_STEM = 4  # graphemes; endings change what comes after


@dataclass(frozen=True)
class Keyword:
    """text: as it is written most often, the shortest of several. score: larger is more about it; comparable within one
    text only."""

    text: str
    score: float
    count: int


@dataclass
class _Seen:
    forms: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sentences: set[int] = field(default_factory=set)
    first: int = 0
    names: int = 0

    @property
    def count(self) -> int:
        return sum(self.forms.values())


def keywords(
    text: str, *, language: str = "en", headings: Sequence[str] = (), title: str = "", most: int = 20
) -> list[Keyword]:
    """The phrases the text is most about, best first, none contained in a better one without adding to it."""
    said = [sentence.strip() for sentence in sentences(normalise(text), language=language)]
    said = [sentence for sentence in said if sentence]
    if not said:
        return []
    joining = _joining_words(said, language, title)
    seen = _collect(said, language, joining)
    prominent = _prominent([title], language), _prominent(headings, language)
    total = len(said)
    scored = [(_weight(key, found, total, prominent), key, found) for key, found in seen.items() if _counts(key, found)]
    scored.sort(key=lambda entry: (-entry[0], entry[1]))
    return [
        Keyword(min(found.forms, key=lambda form: (-found.forms[form], len(form), form)), round(score, 3), found.count)
        for score, _key, found in _without_repeats(scored, most)
    ]


def stem(word: str, language: str) -> str:
    """What the forms of a word have in common, near enough for counting them together."""
    word = word.casefold().replace("’", "'").removesuffix("'s")
    if language == "en":
        return _english_stem(word)
    if language in _JOINED_ENDINGS:
        return "".join(graphemes(word)[:_STEM])
    return word


def _english_stem(word: str) -> str:
    """Plurals only: "stories" and "story", "lamps" and "lamp"."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _joining_words(said: list[str], language: str, title: str) -> frozenset[str]:
    """Words that carry no topic: the known ones of English, elsewhere short ones that stand nearly everywhere, but for
    those of the title."""
    if language == "en":
        return words_of("function_words")
    if len(said) < _COMMON_SENTENCES:
        return frozenset()
    counts: dict[str, int] = defaultdict(int)
    for sentence in said:
        for word in {match[0].casefold() for match in WORD.finditer(sentence)}:
            counts[word] += 1
    common = {word for word, count in counts.items() if count / len(said) > _COMMON and len(graphemes(word)) <= _SHORT}
    return frozenset(common - {match[0].casefold() for match in WORD.finditer(title)})


def _collect(said: list[str], language: str, joining: frozenset[str]) -> dict[tuple[str, ...], _Seen]:
    seen: dict[tuple[str, ...], _Seen] = defaultdict(_Seen)
    for number, sentence in enumerate(said):
        for run in _runs(sentence, joining):
            for size in range(1, min(_LONGEST, len(run)) + 1):
                for start in range(len(run) - size + 1):
                    _note(seen, run[start : start + size], number, language)
    return seen


def _note(seen: dict[tuple[str, ...], _Seen], words: list[str], number: int, language: str) -> None:
    key = tuple(stem(word, language) for word in words)
    if key not in seen:
        seen[key].first = number
    found = seen[key]
    found.forms[" ".join(words) if any(w.isupper() for w in words) else " ".join(words).lower()] += 1
    found.names += all(word[:1].isupper() for word in words)
    found.sentences.add(number)


def _runs(sentence: str, joining: frozenset[str]) -> Iterable[list[str]]:
    """Stretches of words that no stop, joining word or number divides."""
    for piece in _BREAK.split(sentence):
        run: list[str] = []
        for match in WORD.finditer(piece):
            word = match[0]
            if word.casefold() in joining or word.isdigit():
                if run:
                    yield run
                run = []
            else:
                run.append(word)
        if run:
            yield run


def _prominent(lines: Iterable[str], language: str) -> frozenset[str]:
    return frozenset(stem(match[0], language) for line in lines for match in WORD.finditer(line))


def _counts(key: tuple[str, ...], found: _Seen) -> bool:
    """Phrases once said are chance; single words of one or two letters name nothing."""
    return (len(key) == 1 and len(graphemes(key[0])) > 2) or (len(key) > 1 and found.count > 1)


def _weight(key: tuple[str, ...], found: _Seen, total: int, prominent: tuple[frozenset[str], frozenset[str]]) -> float:
    title, headings = prominent
    spread = len(found.sentences) / total
    early = 1 / (1 + log(1 + found.first))
    weight = (1 + log(found.count)) * (0.5 + spread) * (0.6 + early)
    weight *= 1 + 1.2 * sum(word in title for word in key) / len(key)
    weight *= 1 + 0.6 * sum(word in headings for word in key) / len(key)
    weight *= 1 + 0.3 * (found.names / found.count)
    return weight * (1 + 0.25 * (len(key) - 1))


def _without_repeats(scored: list[tuple[float, tuple[str, ...], _Seen]], most: int):
    kept: list[tuple[float, tuple[str, ...], _Seen]] = []
    for entry in scored:
        _score, key, found = entry
        if len(kept) == most:
            break
        if any(_says_the_same(key, found, other, seen) for _s, other, seen in kept):
            continue
        kept.append(entry)
    return kept


def _says_the_same(key: tuple[str, ...], found: _Seen, other: tuple[str, ...], seen: _Seen) -> bool:
    """A part of a kept phrase that hardly stands alone, or a longer form of a kept word that adds little."""
    if set(key) <= set(other):
        return seen.count >= found.count * 0.7
    return set(other) <= set(key) and found.count < seen.count * 0.3
