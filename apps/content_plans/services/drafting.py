"""From brief and research to a draft: summary, outline, sections, metadata."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import regex
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.common.text.hashtags import unique_hashtags
from apps.common.text.scripts import script_of
from apps.common.text.slugs import slug
from apps.common.text.words import fit, shorten
from apps.content.writing import prose_of
from apps.content_plans.models import ContentPlan, ResearchPage
from apps.content_plans.queries import pages_read
from apps.content_plans.services.asking import Writer
from apps.lifecycle.runs import Work

# Characters of a page that a model is given; words of an article without an example to go by.
_MOST_OF_A_PAGE, _USUAL_WORDS, _FEWEST, _MOST_WORDS = 6000, 900, 600, 1800
_REFERENCE = regex.compile(r"[ \t]*\[\d+\](?![(:])")


def summarise(plan: ContentPlan, writer: Writer) -> dict[str, Any] | None:
    """What the pages say, each point with the number of its page; None without pages."""
    pages = pages_read(plan)
    if not pages:
        return None
    sources = [
        f"[{page.position}{_foreign(plan, page)}] {page.title}\n{shorten(page.text, _MOST_OF_A_PAGE)}" for page in pages
    ]
    answer = writer.ask(
        "research_summary",
        {"title": plan.title, "goal": plan.goal, "audience": plan.audience, "sources": sources},
    )
    known = {page.position for page in pages}
    points = [point for point in answer.get("points", []) if point.get("source") in known]
    return {**answer, "points": points}


def _foreign(plan: ContentPlan, page: ResearchPage) -> str:
    """Behind the number of a page in another language, its code: none of its sentences is quoted as it stands.

    Outside Latin the script decides: pages are often marked with the language of the program that made them.
    """
    here, there = script_of(f"{plan.title} {plan.keyphrase}"), script_of(page.text)
    if here == there == "LATIN":
        other = page.language not in ("", plan.language.partition("-")[0])
    else:
        other = here != there
    return f", {page.language or there.lower()}" if other else ""


def write_outline(plan: ContentPlan, writer: Writer) -> dict[str, Any]:
    return writer.ask(
        "outline",
        {
            "title": plan.title,
            "goal": plan.goal,
            "audience": plan.audience,
            "keyphrase": plan.keyphrase,
            "tone": plan.tone,
            "research": research_text(plan),
        },
    )


def research_text(plan: ContentPlan, *, told: Collection[str] = ()) -> str:
    """The points, one a line with its source's number, or else the summary; without those that were told already."""
    brief = plan.brief or {}
    points = {point["text"]: point["source"] for point in reversed(brief.get("points", []))}
    lines = [f"{text} [{points[text]}]" for text in reversed(points) if text not in told]
    return "\n".join(lines if points else [brief.get("summary", "")])


def write_sections(plan: ContentPlan, writer: Writer, work: Work) -> tuple[str, list[dict[str, Any]]]:
    """The article in Markdown, and its claims: [{"text", "source", "section"}]."""
    sections = plan.outline["sections"]
    pieces, claims = [], []
    for number, section in enumerate(sections, 1):
        said = {"number": number, "total": len(sections), "heading": section["heading"]}
        work.progress(number - 1, note=_("Section %(number)d of %(total)d: %(heading)s") % said)
        answer = writer.ask("blog_draft", _section_variables(plan, section, [claim["text"] for claim in claims]))
        body = _REFERENCE.sub("", answer["markdown"]).strip()
        pieces.append(f"## {section['heading'].strip()}\n\n{body}")
        claims += [{**claim, "section": number} for claim in answer.get("claims", [])]
    said = ngettext("%(count)d section", "%(count)d sections", len(sections)) % {"count": len(sections)}
    work.progress(len(sections), note=said)
    return "\n\n".join(pieces), _known(claims, plan)


def _section_variables(plan: ContentPlan, section: dict[str, Any], told: Collection[str]) -> dict[str, Any]:
    count = len(plan.outline["sections"])
    points = "\n".join(f"- {point}" for point in section.get("points", []))
    return {
        "title": plan.outline["title"],
        "outline": [each["heading"] for each in plan.outline["sections"]],
        "section": f"{section['heading']}\n{points}".strip(),
        "keyphrase": plan.keyphrase,
        "secondary": plan.secondary,
        "tone": plan.tone,
        "research": research_text(plan, told=told),
        "target_words": max(80, _target_words(plan) // max(count, 1)),
    }


def _target_words(plan: ContentPlan) -> int:
    """About as long as what others wrote."""
    lengths = [page.words for page in pages_read(plan) if page.words]
    wanted = sum(lengths) // len(lengths) if lengths else _USUAL_WORDS
    return min(_MOST_WORDS, max(_FEWEST, wanted))


def _known(claims: list[dict[str, Any]], plan: ContentPlan) -> list[dict[str, Any]]:
    """A number that no page has is no source."""
    known = {page.position for page in pages_read(plan)}
    return [{**claim, "source": claim["source"] if claim.get("source") in known else None} for claim in claims]


def write_metadata(plan: ContentPlan, writer: Writer, markdown: str, *, problems: Sequence[str] = ()) -> dict[str, Any]:
    """problems: what checks found in those before."""
    title = (plan.outline or {}).get("title") or plan.title
    variables = {"title": title, "text": prose_of(markdown), "keyphrase": plan.keyphrase}
    answer = writer.ask("metadata", {**variables, "problems": list(problems)} if problems else variables)
    return {
        "title": fit(answer.get("title") or title, 300),
        "seo_title": answer.get("seo_title", ""),
        "description": answer.get("seo_description") or answer.get("description", ""),
        "excerpt": answer.get("excerpt", ""),
        "slug": slug(plan.keyphrase or answer.get("seo_title") or title),
        "hashtags": unique_hashtags(answer.get("hashtags", [])),
    }
