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
from apps.common.text.words import words
from apps.content.likeness import closest
from apps.content.models import Item
from apps.content.writing import prose_of
from apps.content_plans.links import links_of, look_at
from apps.content_plans.models import ContentPlan
from apps.engines.research import Source
from apps.templates.provenance import new_links, still_there

_SHOWN, _TWINS, _LEAST_WORDS = 20, 5, 50
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


def new_statements(plan: ContentPlan, before: str, after: str, sources: list[Source]) -> list[dict[str, Any]]:
    """[{"text", "source"}, …]: sentences of a rewrite with a figure that the text did not have, each with the number of
    the page that has it, or None. A rewrite is asked for no claims of its own, and figures are what it makes up."""
    known = _figures("\n".join([before, plan.title, plan.goal, plan.audience]))
    pages = [(number, _figures(f"{each.title}\n{each.text}")) for number, each in enumerate(sources, 1)]
    found = []
    for sentence in sentences(prose_of(after), language=plan.language):
        new = _figures(sentence) - known
        if new:
            source = next((number for number, there in pages if new <= there), None)
            found.append({"text": sentence.strip(), "source": source})
    return found


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
