"""Absolute addresses of a feed's pages, the same from the web process and from a worker."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from apps.platforms.feed.models import Feed, FeedEntry


def absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def feed_url(feed: Feed) -> str:
    return absolute(reverse("feed:feed", args=[feed.handle]))


def rss_url(feed: Feed) -> str:
    return absolute(reverse("feed:rss", args=[feed.handle]))


def json_url(feed: Feed) -> str:
    return absolute(reverse("feed:json", args=[feed.handle]))


def entry_url(entry: FeedEntry) -> str:
    return absolute(reverse("feed:entry", args=[entry.feed.handle, entry.slug]))


def picture_urls(entry: FeedEntry) -> list[str]:
    number = range(1, len(entry.pictures) + 1)
    return [absolute(reverse("feed:picture", args=[entry.feed.handle, entry.post_key, at])) for at in number]


def media_url(entry: FeedEntry, suffix: str) -> str:
    """suffix: mp4, jpg or vtt."""
    return absolute(reverse("feed:media", args=[entry.feed.handle, entry.post_key, suffix]))
