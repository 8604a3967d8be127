"""Writes what stands around a story from the story itself: no model, no network, nothing that the text does not say.

The hook is the sentence of the opening that pulls most; hashtags are the words that the text itself stresses. Only the
question at the end is not the author's: it comes from a short list in the text's language.
"""

from __future__ import annotations

import math
import time
import zlib
from collections import Counter
from typing import Any

import regex

from apps.common.text.hashtags import build_hashtag, unique_hashtags
from apps.common.text.markup import visible
from apps.common.text.sentences import sentences
from apps.common.text.words import shorten, words
from apps.engines.text.base import TextRequest, TextResult
from apps.engines.text.lexicon import CALLS_TO_ACTION, COMMUNITY_TAGS, PULL, STOP_WORDS

OPENING = 0.4  # of the text: a hook from further on would give the ending away
HOOK_WORDS = (4, 24)
TAGS = 5


class ExtractiveEngine:
    """Answers requests of kind "script" from their variables: title, story, language."""

    name = "extractive"

    def generate(self, request: TextRequest) -> TextResult:
        started = time.monotonic()
        story = visible(str(request.variables["story"]))[0]
        language = str(request.variables.get("language") or "en")
        title = str(request.variables.get("title") or "").strip()
        lines = [line.strip() for line in sentences(story, language=language) if words(line)]
        if not lines:
            return TextResult("invalid", message="The story has no sentence.", seconds=time.monotonic() - started)
        hook = best_hook(lines)
        data = {
            "title": shorten(title or hook.rstrip(".!?…"), 80),
            "hook": shorten(hook, 240),
            "description": describe(lines, hook),
            "call_to_action": call_to_action(story, language),
            "hashtags": hashtags(title, story, language),
        }
        return TextResult("parsed", data=_within(data, request.schema), seconds=time.monotonic() - started)


def best_hook(lines: list[str]) -> str:
    """The sentence of the opening that makes people stay; the first one when none stands out."""
    opening = lines[: max(1, math.ceil(len(lines) * OPENING))]
    return max(enumerate(opening), key=lambda each: (pull(each[1], each[0]), -each[0]))[1]


def pull(line: str, position: int) -> float:
    """How much a sentence draws: conflict, surprise, a number, a question, a voice; brevity; an early place."""
    said = [word.casefold() for word in words(line)]
    score = sum(PULL.get(word, 0.0) for word in said)
    score += 1.0 if regex.search(r"[?？؟]", line) else 0.0
    score += 0.5 if regex.search(r"\p{Nd}", line) else 0.0
    score += 0.4 if {"i", "my", "we", "me", "ഞാൻ", "എന്റെ"} & set(said) else 0.0
    score += 0.3 if regex.search(r"[!！]|[\"“”«»]", line) else 0.0
    least, most = HOOK_WORDS
    score -= 1.5 if len(said) < least else 0.08 * max(0, len(said) - 12)
    score -= 3.0 if len(said) > most else 0.0
    return score - 0.12 * position


def describe(lines: list[str], hook: str) -> str:
    """The opening sentences, as many as fit into 300 characters, without the hook said twice."""
    text = ""
    for line in lines[:4]:
        longer = f"{text} {line}".strip()
        if len(longer) > 300:
            break
        text = longer
    return text or shorten(hook, 300)


def call_to_action(story: str, language: str) -> str:
    """A question in the text's language; the same story always gets the same one."""
    choices = CALLS_TO_ACTION.get(language.partition("-")[0], CALLS_TO_ACTION["en"])
    return choices[zlib.crc32(story.encode()) % len(choices)]


def hashtags(title: str, story: str, language: str) -> list[str]:
    """Words that the text uses more than once or puts into its title, and the community's own tag."""
    stop = STOP_WORDS.get(language.partition("-")[0], frozenset())
    spelling: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for weight, text in ((3, title), (1, story)):
        for word in words(text):
            key = word.casefold()
            if len(key) >= 4 and key not in stop and "'" not in key and "’" not in key and not key.isdigit():
                spelling.setdefault(key, word if weight == 1 else key)
                counts[key] += weight
    ranked = sorted(counts, key=lambda key: (-counts[key] * math.log(2 + len(key)), key))
    own = [build_hashtag(spelling[key].lower()) for key in ranked if counts[key] > 1]
    community = COMMUNITY_TAGS.get(language.partition("-")[0], COMMUNITY_TAGS["en"])
    return unique_hashtags([*own[: TAGS - len(community)], *community])


def _within(data: dict[str, Any], schema: Any) -> dict[str, Any]:
    """Only what the schema asks for: a template may want less."""
    asked = schema.get("properties")
    return {name: value for name, value in data.items() if name in asked} if asked else data
