"""Drafts taken from a text itself: skeletons, captions, variants. Every sentence stands in what was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import regex

from apps.common.text.lengths import Unit, measure
from apps.common.text.normalise import normalise
from apps.common.text.sentences import sentences
from apps.common.text.words import shorten, words
from apps.engines.text.extractive_pieces import (
    LONGEST_DESCRIPTION,
    MOST_TAGS,
    hashtags_of,
    language_of,
    lines_of,
    plain_of,
    strongest_of,
)

_SECTIONS, _POINTS, _POINTS_A_SOURCE = 5, 4, 4
_LONG_PARAGRAPH = 120  # words
# "[3] Its title", or "[3, de] Its title" where it is in another language.
_SOURCE = regex.compile(r"^\[(\d+)(?:, ([\w-]+))?\]\s*(.*?)(?:\n|$)")
_REFERENCE = regex.compile(r"\s*\[(\d+)\]")
_ENDED = regex.compile(r"[.!?…。！？।॥؟۔][\p{P}\s]*$")


def hook(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {"hook": strongest_of(lines_of(variables, "text"), language_of(variables))}


def caption(variables: Mapping[str, Any]) -> dict[str, Any]:
    lines = lines_of(variables, "text")
    return {"caption": _as_much_as_fits(lines, int(variables.get("limit") or LONGEST_DESCRIPTION), "graphemes")}


def hashtags(variables: Mapping[str, Any]) -> dict[str, Any]:
    found = hashtags_of(plain_of(variables, "title"), plain_of(variables, "text"), language_of(variables))
    return {"hashtags": found[: int(variables.get("count") or MOST_TAGS)]}


def research_summary(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The leading and most telling sentences of each source in the language asked for, with its number."""
    language, points, asked = language_of(variables), [], []
    for place, source in enumerate(variables.get("sources") or [], 1):
        source = normalise(str(source))
        marked = _SOURCE.match(source)
        if marked and marked[2]:
            continue
        number = int(marked[1]) if marked else place
        text = source[marked.end() :] if marked else source
        lines = [line.strip() for line in sentences(text, language=language) if len(words(line)) >= 5]
        asked += [line for line in lines if line.endswith(("?", "؟", "？"))]
        # Headings end without a stop; in a script that has none, every line may be a sentence.
        told = [line for line in lines if _ENDED.search(line)] or lines
        points += [{"text": shorten(line, 480), "source": number} for line in _telling(told, language)]
    firsts = {point["source"]: point["text"] for point in reversed(points)}
    summary = " ".join(f"{text} [{number}]" for number, text in sorted(firsts.items()))
    return {
        "summary": shorten(summary, 1900) if summary else "",
        "points": points[:30],
        "angles": [shorten(question, 280) for question in dict.fromkeys(asked)][:12],
    }


def _telling(lines: list[str], language: str) -> list[str]:
    """The first sentence, and those with the words the text keeps coming back to, in their order."""
    wanted = {tag.casefold() for tag in hashtags_of("", " ".join(lines), language)}
    plain = [line for line in lines if not line.endswith(("?", "؟", "？"))]
    scored = sorted(
        range(len(plain)),
        key=lambda at: (-sum(word.casefold() in wanted for word in words(plain[at])) - 2 * (at == 0), at),
    )
    return [plain[at] for at in sorted(scored[:_POINTS_A_SOURCE])]


