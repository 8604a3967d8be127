"""What an item looks like on each platform that it may go to, saved or while somebody types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import regex
from django.template.loader import select_template
from django.utils.safestring import SafeString, mark_safe

from apps.common.text.hashtags import hashtag_spans, unique_hashtags
from apps.common.text.links import link_spans
from apps.common.text.words import graphemes
from apps.content.images import images_of
from apps.content.models import Asset, Item
from apps.content.services import Text
from apps.content.variants import NewVariant, usual_text
from apps.platforms.base import Draft, Platform, Problem
from apps.platforms.counting import Count, counts_of
from apps.platforms.models import Account
from apps.platforms.queries import accounts
from apps.platforms.registry import adapter, platforms

_MENTION = regex.compile(r"(?<![\p{L}\p{N}_@./])@[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?")
_PROTOCOL = regex.compile(r"https?://", regex.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A stretch of a text. kind: text, link, hashtag or mention."""

    kind: str
    text: str


@dataclass(frozen=True)
class Preview:
    """One platform. account: whose look it has, None while none is connected; others: further accounts there.

    said: the text as posted. pieces: the same, up to where the platform folds it; folded: whether there is more. own:
    the words that were written for this platform, None where it says what the item says. wanted: what the form shows.
    left_out: what the platform does not take beside the rest, and therefore stands neither there nor here.
    rest: the further parts, each of which is posted by itself.
    """

    platform: str
    label: Any
    account: Account | None
    others: int
    draft: Draft
    said: str
    pieces: tuple[Piece, ...]
    folded: bool
    html: SafeString
    counts: tuple[Count, ...]
    problems: tuple[Problem, ...]
    left_out: tuple[Problem, ...]
    own: NewVariant | None
    wanted: NewVariant
    pictures: tuple[Asset, ...]
    video: Asset | None
    poster: Asset | None
    rest: tuple[Preview, ...] = ()

    @property
    def parts(self) -> tuple[Preview, ...]:
        """A preview of each post there."""
        return (self, *self.rest)

    @property
    def is_own(self) -> bool:
        return any(each.own for each in self.parts)

    @property
    def rest_fails(self) -> bool:
        return any(each.problems for each in self.rest)

    @property
    def field(self) -> str:
        """By which the editor's form knows the part."""
        return f"{self.platform}-{self.draft.part}"

    @property
    def name(self) -> str:
        return self.account.name if self.account else str(self.label)

    @property
    def handle(self) -> str:
        return (self.account.handle if self.account else "").removeprefix("@")

    @property
    def template(self) -> Any:
        """Of the platform's own folder, else the one for all."""
        return select_template([f"platforms/previews/{self.platform}.html", "platforms/previews/generic.html"])


def previews_of(item: Item, text: Text, own: Sequence[NewVariant]) -> list[Preview]:
    """A preview of each platform that the workspace has an account on, or that has words of its own.

    A text for reading is not shown where only films go.
    """
    homes: dict[str, list[Account]] = {}
    for account in accounts():
        homes.setdefault(account.platform, []).append(account)
    known = platforms()
    names = [name for name in dict.fromkeys([*homes, *(each.platform for each in own)]) if name in known]
    media = _media(item)
    made = []
    for name in sorted(names):
        plug = adapter(name)
        mine = [each for each in own if each.platform == name]
        if plug.limits.video_required and item.format == Item.Format.TEXT and not mine:
            continue
        made.append(_preview(item, text, plug, homes.get(name, []), mine, media))
    return made


@dataclass(frozen=True)
class _Media:
    pictures: tuple[Asset, ...]
    films: dict[int, Asset]
    poster: Asset | None


def _media(item: Item) -> _Media:
    kinds = (Asset.Kind.VIDEO, Asset.Kind.PREVIEW, Asset.Kind.THUMBNAIL)
    rows = Asset._base_manager.filter(revision=item.current_revision_id, kind__in=kinds).order_by("-kind")
    films = {each.part: each for each in rows if each.kind == Asset.Kind.PREVIEW}
    films |= {each.part: each for each in rows if each.kind == Asset.Kind.VIDEO}
    poster = next((each for each in rows if each.kind == Asset.Kind.THUMBNAIL and each.part == 1), None)
    return _Media(tuple(images_of(item.current_revision_id)), films, poster)


