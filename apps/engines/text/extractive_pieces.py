"""The pieces that every extractive answer is made of: the strongest sentence, the first ones, the telling words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import regex
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.common.text.duration import sentence_seconds
from apps.common.text.hashtags import build_hashtag, unique_hashtags
from apps.common.text.markup import visible
from apps.common.text.normalise import normalise
from apps.common.text.sentences import sentences
from apps.common.text.similar import fingerprint
from apps.common.text.words import count_graphemes, shorten, words
from apps.engines.text.extractive_words import (
    CALLS_TO_ACTION,
    FIRST_PERSON,
    GENRE_TAGS,
    GRIPPING,
    LEANING,
    STOP_WORDS,
    VERDICT,
    VERDICT_CALLS,
)

LONGEST_TITLE = 80
LONGEST_HOOK = 160
LONGEST_DESCRIPTION = 300
MOST_TAGS = 5

# A hook that takes longer is no hook; one that is shorter says nothing.
_HOOK_SECONDS = (1.5, 8.0)
# The last part of a story is where it ends, and the hook must not tell that.
_HOOK_WITHIN = 0.6
_SERIES = regex.compile(r"(?i)\s*[\[(]?\b(?:part|update|edit)\b\s*#?\d*[\])]?\s*:?\s*$")


def plain_of(variables: Mapping[str, Any], name: str) -> str:
    """One of the variables without markup."""
    return normalise(visible(normalise(str(variables.get(name) or "")))[0])


def language_of(variables: Mapping[str, Any]) -> str:
    return str(variables.get("language") or "en").partition("-")[0]


def lines_of(variables: Mapping[str, Any], name: str) -> list[str]:
    """The sentences of one of the variables. Raises AdapterError when it has no words."""
    found = sentences(plain_of(variables, name), language=language_of(variables))
    lines = [line.strip() for line in found if words(line)]
    if not lines:
        raise AdapterError(_("There are no words to write from."), permanent=True, hint=_("Give the piece a text."))
    return lines


def strongest_of(lines: list[str], language: str) -> str:
    """The strongest sentence of the story's first part, verbatim; shortened only when every sentence is too long."""
    candidates = lines[: max(1, int(len(lines) * _HOOK_WITHIN))]
    shortest, longest = _HOOK_SECONDS
    fitting = [
        (position, line)
        for position, line in enumerate(candidates)
        if count_graphemes(line) <= LONGEST_HOOK and shortest <= sentence_seconds(line, language=language) <= longest
    ]
    if not fitting:
        return shorten(candidates[0], LONGEST_HOOK)
    return max(fitting, key=lambda found: _strength(found[1], found[0] / len(lines)))[1]


def _strength(line: str, position: float) -> float:
    """How well a sentence opens a video. position: 0 at the story's beginning, 1 at its end."""
    gripping = min(len(GRIPPING.findall(line)), 2)
    length = len(words(line))
    return (
        1.2 * gripping
        + 0.8 * bool(FIRST_PERSON.search(line))
        + 0.8 * line.rstrip("\"'”’»").endswith("?")
        + 0.3 * line.rstrip("\"'”’»").endswith("!")
        + 0.4 * bool(regex.search(r"\p{Nd}", line))
        - 1.5 * bool(LEANING.search(line))
        - 0.08 * max(0, length - 14)
        - 0.15 * max(0, 6 - length)
        - 1.0 * position
    )


def title_of(title: str, hook: str) -> str:
    title = _SERIES.sub("", title).strip(" -–—:|")
    return shorten(title if words(title) else hook.rstrip(".!。।"), LONGEST_TITLE)


def description_of(lines: list[str], hook: str) -> str:
    """The story's first sentences that are not the hook, as many as fit."""
    description = ""
    for line in [line for line in lines[:4] if line != hook][:2] or lines[:1]:
        longer = f"{description} {line}".strip()
        if description and count_graphemes(longer) > LONGEST_DESCRIPTION:
            break
        description = longer
    return shorten(description, LONGEST_DESCRIPTION)


def call_to_action_of(text: str, language: str) -> str:
    """A question to the viewer in the story's language, the same for the same story; "" where none is translated."""
    if language in VERDICT_CALLS and VERDICT.search(text):
        return VERDICT_CALLS[language]
    choices = CALLS_TO_ACTION.get(language, ("",))
    return choices[int(fingerprint(text), 16) % len(choices)]


def hashtags_of(title: str, story: str, language: str, community: str = "", *, most: int = MOST_TAGS) -> list[str]:
    genre = GENRE_TAGS.get(language, "")
    tags = [genre, build_hashtag(regex.sub(r"^/?r/", "", community)), *map(build_hashtag, keywords_of(title, story))]
    return unique_hashtags(tags)[:most]


def keywords_of(title: str, story: str) -> list[str]:
    """Words the story keeps coming back to, most telling first, as they are mostly written."""
    written: dict[str, Counter[str]] = {}
    for word in words(story) + words(title):
        form = folded(word)
        if form:
            written.setdefault(form, Counter())[without_possessive(word)] += 1
    in_title = {folded(word) for word in words(title)}
    scores = {
        folded: forms.total() * (2.0 if folded in in_title else 1.0) * min(count_graphemes(folded), 8) / 8
        for folded, forms in written.items()
        if forms.total() >= 2
    }
    ranked = sorted(scores, key=lambda folded: (-scores[folded], folded))
    return [written[folded].most_common(1)[0][0] for folded in ranked]


def without_possessive(word: str) -> str:
    return word.lower().replace("’", "'").removesuffix("'s")


def folded(word: str) -> str:
    """The form under which a word is counted, "" for words that make no hashtag."""
    lower = without_possessive(word)
    least = 4 if lower.isascii() else 2
    if lower in STOP_WORDS or count_graphemes(lower) < least or not regex.search(r"\p{L}", lower):
        return ""
    singular = lower[:-1] if lower.isascii() and regex.search(r"[^su]s$", lower) else lower
    return "" if singular in STOP_WORDS else singular
