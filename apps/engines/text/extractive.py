"""Writes what stands around a story out of the story itself. No model, no network, no invented facts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import jsonschema
import regex
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.common.text.hashtags import build_hashtag, unique_hashtags
from apps.common.text.markup import visible
from apps.common.text.normalise import normalise
from apps.common.text.sentences import sentences
from apps.common.text.words import shorten, words
from apps.engines.text import extractive_drafts
from apps.engines.text.base import TextRequest, TextResult
from apps.engines.text.extractive_pieces import (
    LONGEST_TITLE,
    MOST_TAGS,
    call_to_action_of,
    description_of,
    folded,
    hashtags_of,
    keywords_of,
    strongest_of,
    title_of,
    without_possessive,
)
from apps.engines.text.extractive_words import FILE_WORDS, STOP_WORDS

# Characters of a description that search results show in full, and that use the room.
LEAST_SEARCH, MOST_SEARCH = 120, 156


class ExtractiveEngine:
    """Answers every kind from the text that it is given. It reads `variables` and no prompt."""

    def generate(self, request: TextRequest) -> TextResult:
        """Always "parsed", unless the schema asks for what cannot be taken from the text: then "invalid".

        Raises AdapterError for another kind, or a text without a word.
        """
        started = time.monotonic()
        write = _WRITE.get(request.kind)
        if write is None:
            raise AdapterError(
                _("Without a model “%(kind)s” cannot be written.") % {"kind": request.kind},
                permanent=True,
                hint=_("Choose a text engine with a model."),
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
        raise AdapterError(_("The story has no words to write from."), permanent=True, hint=_("Give the story a text."))
    hook = strongest_of(lines, language)
    return {
        "title": title_of(title, hook),
        "hook": hook,
        "description": description_of(lines, hook),
        "call_to_action": call_to_action_of(f"{title}\n{story}", language),
        "hashtags": hashtags_of(title, story, language, str(variables.get("community", ""))),
    }


def _metadata(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Of a clip or a text: its own words where there are any, else what its file is called."""
    said = normalise(str(variables.get("transcript") or variables.get("text") or ""))
    language = str(variables.get("language") or "en").partition("-")[0]
    file_name = normalise(str(variables.get("file_name", ""))).replace("\n", " ")
    name = normalise(str(variables.get("title") or "")).replace("\n", " ") or _telling_name(file_name)
    phrase = normalise(str(variables.get("keyphrase") or ""))
    lines = [line.strip() for line in sentences(said, language=language) if words(line)]
    strongest = strongest_of(lines, language) if lines else ""
    title = shorten(name or strongest.rstrip(".!。।,") or file_name or "Clip", LONGEST_TITLE)
    # A short clip says hardly a word twice: then the longest of its title must do.
    telling = sorted((word for word in words(title) if folded(word) and (name or lines)), key=len, reverse=True)[:3]
    tags = map(build_hashtag, [phrase, *keywords_of(name, said), *map(without_possessive, telling)])
    return {
        "title": title,
        "description": description_of(lines, strongest if not name else "") if lines else "",
        "hashtags": unique_hashtags(tags)[:MOST_TAGS],
        "excerpt": strongest or title,
        **_for_search(title, lines, phrase),
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


def _for_search(title: str, lines: list[str], phrase: str) -> dict[str, str]:
    """Title and description as search results show them, the keyphrase first where it is not said anyway."""
    told = phrase and phrase.casefold() in title.casefold()
    seo_title = title if told or not phrase else f"{phrase[:1].upper()}{phrase[1:]}: {title}"
    about = [line for line in lines if phrase and phrase.casefold() in line.casefold()] or lines
    description = ""
    for line in dict.fromkeys([*about[:1], *lines]):
        if len(description) > LEAST_SEARCH:
            break
        description = f"{description} {line}".strip()
    return {
        "seo_title": shorten(seo_title, 60),
        "seo_description": shorten(description, MOST_SEARCH) if description else "",
    }


_WRITE = {
    "script": _script,
    "metadata": _metadata,
    "hook": extractive_drafts.hook,
    "caption": extractive_drafts.caption,
    "hashtags": extractive_drafts.hashtags,
    "research_summary": extractive_drafts.research_summary,
    "outline": extractive_drafts.outline,
    "blog_draft": extractive_drafts.blog_draft,
    "seo_rewrite": extractive_drafts.seo_rewrite,
    "variant": extractive_drafts.variant,
    "report": extractive_drafts.report,
}
