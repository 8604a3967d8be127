"""Finding words as people type them: one folded form for the spellings of a word, in every script.

A text is indexed by `index_terms`; a `Query` is made of what somebody types. Each of its words finds the words that
begin so, which serves typing as well as languages that put their endings behind the word. Chinese, Japanese, Thai and
their like mark no words: there every three characters that follow each other are one term.
"""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import regex

LONGEST_QUERY = 200
# Of one word; a longer one is found by its beginning. PostgreSQL's limit for a term is 2,046 bytes.
_LONGEST_TERM = 60
_MOST_TERMS = 40
_WINDOW = 3

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u30fc\uff70\u3005]"
_INSIDE = r"[\p{L}\p{M}\p{N}\u200c\u200d]"
_TOKEN = regex.compile(
    rf"(?P<run>{_UNSPACED}(?:{_UNSPACED}|[\p{{M}}\u200c\u200d])*)"
    rf"|(?!{_UNSPACED})[\p{{L}}\p{{N}}](?:(?!{_UNSPACED}){_INSIDE}|['’](?=\p{{L}})|(?<=\p{{Nd}})[.,](?=\p{{Nd}}))*"
)
_HUMP = regex.compile(r"(?<=\p{Ll}\p{M}*)(?=\p{Lu})")
_GRAPHEME = regex.compile(r"\X")

# Spellings that mean the same. A chillu letter is its consonant without a vowel, so "അവൻ" is where "അവന്റെ" begins.
_SAME = str.maketrans(
    {
        "ൺ": "ണ്", "ൻ": "ന്", "ർ": "ര്", "ൽ": "ല്", "ൾ": "ള്", "ൿ": "ക്", "ൔ": "മ്", "ൕ": "യ്", "ൖ": "ഴ്", "ൎ": "ര്",
        "ँ": "ं", "\u093c": "", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ٱ": "ا", "ı": "i",
    }
)  # fmt: skip
# A nasal before a consonant of its own place is written as such or as a dot: हिन्दी, हिंदी.
_NASAL = regex.compile(r"(?:ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ]))")
_OPTIONAL_MARKS = regex.compile(r"(?<=[\p{Latin}\p{Greek}\p{Cyrillic}\p{Arabic}\p{Hebrew}\u0640])\p{Mn}+")
_NOT_IN_TERM = regex.compile(r"[^\p{L}\p{M}\p{N}]|\u0640")
_ARTICLE = regex.compile(r"^[وفبك]?ال(?=\p{L}{2})")
_ENDING = regex.compile(r"^([a-z]{3,})(?:ing|ed)$")
_DOUBLED = regex.compile(r"([^aeiouls])\1$")
_VOWELLESS_END = regex.compile(r"(?<=.)[്ം]$")


def fold(word: str) -> str:
    """The form under which a word is kept and looked for; only letters, marks and 0-9 are left.

    Case, accents, width, joiners, old and new chillu letters, nukta, harakat, tatweel and hamza make no difference.
    """
    word = _folded(word)
    for _again in range(3):  # what one step takes away may have kept another from applying
        further = _folded(word)
        if further == word:
            break
        word = further
    return word


def _folded(word: str) -> str:
    word = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    word = _OPTIONAL_MARKS.sub("", unicodedata.normalize("NFD", word))
    word = _NOT_IN_TERM.sub("", word.translate(_SAME)).replace("\u0d46\u0d57", "\u0d57")  # two signs for "au"
    word = _NASAL.sub("ं", word)
    word = "".join(str(unicodedata.digit(each, each)) if each.isdecimal() else each for each in word)
    return unicodedata.normalize("NFC", word)


@lru_cache(maxsize=20_000)
def _term(word: str) -> str:
    return fold(word)[:_LONGEST_TERM]


@lru_cache(maxsize=20_000)
def _forms(word: str) -> tuple[str, ...]:
    """The terms that one written word is found by."""
    term = _term(word)
    if not term:
        return ()
    forms = [term, *(_term(piece) for piece in _HUMP.split(word)[1:])]
    if term.isascii() and len(term) > 4 and term.endswith("ies"):
        forms.append(f"{term[:-3]}y")
    forms.append(_ARTICLE.sub("", term))
    return tuple(dict.fromkeys(filter(None, forms)))


def index_terms(text: str) -> list[str]:
    """Every term that a text is found by, each once, in order."""
    found: dict[str, None] = {}
    for match in _TOKEN.finditer(text):
        found.update(dict.fromkeys(_windows(fold(match[0])) if match["run"] else _forms(match[0])))
    return list(found)


def _windows(run: str) -> Iterator[str]:
    clusters = _GRAPHEME.findall(run)
    return ("".join(clusters[start : start + _WINDOW])[:_LONGEST_TERM] for start in range(len(clusters)))


@dataclass(frozen=True)
class Term:
    """whole: found only as it is; else also what begins so."""

    text: str
    whole: bool = False


