"""What a plan's text becomes on each platform: within its limits, and with a word about what that took."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.content.images import describe_first
from apps.content.models import Revision, Variant
from apps.content.writing import Prepared, Source, fitted, link_of, prose_of, write_for
from apps.content_plans.models import ContentPlan, Round
from apps.content_plans.queries import text_platforms
from apps.content_plans.services.asking import Writer
from apps.templates.generation import NoText


def targets_of(plan: ContentPlan) -> list[str]:
    """The plan's platforms and those of its accounts, as far as they take texts."""
    wanted = [*plan.platforms, *plan.accounts.order_by("pk").values_list("platform", flat=True)]
    known = text_platforms()
    return [name for name in dict.fromkeys(wanted) if name in known]


def prepare_variant(plan: ContentPlan, found: Round, platform: str, writer: Writer) -> Prepared:
    """Raises what `generate` raises, but for an answer that is none: then the description stands in, and says so."""
    adapter, meta = text_platforms()[platform], found.metadata
    tags = tuple(meta["hashtags"])
    source = Source(meta["title"], prose_of(found.markdown), tags, plan.language, plan.tone, link_of(plan.item))
    if not adapter.limits.text:
        # A site takes the article itself.
        return fitted(Prepared(platform, meta["title"], found.markdown, tags), adapter, source)
    try:
        return write_for(adapter, source, writer.ask)
    except NoText as error:
        note = _("%(reason)s The description is used instead.") % {"reason": error.message}
        made = Prepared(platform, meta["title"], meta["description"] or meta["title"], tags, note)
        return fitted(made, adapter, source)


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
    describe_first(revision, next((each.alt for each in prepared if each.alt), ""))
