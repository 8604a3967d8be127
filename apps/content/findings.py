"""What code found in a text before a person reads it: banned phrases, its reading level, what it repeats, images
without words. Shown where texts are reviewed and edited; banned phrases are places in the text, see `places_of`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.content.images import images_of
from apps.content.likeness import Near, closest
from apps.content.models import BrandVoice, Item, Revision
from apps.content.services import Text, text_of
from apps.content.variants import NewVariant, own_variants
from apps.content.voice import voice_of
from apps.content.wording import places_of, reading_of
from apps.platforms.registry import platforms

_ORDER = ("easy", "plain", "expert")


@dataclass(frozen=True)
class Finding:
    """code: banned, reading, near or alt. tone: bad, waiting, good or neutral. near: the items that say the same."""

    code: str
    tone: str
    message: str
    details: tuple[str, ...] = ()
    near: tuple[Near, ...] = field(default=())


@dataclass(frozen=True)
class Findings:
    """all: worst first. banned: the phrases of the voice that hold for the item, to mark their places."""

    all: tuple[Finding, ...]
    banned: tuple[str, ...]


def findings_of(item: Item, text: Text | None = None, own: Sequence[NewVariant] | None = None) -> Findings:
    """Of the item's current version, or of what somebody is about to make of it."""
    revision = item.current_revision
    text = text or text_of(revision)
    own = own_variants(revision) if own is None else own
    voice = voice_of(item.workspace, item.language)
    found = [
        *_banned(text, own, voice),
        *_reading(text, voice, item.language),
        *_near(item, text),
        *_images(revision),
    ]
    found.sort(key=lambda each: ("bad", "waiting", "neutral", "good").index(each.tone))
    return Findings(tuple(found), tuple(voice.banned))


def banned_in(item: Item) -> list[str]:
    """The banned phrases that the current version has, on any platform, each once."""
    voice, revision = voice_of(item.workspace, item.language), item.current_revision
    fields = [words for _label, words in _fields(text_of(revision), own_variants(revision))]
    return list(dict.fromkeys(place.phrase for words in fields for place in places_of(words, voice.banned)))


def _fields(text: Text, own: Sequence[NewVariant]) -> list[tuple[str, str]]:
    """Everything that people would read or hear, with what it is called."""
    many = len(text.parts) > 1
    fields = [(_("Title"), text.title), (_("Hook"), text.hook)]
    for number, part in enumerate(text.parts, 1):
        label = _("Part %(number)s") % {"number": number} if many else _("Text")
        fields += [(label, part["text"])] + ([(label, part["title"])] if part.get("title") else [])
    card = text.card or {}
    fields += [
        (_("Call to action"), text.call_to_action),
        (_("Description"), text.description),
        (_("Hashtags"), " ".join(text.hashtags)),
        (_("Shared link"), f"{card.get('title', '')}\n{card.get('description', '')}"),
    ]
    known = platforms()
    for each in own:
        label = str(known[each.platform].label) if each.platform in known else each.platform
        fields.append((label, "\n".join((each.title, each.text, " ".join(each.hashtags)))))
    return fields


def _banned(text: Text, own: Sequence[NewVariant], voice: BrandVoice) -> list[Finding]:
    if not voice.banned:
        return []
    found: dict[str, dict[str, int]] = {}
    for label, words in _fields(text, own):
        for place in places_of(words, voice.banned):
            where = found.setdefault(place.phrase, {})
            where[label] = where.get(label, 0) + 1
    if not found:
        said = ngettext(
            "None of the %(count)s banned phrase is used.", "None of the %(count)s banned phrases is used.",
            len(voice.banned),
        )  # fmt: skip
        return [Finding("banned", "good", said % {"count": len(voice.banned)})]
    details = tuple(f"“{phrase}” · {_where(where)}" for phrase, where in found.items())
    said = ngettext("A banned phrase is used", "%(count)s banned phrases are used", len(found))
    return [Finding("banned", "bad", said % {"count": len(found)}, details)]


def _where(counts: dict[str, int]) -> str:
    return ", ".join(f"{label} ×{count}" if count > 1 else label for label, count in counts.items())


def _reading(text: Text, voice: BrandVoice, language: str) -> list[Finding]:
    """Only where somebody wished for a level."""
    if not voice.reading_level:
        return []
    wish = voice.get_reading_level_display()
    reading = reading_of("".join(part["text"] for part in text.parts), language=language)
    if reading.why == "script":
        said = _("The reading level cannot be measured in this script; a sentence has %(words)s words on average.")
        return [Finding("reading", "neutral", said % {"words": reading.sentence_words})]
    if reading.why:
        return [Finding("reading", "neutral", _("The text is too short to measure its reading level."))]
    level = BrandVoice.Level(reading.level).label
    measured = _("LIX %(score)s, %(words)s words a sentence") % {
        "score": reading.score, "words": reading.sentence_words
    }  # fmt: skip
    if _ORDER.index(reading.level) > _ORDER.index(voice.reading_level):
        return [Finding("reading", "waiting", _("Harder to read than wished"), (f"{level} · {measured}", str(wish)))]
    return [Finding("reading", "good", _("As easy to read as wished"), (f"{level} · {measured}",))]


def _near(item: Item, text: Text) -> list[Finding]:
    pieces = (text.hook, "".join(part["text"] for part in text.parts), text.description)
    near = closest(item.workspace, "\n".join(piece for piece in pieces if piece.strip()), ignore=item.pk)
    if not near:
        return []
    if near[0].is_alarming:
        return [Finding("near", "bad", _("Nearly the same was written before"), near=tuple(near))]
    return [Finding("near", "waiting", _("Shares wording with earlier items"), near=tuple(near))]


def _images(revision: Revision) -> list[Finding]:
    silent = sum(1 for image in images_of(revision.pk) if not image.alt.strip())
    if not silent:
        return []
    said = ngettext(
        "An image has no description for people who cannot see it",
        "%(count)s images have no description for people who cannot see them",
        silent,
    )
    return [Finding("alt", "waiting", said % {"count": silent})]
