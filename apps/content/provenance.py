"""Links that a model was not given, as long as an item has them, and what people changed in what it wrote."""

from __future__ import annotations

import difflib

from django.db.models import Q, QuerySet

from apps.common.text.words import words
from apps.content.models import Item, Revision
from apps.templates.models import Generation
from apps.templates.outcomes import record_outcome
from apps.templates.provenance import still_there
from apps.workspaces.audit import describe

# Kinds whose answer is the whole text; of the others, the parts are the author's or the storyteller's own.
_WHOLE = frozenset({"blog_draft", "seo_rewrite", "variant"})


def unknown_links(item: Item) -> list[str]:
    """Links and mentions that a model put into the item without having been given them."""
    flagged = _answers_about(item).filter(trial=False).exclude(new_links=[])
    links = [link for found in flagged.values_list("new_links", flat=True) for link in found]
    return still_there(dict.fromkeys(links), _all_words(item.current_revision)) if links else []


def alt_of(item: Item) -> str:
    """What a model wrote last for the item's picture, for those who cannot see it; "" when none did."""
    rows = _answers_about(item).filter(kind="variant", trial=False, outcome=Generation.Outcome.PARSED)
    said = (row.get("alt_text", "").strip() for row in rows.order_by("-pk").values_list("data", flat=True)[:10] if row)
    return next(filter(None, said), "")


def _answers_about(item: Item) -> QuerySet[Generation]:
    made_from = Revision._base_manager.filter(item=item).exclude(generation=None).values_list("generation", flat=True)
    first = Generation._base_manager.filter(pk__in=made_from)
    # A text has many answers behind it; all that were asked for about it, or about the same story, clip or plan, count.
    about = [describe(item), *first.exclude(subject="").values_list("subject", flat=True).distinct()]
    return Generation._base_manager.filter(Q(pk__in=made_from) | Q(workspace=item.workspace_id, subject__in=about))


def record_edits(item: Item) -> None:
    """Tell the generation that an item began with how much of it people have changed since."""
    rows = Revision._base_manager.filter(item=item).exclude(generation=None).select_related("generation")
    written = rows.order_by("-number").first()
    if written is not None:
        kind = written.generation.kind
        share = changed_share(_generated(written, kind), _generated(item.current_revision, kind))
        record_outcome(generation=written.generation, edit_share=share)


def changed_share(before: str, after: str) -> float:
    """0 when every word stayed in its place, 1 when none did."""
    old, new = words(before), words(after)
    if not old and not new:
        return 0.0
    return round(1 - difflib.SequenceMatcher(None, old, new, autojunk=False).ratio(), 4)


def _generated(revision: Revision, kind: str) -> str:
    fields = [revision.title, revision.hook, revision.description, revision.call_to_action, *revision.hashtags]
    return "\n".join([*fields, revision.body] if kind in _WHOLE else fields)


def _all_words(revision: Revision) -> str:
    fields = [revision.title, revision.hook, revision.body, revision.call_to_action, revision.description]
    variants = [f"{each.title}\n{each.text}" for each in revision.variants.all()]
    return "\n".join([*fields, *revision.hashtags, *variants])
