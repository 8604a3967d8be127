"""Reading public feeds: what anybody may see, so it is asked for by address and not by workspace."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from apps.common.errors import NotFound
from apps.platforms.feed.models import Feed, FeedEntry


def feed_at(handle: str) -> Feed:
    """Raises NotFound."""
    with scopes_disabled():
        feed = Feed.objects.select_related("account", "workspace").filter(handle=handle).first()
    if feed is None:
        raise NotFound(_("There is no such page."))
    return feed


def entries_of(feed: Feed) -> QuerySet[FeedEntry]:
    """Newest first; a later part of a series comes before an earlier one."""
    with scopes_disabled():
        return FeedEntry.objects.filter(feed=feed).select_related("feed")


def entry_at(handle: str, slug: str) -> FeedEntry:
    return _one(handle, slug=slug)


def entry_with_key(handle: str, post_key: UUID) -> FeedEntry:
    return _one(handle, post_key=post_key)


def _one(handle: str, **lookup: object) -> FeedEntry:
    with scopes_disabled():
        entry = FeedEntry.objects.select_related("feed").filter(feed__handle=handle, **lookup).first()
    if entry is None:
        raise NotFound(_("There is no such page."))
    return entry


def parts_of(entry: FeedEntry) -> list[FeedEntry]:
    """The published parts of the entry's series, in order, itself included; empty for a single."""
    if not entry.series or entry.parts_total < 2:
        return []
    return list(entries_of(entry.feed).filter(series=entry.series).order_by("part"))


def totals(feed: Feed) -> dict[str, int]:
    found = entries_of(feed).order_by().aggregate(entries=Count("pk"), views=Sum("views"))
    return {"entries": found["entries"], "views": found["views"] or 0}