@dataclass(frozen=True)
class Query:
    """groups: of each, one term must be there. words: beginnings of words; runs: stretches of unspaced text."""

    groups: tuple[tuple[Term, ...], ...]
    words: tuple[str, ...]
    runs: tuple[str, ...]


def query(text: str) -> Query | None:
    """What to look for; None when nothing in the text is a word."""
    groups: list[tuple[Term, ...]] = []
    words: list[str] = []
    runs: list[str] = []
    for match in _TOKEN.finditer(text[:LONGEST_QUERY]):
        if match["run"]:
            run = fold(match[0])
            runs.append(run)
            groups += _run_groups(run)
        elif forms := _beginnings(match[0]):
            words += forms
            groups.append(tuple(Term(form) for form in forms))
    groups = [group for group in dict.fromkeys(groups) if group][:_MOST_TERMS]
    return Query(tuple(groups), tuple(words), tuple(runs)) if groups else None


def _run_groups(run: str) -> Iterator[tuple[Term, ...]]:
    windows = list(_windows(run))
    # The last windows of a run are shorter: what stands alone, or ends the run, may go on.
    full = windows[: max(1, len(windows) - _WINDOW + 1)]
    return ((Term(window, whole=window is not full[-1]),) for window in full if window)


def _beginnings(word: str) -> tuple[str, ...]:
    """How the words may begin that somebody means who typed this one."""
    term = _term(word)
    if not term:
        return ()
    forms = [term, _ARTICLE.sub("", term), _VOWELLESS_END.sub("", term)]
    if term.isascii() and term.isalpha():
        forms.append(_english_stem(term))
    # A beginning of another form finds all that the longer one does.
    return tuple(form for form in dict.fromkeys(forms) if not any(form != o and form.startswith(o) for o in forms))


def _english_stem(term: str) -> str:
    if len(term) > 4 and term.endswith("ies"):
        return f"{term[:-3]}y"
    if (match := _ENDING.match(term)) and regex.search("[aeiouy]", match[1]):
        return _DOUBLED.sub(r"\1", match[1])
    if len(term) > 4 and term.endswith(("ches", "shes", "sses", "xes")):
        return term[:-2]
    if len(term) > 3 and term.endswith("s") and not term.endswith(("ss", "us", "is")):
        return term[:-1]
    return term


@dataclass(frozen=True)
class Piece:
    """A stretch of shown text. found: it is what was looked for."""

    text: str
    found: bool = False


def marked(text: str, wanted: Query) -> list[Piece]:
    """The whole text, in stretches; joined they are the text."""
    pieces: list[Piece] = []
    end = 0
    for first, last in _spans(text, wanted):
        if first > end:
            pieces.append(Piece(text[end:first]))
        pieces.append(Piece(text[first:last], found=True))
        end = last
    return [*pieces, Piece(text[end:])] if end < len(text) else pieces


def excerpt(text: str, wanted: Query, *, before: int = 60, after: int = 180) -> list[Piece]:
    """A line or two around the first place that was looked for, of so many characters as a reader counts them."""
    start = next(_spans(text, wanted), (0, 0))[0]
    line = text.rfind("\n", 0, start) + 1
    lead = deque((match.start() for match in _GRAPHEME.finditer(text, line, start)), maxlen=before)
    first = lead[0] if lead else start
    if first > line:
        first = _at_word(text, first, start)
    ends = [match.end() for match in islice(_GRAPHEME.finditer(text, start), after + 1)]
    last = ends[after - 1] if len(ends) > after else len(text)
    if last < len(text):
        cut = text.rfind(" ", start + (last - start) // 2, last)
        last = cut if cut > 0 else last
    pieces = marked(text[first:last].strip(), wanted)
    return [*([Piece("… ")] if text[:first].strip() else []), *pieces, *([Piece(" …")] if text[last:].strip() else [])]


def _at_word(text: str, first: int, start: int) -> int:
    space = text.find(" ", first, start)
    return space + 1 if space >= 0 else first


def _spans(text: str, wanted: Query) -> Iterator[tuple[int, int]]:
    """Where the text has what is wanted: whole words, and stretches of unspaced text. In order, without overlap."""
    for match in _TOKEN.finditer(text):
        if match["run"]:
            yield from _spans_in_run(match[0], match.start(), wanted.runs)
        elif any(form.startswith(wanted.words) for form in _forms(match[0])):
            yield match.span()


def _spans_in_run(run: str, offset: int, runs: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    if not runs:
        return
    clusters = [match.span() for match in _GRAPHEME.finditer(run)]
    folded = [_term(run[first:last]) for first, last in clusters]
    owners = [index for index, cluster in enumerate(folded) for _character in cluster]
    joined, end = "".join(folded), 0
    for hit in regex.finditer("|".join(map(regex.escape, sorted(runs, key=len, reverse=True))), joined):
        first, last = owners[hit.start()], owners[hit.end() - 1]
        if clusters[first][0] >= end:
            end = clusters[last][1]
            yield offset + clusters[first][0], offset + end
