"""Reading items, their revisions and files."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import regex
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from apps.content.images import images_of
from apps.content.models import Asset, Item, Revision
from apps.content.services import Text, text_of
from apps.content.variants import own_variants
from apps.platforms.registry import platforms


def items() -> QuerySet[Item]:
    """Items of the current workspace, with what lists show of them."""
    return Item.objects.select_related("workspace", "current_revision", "author")


def counts_by_state() -> dict[str, int]:
    return dict(Item.objects.order_by().values_list("state").annotate(Count("pk")))


def assets_of(revision: Revision) -> list[Asset]:
    return list(Asset._base_manager.filter(revision=revision).order_by("part", "kind", "position"))


@dataclass(frozen=True)
class Change:
    """A stretch of a diff. kind: "same", "added" or "removed"."""

    kind: str
    text: str


def diff_words(before: str, after: str) -> list[Change]:
    """Word by word, whitespace kept: the "same" and "added" stretches joined are `after`, letter for letter."""
    old, new = (regex.findall(r"\s+|\S+", text) for text in (before, after))
    changes: list[Change] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            changes.append(Change("same", "".join(new[j1:j2])))
            continue
        if i2 > i1:
            changes.append(Change("removed", "".join(old[i1:i2])))
        if j2 > j1:
            changes.append(Change("added", "".join(new[j1:j2])))
    return changes


def diff_text(before: Text, after: Text) -> list[tuple[str, list[Change]]]:
    """What changed, field by field; only the fields that did."""
    fields = [
        (_("Title"), before.title, after.title),
        (_("Hook"), before.hook, after.hook),
        (_("Text"), _body(before), _body(after)),
        (_("Call to action"), before.call_to_action, after.call_to_action),
        (_("Description"), before.description, after.description),
        (_("Hashtags"), _line(before), _line(after)),
        (_("Shared link"), _card(before), _card(after)),
    ]
    return [(label, diff_words(old, new)) for label, old, new in fields if old != new]


def diff_to_previous(revision: Revision) -> list[tuple[str, list[Change]]]:
    """What a revision changed of the one before it; the first changed nothing."""
    before = Revision._base_manager.filter(item=revision.item_id, number=revision.number - 1).first()
    if before is None:
        return []
    old, new = _images(before), _images(revision)
    changed = [(_("Images"), diff_words(old, new))] if old != new else []
    return diff_text(text_of(before), text_of(revision)) + _diff_variants(before, revision) + changed


def _diff_variants(before: Revision, revision: Revision) -> list[tuple[str, list[Change]]]:
    """What was written for single platforms, and what no longer is."""
    old, new = (_own_words(each) for each in (before, revision))
    known = platforms()
    names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    labels = {name: str(known[name].label) if name in known else name for name in names}
    return [(labels[name], diff_words(old.get(name, ""), new.get(name, ""))) for name in names]


def _own_words(revision: Revision) -> dict[str, str]:
    """By platform, of all its parts, each text once."""
    said: dict[str, list[str]] = {}
    for each in own_variants(revision):
        tags = " ".join(f"#{tag}" for tag in each.hashtags)
        words = "\n".join(piece for piece in (each.title, each.text, tags) if piece)
        if words not in said.setdefault(each.platform, []):
            said[each.platform].append(words)
    return {name: "\n\n".join(words) for name, words in said.items()}


def _images(revision: Revision) -> str:
    """One line an image; the same words for the same picture."""
    said = [f"{image.alt or _('no description')} [{image.key[:8]}]" for image in images_of(revision.pk)]
    return "\n".join(f"{number}. {words}" for number, words in enumerate(said, 1))


def _body(text: Text) -> str:
    return "".join(part["text"] for part in text.parts)


def _card(text: Text) -> str:
    card = text.card or {}
    picture = card.get("picture")
    image = "" if picture in (None, "") else _("Image %(number)d") % {"number": picture + 1}
    return "\n".join(piece for piece in (card.get("title"), card.get("description"), image) if piece)


def _line(text: Text) -> str:
    return " ".join(f"#{tag}" for tag in text.hashtags)
