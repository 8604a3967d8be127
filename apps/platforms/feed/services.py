"""Writing feeds: opening one, taking in an entry."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import regex
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled
from ninja import Field, Schema
from pydantic import field_validator

from apps.common.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.common.text.slugs import slug
from apps.platforms.feed.models import Feed, FeedEntry
from apps.platforms.models.account import Account

_HANDLE = regex.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
RESERVED = frozenset({"ingest", "seen"})


class FilePayload(Schema):
    """A file that already lies in the default storage."""

    name: str = Field(max_length=300)
    size: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class PicturePayload(FilePayload):
    alt: str = Field("", max_length=5_000)
    type: str = Field(pattern=r"^image/(jpeg|png|webp|gif)$")


class CardPayload(Schema):
    """What stands where a link to the entry is shared; empty: what the entry itself says."""

    title: str = Field("", max_length=300)
    description: str = Field("", max_length=1_000)
    picture: int | None = Field(None, ge=0, lt=20)

    @field_validator("title", "description", mode="before")
    @classmethod
    def without_nul(cls, value: Any) -> Any:
        return EntryPayload.without_nul(value)


class EntryPayload(Schema):
    """The body of a PUT to a feed."""

    title: str = Field(min_length=1, max_length=300)
    text: str = Field("", max_length=40_000)
    hashtags: list[str] = Field([], max_length=30)
    language: str = Field("en", max_length=8)
    part: int = Field(1, ge=1)
    parts_total: int = Field(1, ge=1)
    series: str = Field("", max_length=64)
    duration: float | None = Field(None, gt=0)
    video: FilePayload | None = None
    thumbnail: FilePayload | None = None
    captions: FilePayload | None = None
    pictures: list[PicturePayload] = Field([], max_length=20)
    card: CardPayload = CardPayload()

    @field_validator("title", "text", "hashtags", mode="before")
    @classmethod
    def without_nul(cls, value: Any) -> Any:
        """PostgreSQL stores no NUL, and no reader misses it."""
        if isinstance(value, list):
            return [cls.without_nul(each) for each in value]
        return value.replace("\0", "") if isinstance(value, str) else value


def open_feed(account: Account) -> Feed:
    """The public page of a new feed account, and the key that lets only this account write to it."""
    if not _HANDLE.fullmatch(account.handle) or account.handle in RESERVED:
        raise Invalid(
            _("“%(handle)s” cannot be an address.") % {"handle": account.handle},
            handle=[_("Use small letters, digits and hyphens.")],
        )
    key = secrets.token_urlsafe(32)
    account.credentials = {"key": key}
    account.save(update_fields=["credentials"])
    old = Feed._base_manager.filter(account=account).first()
    if old is not None:  # the account was disconnected, and its page stayed
        old.key_hash = _hash(key)
        old.save(update_fields=["key_hash"])
        return old
    try:
        with transaction.atomic():
            return Feed._base_manager.create(
                workspace=account.workspace,
                account=account,
                handle=account.handle,
                title=account.name,
                description=account.settings.get("description", ""),
                language=account.workspace.language,
                key_hash=_hash(key),
            )
    except IntegrityError as error:
        raise Conflict(
            _("The address “%(handle)s” is taken.") % {"handle": account.handle}, hint=_("Choose another one.")
        ) from error


def authenticate(handle: str, key: str) -> Feed:
    """The feed that `key` may write to. Raises NotAllowed, the same for a wrong key and an unknown feed."""
    with scopes_disabled():
        feed = Feed.objects.select_related("workspace", "account").filter(handle=handle).first()
    expected = feed.key_hash if feed else _hash("")
    if not hmac.compare_digest(expected, _hash(key)) or feed is None:
        raise NotAllowed(_("This key does not open this feed."))
    return feed


def ingest(feed: Feed, post_key: UUID, payload: EntryPayload) -> tuple[FeedEntry, bool]:
    """The entry of that post, and whether it is new. The same key again changes nothing.

    Raises Invalid for a file that is not the workspace's, missing, or not what it is said to be.
    """
    existing = _entry_of(feed, post_key)
    if existing:
        return existing, False
    for kind in ("video", "thumbnail", "captions"):
        _check_file(feed, kind, getattr(payload, kind))
    for picture in payload.pictures:
        _check_file(feed, "pictures", picture)
    fields = payload.dict(exclude={"video", "thumbnail", "captions"})
    entry = FeedEntry(
        workspace=feed.workspace,
        feed=feed,
        post_key=post_key,
        video=payload.video.name if payload.video else "",
        video_bytes=payload.video.size if payload.video else 0,
        video_sha256=payload.video.sha256 if payload.video else "",
        thumbnail=payload.thumbnail.name if payload.thumbnail else "",
        captions=payload.captions.name if payload.captions else "",
        **fields,
    )
    base = slug(payload.title) or f"entry-{str(post_key)[:8]}"
    for candidate in (base, f"{base}-{str(post_key)[:8]}"):
        entry.slug = candidate
        try:
            with transaction.atomic():
                FeedEntry._base_manager.bulk_create([entry])
            return _entry_of(feed, post_key), True
        except IntegrityError:
            # Another call with the same key was faster, or another entry has that address.
            existing = _entry_of(feed, post_key)
            if existing:
                return existing, False
    raise Conflict(_("No free address was found for this entry."))


def counts_of(feed: Feed, post_key: UUID) -> dict[str, int]:
    """What the entry of that post has got. Raises NotFound."""
    entry = FeedEntry._base_manager.filter(feed=feed, post_key=post_key).first()
    if entry is None:
        raise NotFound(_("There is no such entry."))
    return {"views": entry.views}


def _entry_of(feed: Feed, post_key: UUID) -> FeedEntry | None:
    entry = FeedEntry._base_manager.filter(post_key=post_key).first()
    if entry and entry.feed_id != feed.pk:
        raise Conflict(_("This key belongs to another feed's entry."))
    return entry


def _check_file(feed: Feed, kind: str, file: FilePayload | None) -> None:
    if file is None:
        return
    path = PurePosixPath(file.name)
    if path.is_absolute() or ".." in path.parts or path.parts[0] != f"w{feed.workspace_id}":
        raise Invalid(_("That file is not this workspace's."), **{kind: [_("It lies outside the workspace.")]})
    if not default_storage.exists(file.name) or default_storage.size(file.name) != file.size:
        raise Invalid(_("That file is not there as described."), **{kind: [_("It is missing or of another size.")]})
    with default_storage.open(file.name) as handle:
        if hashlib.file_digest(handle, "sha256").hexdigest() != file.sha256:
            raise Invalid(_("That file is not there as described."), **{kind: [_("Its content is another one.")]})


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def describe(entry: FeedEntry) -> dict[str, Any]:
    """What the platform answers about an entry."""
    from apps.platforms.feed.links import entry_url  # urls need the views, which need these services

    return {"id": str(entry.post_key), "url": entry_url(entry), "published_at": entry.published_at.isoformat()}
