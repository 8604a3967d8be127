"""Where a keyphrase is found: word by word within one sentence, words without a topic of their own left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
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
        found = pieces(text)
        return found if self.marked else [character for word in found for character in graphemes(word)]

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
        there = self.pieces(sentence)
        if self.exact:
            size = len(self.words)
            return sum(tuple(there[at : at + size]) == self.words for at in range(len(there) - size + 1))
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

    def spans(self, sentence: Sentence) -> tuple[Span, ...]:
        """Where its words stand in a sentence; where nothing marks words, where the whole of it does."""
        if not self.marked:
            found = regex.finditer(regex.escape(self.text), sentence.text, regex.IGNORECASE)
            begin = sentence.start
            return tuple(Span(sentence.block, begin + match.start(), begin + match.end()) for match in found)
        return tuple(
            Span(sentence.block, sentence.start + match.start(), sentence.start + match.end())
            for match in WORD.finditer(sentence.text)
            if any(self.is_word(word, plain(match[0])) for word in self.words)
        )


def pieces(text: str) -> list[str]:
    """The words of a text as they are compared; a hyphen or a full stop inside a word divides it."""
    return [plain(word) for word in WORD.findall(text)]


def plain(word: str) -> str:
    """A word as it is compared: composed, in lower case, without a possessive ending."""
    word = normalise(word).casefold().replace("’", "'")
    return word.removesuffix("'s")
