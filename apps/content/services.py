"""Writing items: create, revise, variants, assets."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.files import File
from django.utils.translation import gettext as _

from apps.common.errors import Conflict, Invalid
from apps.common.text.hashtags import unique_hashtags
from apps.common.text.words import fit
from apps.common.transactions import unit_of_work
from apps.content.images import KeptImage, NewImage, attach, carry, describe_first, prepare
from apps.content.models import Asset, Item, Revision, Variant
from apps.content.provenance import alt_of, record_edits
from apps.content.variants import NewVariant, check_variants, derived, keep_own, own_variants
from apps.lifecycle.events import emit
from apps.lifecycle.services import advance
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

REOPENED = frozenset({"approved", "rendering", "failed", "ready", "scheduled"})
EDITABLE = REOPENED | {"draft", "in_review", "changes_requested"}


@dataclass(frozen=True)
class Text:
    """Everything a revision says. parts: [{"number", "title", "text"}], in order.

    card: as `Revision.card`; None keeps that of the version before.
    """

    title: str
    parts: list[dict[str, Any]]
    hook: str = ""
    call_to_action: str = ""
    description: str = ""
    hashtags: list[str] = field(default_factory=list)
    card: dict[str, Any] | None = None


def text_of(revision: Revision) -> Text:
    return Text(
        title=revision.title,
        parts=revision.parts,
        hook=revision.hook,
        call_to_action=revision.call_to_action,
        description=revision.description,
        hashtags=revision.hashtags,
        card=revision.card,
    )


@dataclass(frozen=True)
class Origin:
    """Where an item comes from, kept with it: the source may change or go."""

    name: str = ""
    title: str = ""
    text: str = ""
    url: str = ""


def create_item(
    *,
    workspace: Workspace,
    actor: Actor,
    kind: str,
    text: Text,
    origin: Origin | None = None,
    language: str = "",
    format: str = Item.Format.VIDEO,
    generation: Any = None,
) -> Item:
    """A draft with revision 1. Raises Invalid."""
    actor.require("write_content", workspace)
    check_text(text, kind=kind)
    origin = origin or Origin()
    with unit_of_work():
        item = Item(
            workspace=workspace,
            kind=kind,
            format=format,
            title=text.title,
            language=language or workspace.language,
            source=origin.name,
            source_title=fit(origin.title, 300),
            source_text=origin.text,
            source_url=origin.url,
            author=actor.user,
        )
        item.save()
        _add_revision(item, text, actor, note="", generation=generation)
        audit.record(workspace=workspace, actor=actor, action="item.create", target=item, data={"title": item.title})
        emit(
            workspace=workspace,
            type="item.state",
            subject=item,
            data={"action": "create", "from": None, "to": item.state, "by": actor.label, "title": item.title},
        )
    return item


def submit_item(*, item: Item, actor: Actor) -> Item:
    """Ask for review of the current revision's text."""
    return advance(item, "submit", actor=actor, fields={"review_stage": Item.Stage.TEXT})


def revise_item(
    *,
    item: Item,
    actor: Actor,
    text: Text | None = None,
    base: int,
    note: str = "",
    images: Sequence[NewImage | KeptImage] | None = None,
    variants: Sequence[NewVariant] | None = None,
    generation: Any = None,
) -> Revision:
    """Add a revision. base: the revision number that the author saw; a newer one means Conflict, and nothing is lost.
    generation: the answer that the whole text is from; what people change is counted from the latest that has one.

    text, images, variants: None keeps those of the revision before; of the variants, those that were written for their
    platform. An item that was approved goes back to review: an approval names one revision.
    """
    actor.require("write_content", item.workspace)
    if text is not None:
        check_text(text, kind=item.kind)
    prepared = prepare(images) if images is not None else []
    check_variants(variants or ())
    with unit_of_work():
        item = _held_for_editing(item, base)
        before = item.current_revision
        revision = _add_revision(item, text or text_of(before), actor, note=note, generation=generation)
        if images is None:
            carry(before, revision)
        else:
            attach(before, revision, images, prepared)
            if any(isinstance(each, NewImage) and not each.alt for each in images[:1]):
                describe_first(revision, alt_of(item))
        keep_own(revision, own_variants(before) if variants is None else variants)
        if item.state in REOPENED:
            stage = {"review_stage": Item.Stage.TEXT, "approved_revision": None}
            advance(item, "reopen", actor=actor, fields=stage, data={"revision": revision.number})
        elif item.state == "changes_requested":
            submit_item(item=item, actor=actor)
        record_edits(item)
        data = {"revision": revision.number, "note": note}
        audit.record(workspace=item.workspace, actor=actor, action="item.revise", target=item, data=data)
        emit(workspace=item.workspace, type="item.revised", subject=item, data={**data, "by": actor.label})
    return revision