def outline(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Sections named by what the research keeps coming back to; their points are its sentences."""
    title, phrase, language = plain_of(variables, "title"), plain_of(variables, "keyphrase"), language_of(variables)
    lines = _research_of(variables, language)
    topics = [
        tag
        for tag in hashtags_of(title, " ".join(lines), language, most=_SECTIONS + 2)
        if tag.casefold() not in phrase.casefold()
    ]
    sections, used = [], set()
    for topic in topics[: _SECTIONS - 1]:
        about = [line for line in lines if line not in used and topic.casefold() in line.casefold()][:_POINTS]
        if about:
            used.update(about)
            sections.append({"heading": _capital(topic), "points": [shorten(line, 280) for line in about]})
    rest = [shorten(line, 280) for line in lines if line not in used][:_POINTS]
    first = {"heading": _capital(phrase or title), "points": rest or [plain_of(variables, "goal") or title]}
    return {"title": title, "sections": [first, *sections]}


def blog_draft(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The research's own sentences on the section, each with its source; nothing is written by a model."""
    language, section = language_of(variables), str(variables.get("section") or "")
    lines = _research_of(variables, language)
    wanted = {word.casefold() for word in words(section) if len(word) > 3}
    ranked = sorted(lines, key=lambda line: -len(wanted & {word.casefold() for word in words(line)}))
    enough, chosen, count = int(variables.get("target_words") or 150), [], 0
    for line in ranked:
        if count >= enough or not wanted & {word.casefold() for word in words(line)}:
            break
        chosen.append(line)
        count += len(words(line))
    claims = [{"text": shorten(_REFERENCE.sub("", line), 480), "source": _source_of(line)} for line in chosen]
    if not chosen:
        heading, *points = [line.strip(" -") for line in section.splitlines() if line.strip(" -")] or [""]
        # The heading stands above the text already.
        return {"markdown": "\n".join(f"- {line}" for line in points or [heading]), "claims": []}
    paragraphs = [" ".join(chosen[at : at + 3]) for at in range(0, len(chosen), 3)]
    return {"markdown": "\n\n".join(paragraphs), "claims": claims[:60]}


def _research_of(variables: Mapping[str, Any], language: str) -> list[str]:
    """The sentences of the research, each with the number of the source that its line names."""
    found = []
    for line in normalise(str(variables.get("research") or "")).splitlines():
        number = _source_of(line)
        for sentence in sentences(_REFERENCE.sub("", line), language=language):
            if len(words(sentence)) >= 4:
                found.append(sentence.strip() if number is None else f"{sentence.strip()} [{number}]")
    return found


def _source_of(line: str) -> int | None:
    found = _REFERENCE.search(line)
    return int(found[1]) if found else None


def seo_rewrite(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Only what needs no words: paragraphs that are too long are divided."""
    language = language_of(variables)
    blocks = regex.split(r"\n{2,}", str(variables.get("text") or "").strip())
    return {"markdown": "\n\n".join(_divided(block, language) for block in blocks)}


def _divided(block: str, language: str) -> str:
    if len(words(block)) <= _LONG_PARAGRAPH or regex.match(r"\s*(?:[#>|`]|[-*+]\s|\d+\.\s)", block):
        return block
    paragraphs, count = [""], 0
    for sentence in sentences(block, language=language):
        length = len(words(sentence))
        if count and count + length > _LONG_PARAGRAPH:
            paragraphs, count = [*paragraphs, ""], 0
        paragraphs[-1] += sentence
        count += length
    return "\n\n".join(paragraph.strip() for paragraph in paragraphs)


def variant(variables: Mapping[str, Any]) -> dict[str, Any]:
    """As many of the text's sentences as the platform takes, with its hashtags and link."""
    unit = variables.get("unit") if variables.get("unit") in get_args(Unit) else "graphemes"
    tags, link = list(variables.get("hashtags") or []), str(variables.get("link") or "")
    extra = "".join(f"\n\n{piece}" for piece in (" ".join(f"#{tag}" for tag in tags), link) if piece)
    limit = int(variables.get("limit") or 0)
    room = limit - measure(extra, unit) if limit else 0
    if limit and room < limit / 2:
        tags, room = [], limit - (measure(f"\n\n{link}", unit) if link else 0)
    text = _as_much_as_fits(lines_of(variables, "text"), room, unit) if limit else plain_of(variables, "text")
    return {
        "title": plain_of(variables, "title"),
        "text": f"{text}\n\n{link}" if link else text,
        "hashtags": tags,
        "alt_text": "",
    }


def report(variables: Mapping[str, Any]) -> dict[str, Any]:
    numbers, learnt = list(variables.get("numbers") or []), list(variables.get("learnt") or [])
    pieces = [f"**{plain_of(variables, 'period')}**", "\n".join(f"- {line}" for line in numbers)]
    pieces.append("\n".join(f"- {line}" for line in learnt))
    return {"markdown": "\n\n".join(piece for piece in pieces if piece)}


def _as_much_as_fits(lines: list[str], limit: int, unit: Unit) -> str:
    text = ""
    for line in lines:
        longer = f"{text} {line}".strip()
        if measure(longer, unit) > limit:
            break
        text = longer
    if text or not lines:
        return text
    cut = shorten(lines[0], max(1, limit))
    while measure(cut, unit) > limit and len(cut) > 1:
        cut = shorten(cut, max(1, len(cut) - 2))
    return cut


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
