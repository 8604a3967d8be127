"""A text for one platform, by a model: asked for within the platform's limits, and made to fit where it does not.

Nothing is saved here. Plans have all their variants written; in the editor a person asks for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from apps.common.errors import NotFound
from apps.common.text.articles import html_of
from apps.common.text.lengths import measure
from apps.common.text.sentences import sentences
from apps.common.text.words import fit, shorten
from apps.content.models import Item
from apps.content.services import Text
from apps.content.voice import style_for
from apps.engines.seo import Page
from apps.platforms.base import Draft, Platform
from apps.templates.generation import Written, generate
from apps.templates.models import Generation
from apps.workspaces.actors import Actor

LONGEST_TITLE = 300
# Asked for where a platform takes articles of any length: it is still one post that is written.
_ARTICLE = 20_000

Ask = Callable[[str, Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Source:
    """What a text is made from. text: without marks. link: where readers find the piece, "" while there is none."""

    title: str
    text: str
    hashtags: tuple[str, ...]
    language: str
    tone: str = ""
    link: str = ""


@dataclass(frozen=True)
class Prepared:
    """A text that is not saved. note: what had to be done to it, "" when nothing. alt: what its picture shows."""

    platform: str
    title: str
    text: str
    hashtags: tuple[str, ...]
    note: str = ""
    alt: str = ""


def prose_of(markdown: str) -> str:
    """An article without headings, tables and marks, paragraphs divided by blank lines."""
    blocks = Page(html=html_of(markdown)).blocks
    return "\n\n".join(block.text for block in blocks if not block.level and block.tag not in ("td", "th"))


def link_of(item: Item | None) -> str:
    """Where readers find the piece: its source, or else where it was published first; "" while there is none."""
    if item is None or item.source_url:
        return item.source_url if item else ""
    online = item.posts.filter(published_at__isnull=False).exclude(url="")
    return online.order_by("published_at").values_list("url", flat=True).first() or ""


@dataclass(frozen=True)
class Suggestion:
    """What a person may take over. generation: who wrote it, and what that cost."""

    prepared: Prepared
    generation: Generation


def suggest(*, item: Item, text: Text, plug: Platform, actor: Actor, part: int = 1, fresh: bool = False) -> Suggestion:
    """Have a text for a platform written from what the editor says by now; nothing is saved.

    part: which one it is for, where there are several: each is posted by itself. fresh: a person wants another one.
    Call it outside of transactions. Raises NotAllowed, NotFound and what `generate` raises.
    """
    actor.require("write_content", item.workspace)
    if not 1 <= part <= len(text.parts):
        raise NotFound(_("There is no such part."))
    chosen = text.parts[part - 1]
    answers: list[Written] = []

    def ask(kind: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        answers.append(
            generate(
                workspace=item.workspace,
                kind=kind,
                variables=variables,
                actor=actor,
                subject=item,
                fresh=fresh,
                style=style_for(item.workspace, item.language),
            )
        )
        return answers[-1].data

    body = chosen["text"].strip()
    plain = prose_of(body) if item.format == Item.Format.TEXT else body
    title = chosen.get("title") or text.title
    source = Source(title, plain, tuple(text.hashtags), item.language, link=link_of(item))
    return Suggestion(write_for(plug, source, ask), answers[-1].generation)


def write_for(plug: Platform, source: Source, ask: Ask) -> Prepared:
    """Asked once, and once more where the answer is too long; then made to fit. Raises what `ask` raises."""
    most = plug.limits.text or _ARTICLE
    made = _asked(plug, source, ask, most)
    over = _excess(made, plug, source.language)
    if over:
        made = _asked(plug, source, ask, max(20, most - over - 10))
        made = replace(made, note=_("Written again, because the first was too long."))
    return fitted(made, plug, source)


def _asked(plug: Platform, source: Source, ask: Ask, limit: int) -> Prepared:
    variables = {
        "platform": plug.slug,
        "limit": limit,
        "unit": plug.limits.unit,
        "title": source.title,
        "text": source.text,
        "hashtags": list(source.hashtags),
        "tone": source.tone,
        "link": source.link,
        "language": source.language,
    }
    answer = ask("variant", variables)
    tags = tuple(answer.get("hashtags", []))
    title = answer.get("title") or source.title
    return Prepared(plug.slug, title, answer["text"].strip(), tags, alt=answer.get("alt_text", "").strip())


def _draft(made: Prepared, language: str) -> Draft:
    return Draft(title=made.title, text=made.text, hashtags=made.hashtags, language=language)


def _excess(made: Prepared, plug: Platform, language: str) -> int:
    """By how much the text is too long, in the platform's unit; the link in it counts as the platform counts it."""
    if not plug.limits.text:
        return 0
    limits, said = plug.counted(_draft(made, language))
    return max(0, measure(said, limits.unit) - limits.text)


def fitted(made: Prepared, plug: Platform, source: Source) -> Prepared:
    """Made to fit by leaving out: hashtags first, then whole sentences, then words; a link at the end stays."""
    limits = plug.limits
    if limits.title and measure(made.title, limits.unit) > limits.title:
        made = replace(made, title=shorten(made.title, limits.title))
    tags = tuple(tag for tag in made.hashtags if not limits.hashtag or measure(tag, limits.unit) <= limits.hashtag)
    made = replace(made, title=fit(made.title, LONGEST_TITLE), hashtags=tags[: limits.hashtags or None])
    if not _too_long(made, plug, source.language):
        return made
    while made.hashtags and _too_long(made, plug, source.language):
        made = replace(made, hashtags=made.hashtags[:-1])
    linked = bool(source.link) and made.text.endswith(source.link)
    body, ending = (made.text.removesuffix(source.link).rstrip(), f"\n\n{source.link}") if linked else (made.text, "")
    lines = sentences(body, language=source.language)
    while len(lines) > 1 and _too_long(made, plug, source.language):
        lines = lines[:-1]
        body = "".join(lines).strip()
        made = replace(made, text=body + ending)
    while len(body) > 1 and _too_long(made, plug, source.language):
        body = shorten(body, max(1, len(body) * 9 // 10))
        made = replace(made, text=body + ending)
    return replace(made, note=_("Shortened by leaving out its end, because it was too long."))


def _too_long(made: Prepared, plug: Platform, language: str) -> bool:
    return any(problem.field == "text" for problem in plug.validate(_draft(made, language)))