def _preview(
    item: Item, text: Text, plug: Platform, homes: list[Account], own: list[NewVariant], media: _Media
) -> Preview:
    drafts = [_draft(item, text, plug.slug, own, number, media) for number in range(1, len(text.parts) + 1)]
    home = _strictest(plug, homes, drafts)
    first, *rest = [
        _post(plug, home, replace(draft, settings=home.settings if home else {}), own, media) for draft in drafts
    ]
    return replace(first, others=max(0, len(homes) - 1), rest=tuple(rest))


def _post(plug: Platform, home: Account | None, draft: Draft, own: list[NewVariant], media: _Media) -> Preview:
    said, mine = plug.compose(draft), _words_of(own, draft.part)
    pieces, folded = _folded(pieces_of(said, bare_links=plug.bare_links), plug.fold)
    return Preview(
        platform=plug.slug,
        label=plug.label,
        account=home,
        others=0,
        draft=draft,
        said=said,
        pieces=pieces,
        folded=folded,
        html=mark_safe(plug.article(draft)),  # noqa: S308  cleaned by the adapter
        counts=tuple(counts_of(plug, draft)),
        problems=tuple(plug.validate(draft)),
        left_out=tuple(plug.left_out(draft)),
        own=mine,
        wanted=NewVariant(plug.slug, draft.text, list(draft.hashtags), mine.title if mine else "", draft.part),
        pictures=media.pictures if plug.as_posted(draft).pictures else (),
        video=media.films.get(draft.part),
        poster=media.poster if draft.part == 1 else None,
    )


def _words_of(own: list[NewVariant], part: int) -> NewVariant | None:
    return next((each for each in own if each.part in (None, part)), None)


def _draft(item: Item, text: Text, platform: str, own: list[NewVariant], number: int, media: _Media) -> Draft:
    part, film = text.parts[number - 1], media.films.get(number)
    said = _words_of(own, number)
    usual = usual_text(platform, format=item.format, part=part["text"], description=text.description)
    finished = film if film and film.kind == Asset.Kind.VIDEO else None
    pictures = media.pictures if number == 1 else ()
    return Draft(
        title=(said.title if said else "") or part.get("title") or text.title,
        text=said.text if said else usual,
        hashtags=tuple(unique_hashtags(said.hashtags if said else text.hashtags)),
        language=item.language,
        part=number,
        parts_total=len(text.parts),
        # A film that is still to be made counts as there: what it lacks is not the writer's to mend.
        has_video=item.format == Item.Format.VIDEO,
        duration=finished.seconds if finished else None,
        size=finished.bytes if finished else None,
        pictures=tuple(each.alt for each in pictures),
        picture_sizes=tuple(each.bytes for each in pictures),
    )


def _strictest(plug: Platform, homes: list[Account], drafts: list[Draft]) -> Account | None:
    """The account with the most to say against it: what fits there fits the others."""

    def problems(home: Account) -> int:
        return sum(len(plug.validate(replace(draft, settings=home.settings))) for draft in drafts)

    return max(homes, key=problems, default=None)


def pieces_of(text: str, *, bare_links: bool = False) -> tuple[Piece, ...]:
    """The text cut where links, hashtags and mentions begin and end; joined, it is the text again."""
    spans = [("link", *span) for span in link_spans(text) if bare_links or _PROTOCOL.match(text, span[0])]
    spans += [("hashtag", *span) for span in hashtag_spans(text)]
    spans += [("mention", *match.span()) for match in _MENTION.finditer(text)]
    pieces, position = [], 0
    for kind, start, end in sorted(spans, key=lambda span: (span[1], -span[2])):
        if start < position:
            continue
        if start > position:
            pieces.append(Piece("text", text[position:start]))
        pieces.append(Piece(kind, text[start:end]))
        position = end
    if position < len(text):
        pieces.append(Piece("text", text[position:]))
    return tuple(pieces)


def _folded(pieces: tuple[Piece, ...], fold: int) -> tuple[tuple[Piece, ...], bool]:
    """What is seen before somebody presses "more", and whether there is more."""
    if not fold:
        return pieces, False
    kept, left = [], fold
    for piece in pieces:
        clusters = graphemes(piece.text)
        if len(clusters) > left:
            cut = "".join(clusters[:left])
            return (*kept, Piece(piece.kind, cut.rstrip())), True
        kept.append(piece)
        left -= len(clusters)
    return tuple(kept), False
