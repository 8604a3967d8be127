"""Checks of how easily a page reads. Thresholds: Yoast's published scoring criteria."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.utils.translation import gettext_lazy as _

from apps.common.text.words import word_set
from apps.engines.seo.check import Check
from apps.engines.seo.english import phrases_of, words_of
from apps.engines.seo.page import Page, Sentence, Span
from apps.engines.seo.passive import is_passive

_LONG_SENTENCE = 20
_LONG_TEXT = 200
_WEAK_BEGINNINGS = word_set("the a an this that these those one two three four five six seven eight nine ten")


def subheading_distribution(page: Page) -> Check | None:
    """Longest stretch of words without a subheading."""
    if not page.counts_words:
        return None
    label = _("Subheading distribution")
    before, after = _stretches(page)
    if not after:
        if page.word_count > 300:
            return _distribution(label, 2, page.word_count, ())
        return Check("subheading_distribution", "readability", label, 9, page.word_count)
    stretches = [before, *after] if before[1] else after
    longest = max(stretches, key=lambda stretch: stretch[1])
    score = 3 if longest[1] > 350 else 6 if longest[1] > 300 else 9
    return _distribution(label, score, longest[1], (Span(longest[0], 0, 0),) if score < 9 else ())


def _distribution(label, score: int, value: int, evidence) -> Check:
    hint = "" if score == 9 else _("Divide the long stretches of text with subheadings.")
    threshold = _("at most 300 words without a subheading")
    return Check("subheading_distribution", "readability", label, score, value, threshold, evidence, hint)


def _stretches(page: Page) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """(first block, words) before the first subheading, and of each part that one opens."""
    parts: list[tuple[int, int]] = [(0, 0)]
    for index, block in enumerate(page.blocks):
        if 2 <= block.level <= 6:
            parts.append((index, 0))
        elif not block.level:
            first, count = parts[-1]
            parts[-1] = (first, count + page.words_in(block.text))
    return parts[0], parts[1:]


def paragraph_length(page: Page) -> Check | None:
    if not page.counts_words:
        return None
    label = _("Paragraph length")
    counts = [(index, page.words_in(block.text)) for index, block in enumerate(page.blocks) if not block.level]
    longest = max((count for _index, count in counts), default=0)
    score = 3 if longest > 200 else 6 if longest > 150 else 9
    evidence = tuple(Span(index, 0, len(page.blocks[index].text)) for index, count in counts if count > 150)
    hint = "" if score == 9 else _("Break the long paragraphs.")
    return Check("paragraph_length", "readability", label, score, longest, _("at most 150 words"), evidence, hint)


def sentence_length(page: Page) -> Check | None:
    if not page.marks_words:
        return None
    label = _("Sentence length")
    long = [sentence for sentence in page.sentences if len(sentence.words) > _LONG_SENTENCE]
    share = len(long) / len(page.sentences) if page.sentences else 0.0
    score = 3 if share > 0.3 else 6 if share > 0.25 else 9
    hint = "" if score == 9 else _("Shorten or divide the long sentences.")
    threshold = _("at most 25%% of sentences over %(words)d words") % {"words": _LONG_SENTENCE}
    spans = tuple(sentence.span for sentence in long)
    return Check("sentence_length", "readability", label, score, round(share, 3), threshold, spans, hint)


def sentence_beginnings(page: Page) -> Check | None:
    if not page.is_english:
        return None
    label, spans, most = _("Sentence beginnings"), [], 0
    for first, group in groupby(page.running, key=_beginning):
        run = list(group)
        if first and len(run) >= 3:
            spans += [sentence.span for sentence in run]
            most = max(most, len(run))
    if not spans:
        return Check("sentence_beginnings", "readability", label, 9, most)
    hint = _("Begin one of these sentences with another word.")
    threshold = _("fewer than 3 in a row")
    return Check("sentence_beginnings", "readability", label, 3, most, threshold, tuple(spans), hint)


def _beginning(sentence: Sentence) -> str:
    """The first word, and the second too where the first says little."""
    found = [word.casefold().replace("’", "'") for word in sentence.words[:2]]
    return " ".join(found if found and found[0] in _WEAK_BEGINNINGS else found[:1])


def passive_voice(page: Page) -> Check | None:
    if not page.is_english:
        return None
    label = _("Passive voice")
    passive = [sentence for sentence in page.sentences if is_passive(sentence)]
    share = len(passive) / len(page.sentences) if page.sentences else 0.0
    score = 3 if share > 0.15 else 6 if share > 0.1 else 9
    hint = "" if score == 9 else _("Say who does it.")
    spans = tuple(sentence.span for sentence in passive)
    return Check(
        "passive_voice", "readability", label, score, round(share, 3), _("at most 10% of sentences"), spans, hint
    )


def transition_words(page: Page) -> Check | None:
    if not page.is_english:
        return None
    label = _("Transition words")
    leading = [sentence for sentence in page.sentences if _leads_on(sentence)]
    share = len(leading) / len(page.sentences) if page.sentences else 0.0
    if page.word_count <= _LONG_TEXT:
        score = 9
    else:
        score = 3 if share < 0.2 else 6 if share < 0.3 else 9
    hint = "" if score == 9 else _("Show how sentences follow from each other: “because”, “however”, “for example”.")
    threshold = _("at least 30% of sentences")
    return Check("transition_words", "readability", label, score, round(share, 3), threshold, (), hint)


def _leads_on(sentence: Sentence) -> bool:
    found = [word.casefold().replace("’", "'") for word in sentence.words]
    if any(part in words_of("transition_words") for word in found for part in word.split("-")):
        return True
    if any(_has(found, phrase) for phrase in phrases_of("transition_phrases")):
        return True
    return any(all(_has(found, half.split()) for half in pair) for pair in phrases_of("transition_pairs"))


def _has(found: list[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    return any(found[at : at + size] == list(phrase) for at in range(len(found) - size + 1))


RULES = (
    subheading_distribution,
    paragraph_length,
    sentence_length,
    sentence_beginnings,
    passive_voice,
    transition_words,
)
