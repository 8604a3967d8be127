"""A plan's text as a page, and what the checks say of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache as shared
from django.utils.translation import get_language, gettext_lazy, ngettext_lazy
from django.utils.translation import gettext as _

from apps.common.text.articles import html_of
from apps.content_plans.models import ContentPlan, Round
from apps.engines.research import Source, term_gap
from apps.engines.research.extract import questions_in
from apps.engines.seo import Page, Report, judge
from apps.engines.seo.check import Check

_GAPS = 30
_CHECKS_KEPT = 7 * 24 * 3600  # seconds


def page_of(plan: ContentPlan, markdown: str, metadata: dict[str, Any]) -> Page:
    return Page(
        html=html_of(markdown),
        keyphrase=plan.keyphrase,
        title=metadata.get("seo_title", ""),
        description=metadata.get("description", ""),
        slug=metadata.get("slug", ""),
        site=urlsplit(settings.SITE_URL).hostname or "",
        language=plan.language,
    )


def report_of(plan: ContentPlan, markdown: str, metadata: dict[str, Any]) -> Report:
    return judge(page_of(plan, markdown, metadata))


def scores_of(report: Report) -> dict[str, int]:
    return {check.id: check.score for check in report.checks}


def gap_of(plan: ContentPlan, markdown: str, sources: list[Source]) -> list[list[Any]]:
    found = term_gap(markdown, sources, language=plan.language)[:_GAPS] if sources else []
    return [[gap.term, gap.sources, gap.theirs, gap.ours] for gap in found]


@dataclass(frozen=True)
class Piece:
    """A stretch of a block; checks: the ids of those that it is evidence for, parted by blanks."""

    text: str
    checks: str = ""


@dataclass(frozen=True)
class Shown:
    """A round as its page shows it. checks: worst first; blocks: [("h2", [Piece, …]), …]; skipped: why checks
    do not apply here, and which; outdated: whether today's rules, or the brief as it is now, would judge otherwise.

    headings, questions, links, images: how many it has, as they are counted on the pages of others.
    """

    checks: list[dict[str, Any]]
    blocks: list[tuple[str, list[Piece]]]
    skipped: list[tuple[str, list[str]]]
    outdated: bool
    headings: int
    questions: int
    links: int
    images: int


def shown_of(plan: ContentPlan, found: Round) -> Shown:
    """The checks of a round in the reader's language; rounds never change, so they are worked out once."""
    key = f"plans.judged.4.{found.pk}.{get_language()}"
    kept = shared.get(key)
    if kept is None:
        kept = _shown(plan, found)
        shared.set(key, kept, _CHECKS_KEPT)
    return kept


def _shown(plan: ContentPlan, found: Round) -> Shown:
    page = page_of(plan, found.markdown, found.metadata)
    report = judge(page)
    checks = [_as_judged(check, found.scores[check.id]) for check in report.checks if check.id in found.scores]
    order = {"bad": 0, "ok": 1, "good": 2, "info": 3}
    checks.sort(key=lambda check: (order[check.verdict], check.score))
    blocks = [(_tag(block.tag), _pieces(index, block.text, checks)) for index, block in enumerate(page.blocks)]
    return Shown(
        [_said(check) for check in checks],
        blocks,
        [(str(reason), [str(label) for label in labels]) for reason, labels in report.left_out],
        outdated=found.scores != scores_of(report),
        headings=sum(1 for block in page.blocks if block.level),
        questions=len(questions_in("\n\n".join(block.text for block in page.blocks))),
        links=len(page.links),
        images=len(page.images),
    )


def _as_judged(check: Check, score: int) -> Check:
    """What is measured now explains no verdict but its own."""
    return check if check.score == score else Check(check.id, check.group, check.label, score)


# The colour of a verdict, and what it says to those who do not see colours.
_VERDICTS = {
    "bad": ("bad", gettext_lazy("to be mended")),
    "ok": ("waiting", gettext_lazy("could be better")),
    "good": ("good", gettext_lazy("good")),
    "info": ("neutral", ""),
}


def _said(check: Check) -> dict[str, Any]:
    tone, said = _VERDICTS[check.verdict]
    return {
        "id": check.id,
        "group": check.group,
        "label": str(check.label),
        "verdict": check.verdict,
        "tone": tone,
        "said": str(said),
        "value": measured(check),
        "threshold": str(check.threshold),
        "hint": str(check.hint),
        "places": len(check.evidence),
    }


# What the checks count.
_WORDS = ngettext_lazy("%(count)d word", "%(count)d words", "count")
_TIMES = ngettext_lazy("%(count)d time", "%(count)d times", "count")
_IMAGES = ngettext_lazy("%(count)d image", "%(count)d images", "count")
_LINKS = ngettext_lazy("%(count)d link", "%(count)d links", "count")
_UNITS = {
    "keyphrase_length": _WORDS,
    "text_length": _WORDS,
    "subheading_distribution": _WORDS,
    "paragraph_length": _WORDS,
    "density": _TIMES,
    "description_keyphrase": _TIMES,
    "image_alt": _IMAGES,
    "images": _IMAGES,
    "outbound_links": _LINKS,
    "internal_links": _LINKS,
    "competing_links": _LINKS,
    "title_width": ngettext_lazy("%(count)d pixel", "%(count)d pixels", "count"),
    "description_length": ngettext_lazy("%(count)d character", "%(count)d characters", "count"),
    "sentence_beginnings": ngettext_lazy("%(count)d in a row", "%(count)d in a row", "count"),
}


def measured(check: Check) -> str:
    """A share in per cent, a number with what it counts, anything else as it is."""
    if check.value is None:
        return ""
    if isinstance(check.value, float):
        return f"{check.value:.0%}"
    if check.id == "title_keyphrase":  # the words before it
        return _("from word %(count)d") % {"count": check.value + 1}
    unit = _UNITS.get(check.id)
    return unit % {"count": check.value} if unit else str(check.value)


def _tag(tag: str) -> str:
    return tag if tag in {"h1", "h2", "h3", "h4", "h5", "h6", "li"} else "p"


def _pieces(index: int, text: str, checks: list[Check]) -> list[Piece]:
    """The block cut where the evidence of any check begins or ends."""
    spans = [(span, check.id) for check in checks for span in check.evidence if span.block == index]
    edges = sorted({0, len(text), *(min(edge, len(text)) for span, _id in spans for edge in (span.start, span.end))})
    return [
        Piece(text[start:end], " ".join(name for span, name in spans if span.start < end and span.end > start))
        for start, end in pairwise(edges)
    ]
