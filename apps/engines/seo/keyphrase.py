"""Where a keyphrase is found: word by word within one sentence, words without a topic of their own left out."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

import regex

from apps.common.text.normalise import normalise
from apps.common.text.words import WORD, count_words, graphemes
from apps.engines.seo.english import words_of
from apps.engines.seo.page import Page, Sentence, Span

_QUOTES = "\"“”„«»'‘’"
# Languages that join endings to words, so that the keyphrase is looked for at the beginning of words.
_AGGLUTINATING = ("ml", "ta", "te", "kn")
_STEM_LEAST = 3
_ACCENT = regex.compile(r"(?<=\p{Latin})\p{Mn}+")
_STROKES = str.maketrans("łøđħŧ", "lodht")
_APOSTROPHES = str.maketrans("", "", "'’")


@dataclass(frozen=True)
class Keyphrase:
    """A keyphrase, ready to be looked for. In quotation marks, only its exact words in their order count.

    marked: whether something stands between words. Where nothing does, it is found by its characters in their order.
    """

    text: str
    language: str = "en"
    marked: bool = True

    @classmethod
    def of(cls, page: Page) -> Keyphrase:
        return cls(page.keyphrase.strip(), page.language.partition("-")[0], page.marks_words)

    @cached_property
    def exact(self) -> bool:
        return not self.marked or (len(self.text) > 2 and self.text[0] in _QUOTES[:6] and self.text[-1] in _QUOTES[:6])

    @cached_property
    def all_words(self) -> tuple[str, ...]:
        return tuple(self.pieces(self.text))

    @property
    def length(self) -> int:
        """How many words it has, those without a topic of their own left out."""
        return len(self.words) if self.marked else count_words(self.text)

    def pieces(self, text: str) -> list[str]:
        """What of a text is compared with the keyphrase: its words, or its characters where nothing marks words."""
        found = [self.plain(word) for word in WORD.findall(text)]
        return found if self.marked else [character for word in found for character in graphemes(word)]

    def plain(self, word: str) -> str:
        """A word as it is compared: composed, in lower case, and in English without accents, as people type it."""
        word = normalise(word).casefold().replace("’", "'")
        if self.language != "en" or word.isascii():
            return word
        return _ACCENT.sub("", unicodedata.normalize("NFD", word)).translate(_STROKES)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words that count; all of them when none has a topic of its own."""
        if self.exact or self.language != "en":
            return self.all_words
        return tuple(word for word in self.all_words if word not in words_of("function_words")) or self.all_words

    def __bool__(self) -> bool:
        return bool(self.all_words)

    def is_word(self, wanted: str, found: str) -> bool:
        if self.language in _AGGLUTINATING and len(graphemes(wanted)) >= _STEM_LEAST:
            return found.startswith(wanted)
        return found == wanted

    def count(self, sentence: str) -> int:
        """How often the whole keyphrase is in a sentence, its words in any order."""
        if self.exact:
            return len(self._literal.findall(self._line(sentence)))
        there = self.pieces(sentence)
        wanted = Counter(self.words)
        return (
            min(sum(self.is_word(word, other) for other in there) // times for word, times in wanted.items())
            if wanted
            else 0
        )

    def share(self, text: str) -> float:
        """How much of the keyphrase is in a text, 0 to 1."""
        there = self.pieces(text)
        if self.exact:
            return float(self.count(text) > 0)
        hit = sum(any(self.is_word(word, other) for other in there) for word in self.words)
        return hit / len(self.words)

    def share_of_address(self, slug: str) -> float:
        """How much of the keyphrase is in an address, 0 to 1; addresses have no apostrophes."""
        there, whole = slug.replace("-", " "), replace(self, text=self.text.translate(_APOSTROPHES))
        return max(self.share(there), whole.share(there))

    def begins(self, text: str) -> int | None:
        """Where the keyphrase stands in a text as it is written, as the number of words before it; None: nowhere."""
        there = self._line(text)
        match = self._literal.search(there)
        return None if match is None else len(WORD.findall(there[: match.start()]))

    @cached_property
    def _literal(self) -> regex.Pattern[str]:
        wanted = regex.escape(self._line(self.text.strip(_QUOTES)))
        return regex.compile(
            rf"(?<![\p{{L}}\p{{M}}\p{{N}}-]){wanted}(?!['-]?[\p{{L}}\p{{M}}\p{{N}}])" if self.marked else wanted
        )

    def _line(self, text: str) -> str:
        return " ".join(self.plain(word) for word in text.split())

    def spans(self, sentence: Sentence) -> tuple[Span, ...]:
        """Where its words stand in a sentence; where nothing marks words, where the whole of it does."""
        if not self.marked:
            found = regex.finditer(regex.escape(self.text), sentence.text, regex.IGNORECASE)
            begin = sentence.start
            return tuple(Span(sentence.block, begin + match.start(), begin + match.end()) for match in found)
        return tuple(
            Span(sentence.block, sentence.start + match.start(), sentence.start + match.end())
            for match in WORD.finditer(sentence.text)
            if any(self.is_word(word, self.plain(match[0])) for word in self.words)
        )
