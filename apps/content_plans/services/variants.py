"""What a plan's text becomes on each platform: within its limits, and with a word about what that took."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from apps.common.text.lengths import measure
from apps.common.text.sentences import sentences
from apps.common.text.words import shorten
from apps.content.models import Revision, Variant
from apps.content_plans.judging import prose_of
from apps.content_plans.models import ContentPlan, Round
from apps.content_plans.queries import text_platforms
from apps.content_plans.services.asking import Writer
from apps.platforms.base import Draft, Platform
from apps.templates.generation import NoText


@dataclass(frozen=True)
class Prepared:
    """A variant that has no revision yet. note: what had to be done to it, "" when nothing."""

    platform: str
    title: str
    text: str
    hashtags: tuple[str, ...]
    note: str = ""


def targets_of(plan: ContentPlan) -> list[str]:
    """The plan's platforms and those of its accounts, as far as they take texts."""
    wanted = [*plan.platforms, *plan.accounts.order_by("pk").values_list("platform", flat=True)]
    known = text_platforms()
    return [name for name in dict.fromkeys(wanted) if name in known]


def prepare_variant(plan: ContentPlan, found: Round, platform: str, writer: Writer) -> Prepared:
    """Raises what `generate` raises, but for an answer that is none: then the description stands in, and says so."""
    adapter = text_platforms()[platform]
    meta = found.metadata
    tags = tuple(meta["hashtags"][: adapter.limits.hashtags or None])
    if not adapter.limits.text:
        # A site takes the article itself.
        return _fitted(Prepared(platform, meta["title"], found.markdown, tags), adapter, plan.language)
    try:
        made = _ask(plan, found, platform, adapter, writer, adapter.limits.text)
        over = _excess(made, adapter, plan.language)
        if over:
            made = _ask(plan, found, platform, adapter, writer, max(20, adapter.limits.text - over - 10))
            made = replace(made, note=_("Written again, because the first was too long."))
    except NoText as error:
        note = _("%(reason)s The description is used instead.") % {"reason": error.message}
        made = Prepared(platform, meta["title"], meta["description"] or meta["title"], tags, note)
    return _fitted(made, adapter, plan.language)


def _ask(plan: ContentPlan, found: Round, platform: str, adapter: Platform, writer: Writer, limit: int) -> Prepared:
    answer = writer.ask(
        "variant",
        {
            "platform": platform,
            "limit": limit,
            "unit": adapter.limits.unit,
            "title": found.metadata["title"],
            "text": prose_of(found.markdown),
            "hashtags": found.metadata["hashtags"],
            "tone": plan.tone,
            "link": "",
        },
    )
    title = answer.get("title") or found.metadata["title"]
    return Prepared(platform, title, answer["text"].strip(), tuple(answer.get("hashtags", [])))


def _draft(made: Prepared, language: str) -> Draft:
    return Draft(title=made.title, text=made.text, hashtags=made.hashtags, language=language)


def _excess(made: Prepared, adapter: Platform, language: str) -> int:
    """By how much the text is too long, in the platform's unit."""
    return max(0, measure(adapter.compose(_draft(made, language)), adapter.limits.unit) - adapter.limits.text)


def _fitted(made: Prepared, adapter: Platform, language: str) -> Prepared:
    """The variant made to fit by leaving out: hashtags first, then whole sentences, then words."""
    limits = adapter.limits
    if limits.title and measure(made.title, limits.unit) > limits.title:
        made = replace(made, title=shorten(made.title, limits.title))
    fitting = tuple(tag for tag in made.hashtags if not limits.hashtag or measure(tag, limits.unit) <= limits.hashtag)
    made = replace(made, title=made.title[:300], hashtags=fitting[: limits.hashtags or None])
    if not _too_long(made, adapter, language):
        return made
    while made.hashtags and _too_long(made, adapter, language):
        made = replace(made, hashtags=made.hashtags[:-1])
    lines = sentences(made.text, language=language)
    while len(lines) > 1 and _too_long(made, adapter, language):
        lines = lines[:-1]
        made = replace(made, text="".join(lines).strip())
    while len(made.text) > 1 and _too_long(made, adapter, language):
        made = replace(made, text=shorten(made.text, max(1, len(made.text) * 9 // 10)))
    return replace(made, note=_("Shortened by leaving out its end, because it was too long."))


def _too_long(made: Prepared, adapter: Platform, language: str) -> bool:
    return any(problem.field == "text" for problem in adapter.validate(_draft(made, language)))


def keep_variants(revision: Revision, prepared: list[Prepared]) -> None:
    rows = [
        Variant(
            workspace=revision.workspace,
            revision=revision,
            platform=each.platform,
            title=each.title,
            text=each.text,
            hashtags=list(each.hashtags),
        )
        for each in prepared
    ]
    Variant._base_manager.bulk_create(rows)
