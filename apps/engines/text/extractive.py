"""Writes what stands around a story out of the story itself. No model, no network, no invented facts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import jsonschema
import regex

from apps.common.errors import AdapterError
from apps.common.text.duration import sentence_seconds
from apps.common.text.hashtags import build_hashtag, unique_hashtags
from apps.common.text.markup import visible
from apps.common.text.normalise import normalise
from apps.common.text.sentences import sentences
from apps.common.text.similar import fingerprint
from apps.common.text.words import count_graphemes, shorten, words
from apps.engines.text.base import TextRequest, TextResult
from apps.engines.text.extractive_words import (
    CALLS_TO_ACTION,
    FILE_WORDS,
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


class ExtractiveEngine:
    """Answers the kinds "script" and "metadata". It reads `variables` and no prompt.

    script: title, story, language, community. metadata: file_name, transcript, language.
    """

    def generate(self, request: TextRequest) -> TextResult:
        """Always "parsed", unless the schema asks for what cannot be taken from the text: then "invalid".

        Raises AdapterError for another kind, or a story without a word.
        """
        started = time.monotonic()
        write = {"script": _script, "metadata": _metadata}.get(request.kind)
        if write is None:
            raise AdapterError(
                f"Without a model only scripts of stories and texts of clips can be written, not “{request.kind}”.",
                permanent=True,
                hint="Choose a text engine with a model.",
            )
        written = write(request.variables)
        wanted = request.schema.get("properties", written)
        data = {name: value for name, value in written.items() if name in wanted}
        problem = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(request.schema).iter_errors(data))
        seconds = time.monotonic() - started
        if problem is not None:
            return TextResult(outcome="invalid", message=problem.message, seconds=seconds)
        return TextResult(outcome="parsed", data=data, seconds=seconds)


def _script(variables: Mapping[str, Any]) -> dict[str, Any]:
    story = normalise(visible(normalise(str(variables.get("story", ""))))[0])
    title = normalise(visible(normalise(str(variables.get("title", ""))))[0]).replace("\n", " ")
    language = str(variables.get("language") or "en").partition("-")[0]
    lines = [line.strip() for line in sentences(story, language=language) if words(line)]
    if not lines:
        raise AdapterError("The story has no words to write from.", permanent=True, hint="Give the story a text.")
    hook = _hook(lines, language)
    return {
        "title": _title(title, hook),
        "hook": hook,
        "description": _description(lines, hook),
        "call_to_action": _call_to_action(f"{title}\n{story}", language),
        "hashtags": _hashtags(title, story, language, str(variables.get("community", ""))),
    }


def _metadata(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Of a clip: its own words where somebody speaks, else what its file is called."""
    said = normalise(str(variables.get("transcript", "")))
    language = str(variables.get("language") or "en").partition("-")[0]
    name = _telling_name(normalise(str(variables.get("file_name", ""))).replace("\n", " "))
    lines = [line.strip() for line in sentences(said, language=language) if words(line)]
    strongest = _hook(lines, language) if lines else ""
    plain_name = normalise(str(variables.get("file_name", ""))).replace("\n", " ")
    title = shorten(name or strongest.rstrip(".!。।,") or plain_name or "Clip", LONGEST_TITLE)
    # A short clip says hardly a word twice: then the longest of its title must do.
    telling = sorted((word for word in words(title) if _folded(word) and (name or lines)), key=len, reverse=True)[:3]
    tags = map(build_hashtag, [*_keywords(name, said), *map(_without_possessive, telling)])
    return {
        "title": title,
        "description": _description(lines, strongest if not name else "") if lines else "",
        "hashtags": unique_hashtags(tags)[:MOST_TAGS],
    }


def _telling_name(name: str) -> str:
    """A file's name as a title, "" where a camera or a program gave it."""
    spaced = " ".join(regex.sub(r"[_\-.+]+|(?<=\p{Ll})(?=\p{Lu})", " ", name).split())
    telling = [word for word in words(spaced) if regex.search(r"\p{L}\p{M}*\p{L}", word)]
    if len(telling) < 2 or all(_says_nothing(word.lower()) for word in telling):
        return ""
    return spaced[:1].upper() + spaced[1:]


def _says_nothing(word: str) -> bool:
    return word in FILE_WORDS or word in STOP_WORDS or bool(regex.search(r"\d", word))


def _hook(lines: list[str], language: str) -> str:
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


def _title(title: str, hook: str) -> str:
    title = _SERIES.sub("", title).strip(" -–—:|")
    return shorten(title if words(title) else hook.rstrip(".!。।"), LONGEST_TITLE)


def _description(lines: list[str], hook: str) -> str:
    """The story's first sentences that are not the hook, as many as fit."""
    description = ""
    for line in [line for line in lines[:4] if line != hook][:2] or lines[:1]:
        longer = f"{description} {line}".strip()
        if description and count_graphemes(longer) > LONGEST_DESCRIPTION:
            break
        description = longer
    return shorten(description, LONGEST_DESCRIPTION)


def _call_to_action(text: str, language: str) -> str:
    """A question to the viewer in the story's language, the same for the same story; "" where none is translated."""
    if language in VERDICT_CALLS and VERDICT.search(text):
        return VERDICT_CALLS[language]
    choices = CALLS_TO_ACTION.get(language, ("",))
    return choices[int(fingerprint(text), 16) % len(choices)]


def _hashtags(title: str, story: str, language: str, community: str) -> list[str]:
    genre = GENRE_TAGS.get(language, "")
    tags = [genre, build_hashtag(regex.sub(r"^/?r/", "", community)), *map(build_hashtag, _keywords(title, story))]
    return unique_hashtags(tags)[:MOST_TAGS]


def _keywords(title: str, story: str) -> list[str]:
    """Words the story keeps coming back to, most telling first, as they are mostly written."""
    written: dict[str, Counter[str]] = {}
    for word in words(story) + words(title):
        folded = _folded(word)
        if folded:
            written.setdefault(folded, Counter())[_without_possessive(word)] += 1
    in_title = {_folded(word) for word in words(title)}
    scores = {
        folded: forms.total() * (2.0 if folded in in_title else 1.0) * min(count_graphemes(folded), 8) / 8
        for folded, forms in written.items()
        if forms.total() >= 2
    }
    ranked = sorted(scores, key=lambda folded: (-scores[folded], folded))
    return [written[folded].most_common(1)[0][0] for folded in ranked]


def _without_possessive(word: str) -> str:
    return word.lower().replace("’", "'").removesuffix("'s")


def _folded(word: str) -> str:
    """The form under which a word is counted, "" for words that make no hashtag."""
    lower = _without_possessive(word)
    least = 4 if lower.isascii() else 2
    if lower in STOP_WORDS or count_graphemes(lower) < least or not regex.search(r"\p{L}", lower):
        return ""
    singular = lower[:-1] if lower.isascii() and regex.search(r"[^su]s$", lower) else lower
    return "" if singular in STOP_WORDS else singular