def _held_for_editing(item: Item, base: int) -> Item:
    """The row, locked. Raises Conflict."""
    rows = Item._base_manager.select_for_update(of=("self",)).select_related("current_revision", "workspace")
    item = rows.get(pk=item.pk)
    if item.state not in EDITABLE:
        raise Conflict(
            _("This item is %(state)s and can no longer be edited.") % {"state": item.get_state_display().lower()},
            hint=_("Make a new item from it instead."),
        )
    if item.current_revision.number != base:
        raise Conflict(
            _("Somebody saved version %(number)s meanwhile.") % {"number": item.current_revision.number},
            hint=_("Compare it with yours, then save again."),
            current=item.current_revision.number,
        )
    return item


def check_text(text: Text, *, kind: str = "") -> None:
    """Raises Invalid. A clip may have no words: in some nobody speaks."""
    problems: dict[str, list[str]] = {}
    if not text.title.strip():
        problems["title"] = [_("Give it a title.")]
    if len(text.title) > 300:
        problems["title"] = [_("A title has at most 300 characters.")]
    card = text.card or {}
    if len(card.get("title", "")) > 300 or len(card.get("description", "")) > 1000:
        problems["card"] = [_("A shared link has at most 300 characters of title and 1000 of text.")]
    if kind != Item.Kind.CLIP and not any(part["text"].strip() for part in text.parts):
        problems["parts"] = [_("There is no text to tell.")]
    if problems:
        raise Invalid(_("The text is not complete."), **problems)


def _add_revision(item: Item, text: Text, actor: Actor, *, note: str, generation: Any) -> Revision:
    number = item.current_revision.number + 1 if item.current_revision else 1
    revision = Revision(
        workspace=item.workspace,
        item=item,
        number=number,
        title=text.title,
        hook=text.hook,
        parts=[{"number": i, "title": p.get("title", ""), "text": p["text"]} for i, p in enumerate(text.parts, 1)],
        call_to_action=text.call_to_action,
        description=text.description,
        hashtags=unique_hashtags(text.hashtags),
        card=_card(item, text),
        note=note,
        author=actor.user,
        author_label=actor.label,
        generation=generation,
    )
    revision.save()
    item.current_revision, item.title = revision, text.title
    Item._base_manager.filter(pk=item.pk).update(current_revision=revision, title=text.title)
    return revision


def _card(item: Item, text: Text) -> dict[str, Any]:
    """Only what was filled in: an empty card is that of a version that nobody gave one."""
    if text.card is None:
        return item.current_revision.card if item.current_revision else {}
    return {name: value for name, value in text.card.items() if value not in ("", None)}


def make_variants(*, revision: Revision, platform: str) -> list[Variant]:
    """The revision's text for one platform, one variant a part; those that exist are returned as they are."""
    existing = list(Variant._base_manager.filter(revision=revision, platform=platform).order_by("part"))
    if existing:
        return existing
    return Variant._base_manager.bulk_create(derived(revision, platform))


def keep_asset(
    *, revision: Revision, kind: str, part: int, path: Path, key: str, seconds: float | None = None, **meta: Any
) -> Asset:
    """Store a made file under its revision, in place of an older one of the same kind and part."""
    digest, size = _fingerprint(path)
    with unit_of_work():
        old = Asset._base_manager.filter(revision=revision, kind=kind, part=part).first()
        asset = old or Asset(workspace=revision.workspace, revision=revision, kind=kind, part=part)
        old_name = old.file.name if old else ""
        asset.key, asset.sha256, asset.bytes, asset.seconds, asset.meta = key, digest, size, seconds, meta
        with path.open("rb") as handle:
            asset.file.save(f"part{part}-{kind}-{key[:8]}{path.suffix}", File(handle), save=False)
        asset.save()
    if old_name and old_name != asset.file.name:
        asset.file.storage.delete(old_name)
    return asset


def _fingerprint(path: Path) -> tuple[str, int]:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest(), path.stat().st_size
