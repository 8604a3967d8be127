"""What a reader must be able to trust, apart from every score: sources, links, and that nobody has read it before.

What is found here holds for a revision that no person has approved: a policy never lets it through by itself.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import regex
from django.utils.translation import gettext as _

from apps.common.text.sentences import sentences
from apps.common.text.similar import fingerprint, near_identical
from apps.common.text.words import WORD, count_graphemes, words
from apps.content.likeness import closest
from apps.content.models import Item
from apps.content.writing import prose_of
from apps.content_plans.links import links_of, look_at
from apps.content_plans.models import ContentPlan
from apps.engines.research import Source
from apps.engines.research.keywords import stem
from apps.templates.provenance import new_links, still_there

_SHOWN, _TWINS, _LEAST_WORDS = 20, 5, 50
# Words of so many letters say what a sentence is about. One that has enough of them, most of them new, says something
# new.
_TELLING, _LEAST_TELLING, _MOSTLY = 5, 4, 0.75
_NOUNS_ARE_CAPITAL = frozenset({"de", "lb"})
_FIGURE = regex.compile(r"\p{Nd}+(?:[.,]\p{Nd}+)*")


def integrity_of(
    plan: ContentPlan, markdown: str, claims: list[dict[str, Any]], sources: list[Source]
) -> dict[str, Any]:
    """unsourced: statements without a source; new_links: links and mentions that nobody gave; links: what stands
    behind each, as `links.Link`; twins: texts of the workspace that are nearly the same."""
    missing = [claim["text"] for claim in claims if not claim.get("source")]
    given = [plan.title, plan.goal, plan.audience, *plan.competitor_urls]
    given += [text for each in sources for text in (each.url, each.text)]
    return {
        "claims": len(claims),
        "sourced": len(claims) - len(missing),
        "unsourced": list(dict.fromkeys(missing))[:_SHOWN],
        "new_links": new_links(markdown, given)[:_SHOWN],
        "links": [asdict(link) for link in look_at(links_of(markdown))],
        "twins": twins_of(plan, markdown),
    }


def new_statements(plan: ContentPlan, before: str, after: str, sources: dict[int, Source]) -> list[dict[str, Any]]:
    """[{"text", "source"}, …]: sentences of a rewrite that say what the text did not, each with the number of the page
    that says it, or None. A rewrite is asked for no claims of its own; its words tell which it has made."""
    brief = [plan.title, plan.goal, plan.audience, plan.keyphrase, *plan.secondary]
    known = _marks_in("\n".join([prose_of(before), before, *brief]), plan.language)
    pages = [(number, _marks_in(f"{each.title}\n{each.text}", plan.language)) for number, each in sources.items()]
    found = []
    for sentence in sentences(prose_of(after), language=plan.language):
        new = _new_marks(sentence, known, plan.language)
        if new:
            source = next((number for number, there in pages if new <= there), None)
            found.append({"text": sentence.strip(), "source": source})
    return found


def _new_marks(sentence: str, known: set[str], language: str) -> set[str]:
    """What makes a sentence a statement of its own: figures and names that are new, or nearly all of its words."""
    said = [match[0] for match in WORD.finditer(sentence)]
    telling = {stem(word, language) for word in said if count_graphemes(word) >= _TELLING}
    fresh = telling - known
    if len(telling) >= _LEAST_TELLING and len(fresh) >= _MOSTLY * len(telling):
        return fresh | (_figures(sentence) - known)
    names = (
        {stem(word, language) for word in said[1:] if word[:1].isupper()}
        if language not in _NOUNS_ARE_CAPITAL
        else set()
    )
    return (names | _figures(sentence)) - known


def _marks_in(text: str, language: str) -> set[str]:
    return _figures(text) | {stem(match[0], language) for match in WORD.finditer(text)}


def _figures(text: str) -> set[str]:
    return set(_FIGURE.findall(text))


def twins_of(plan: ContentPlan, markdown: str) -> list[dict[str, Any]]:
    """[{"plan": id, "title"} or {"item": id, "title"}, …]: other texts of the workspace that are nearly the same."""
    if len(words(markdown)) < _LEAST_WORDS:
        return []
    mine = fingerprint(markdown)
    others = ContentPlan._base_manager.filter(workspace=plan.workspace_id).exclude(pk=plan.pk).exclude(fingerprint="")
    rows = others.values_list("pk", "title", "fingerprint", "item")
    alike = [row for row in rows if near_identical(mine, row[2])]
    told = {item for *_plan, item in alike}
    items = [each for each in closest(plan.workspace, markdown, ignore=plan.item_id) if each.is_alarming]
    found = [{"plan": pk, "title": title} for pk, title, *_rest in alike]
    return (found + [{"item": each.item, "title": each.title} for each in items if each.item not in told])[:_TWINS]


def findings(integrity: dict[str, Any]) -> list[dict[str, Any]]:
    """Why a person must look, in words: [{"code", "message", "details": […]}, …]; empty when nothing was found."""
    dead = [f"{link['url']} – {link['said']}" for link in integrity.get("links", []) if link["state"] == "dead"]
    found = (
        ("sources", _("Statements without a source"), integrity.get("unsourced", [])),
        ("unknown", _("Links and mentions that nobody gave"), integrity.get("new_links", [])),
        ("links", _("Links that lead nowhere"), dead),
        ("twins", _("Nearly the same text is here already"), [each["title"] for each in integrity.get("twins", [])]),
    )
    return [{"code": code, "message": said, "details": details} for code, said, details in found if details]


def concerns_of(item: Item) -> list[dict[str, Any]]:
    """What was found in the text that a plan gave to this item, less what people have taken out of it since."""
    plan = ContentPlan._base_manager.filter(item=item).select_related("round").first()
    if plan is None or plan.round is None:
        return []
    integrity, text = dict(plan.round.integrity), item.current_revision.body
    if text != plan.round.markdown:
        links = set(links_of(text))
        integrity["links"] = [link for link in integrity.get("links", []) if link["url"] in links]
        integrity["new_links"] = still_there(integrity.get("new_links", []), text)
    return findings(integrity)


def given_to(item: Item) -> list[str]:
    """The addresses that the brief of the item's plan names, and where they led."""
    plan = ContentPlan._base_manager.filter(item=item).first()
    return [*plan.competitor_urls, *plan.pages.values_list("found_at", flat=True)] if plan else []
