"""RSS 2.0 and JSON Feed 1.1 of a feed."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree as xml

import regex
from django.utils.html import linebreaks

from apps.platforms.feed import links
from apps.platforms.feed.models import Feed, FeedEntry

ATOM = "http://www.w3.org/2005/Atom"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
for _prefix, _address in (("atom", ATOM), ("itunes", ITUNES)):
    xml.register_namespace(_prefix, _address)
_NOT_XML = regex.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def rss(feed: Feed, entries: Sequence[FeedEntry]) -> bytes:
    """An RSS 2.0 document with video enclosures, ready for podcast apps."""
    root = xml.Element("rss", version="2.0")
    channel = xml.SubElement(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", links.feed_url(feed))
    _add(channel, "description", feed.description or feed.title)
    _add(channel, "language", feed.language)
    _add(channel, "generator", "Rundown")
    if entries:
        _add(channel, "lastBuildDate", format_datetime(entries[0].published_at))
    rel = {"href": links.rss_url(feed), "rel": "self", "type": "application/rss+xml"}
    xml.SubElement(channel, f"{{{ATOM}}}link", rel)
    _add(channel, f"{{{ITUNES}}}author", feed.title)
    _add(channel, f"{{{ITUNES}}}explicit", "false")
    image = next((entry for entry in entries if entry.thumbnail), None)
    if image:
        xml.SubElement(channel, f"{{{ITUNES}}}image", {"href": links.media_url(image, "jpg")})
    for entry in entries:
        _add_item(channel, entry)
    return xml.tostring(root, encoding="utf-8", xml_declaration=True)


def _add_item(channel: xml.Element, entry: FeedEntry) -> None:
    item = xml.SubElement(channel, "item")
    _add(item, "title", entry.title)
    _add(item, "link", links.entry_url(entry))
    _add(item, "guid", f"urn:uuid:{entry.post_key}", isPermaLink="false")
    _add(item, "pubDate", format_datetime(entry.published_at))
    # Readers take a description for HTML; the text is none.
    _add(item, "description", linebreaks(entry.text or entry.title, autoescape=True))
    for tag in entry.hashtags:
        _add(item, "category", tag)
    if entry.video:
        enclosure = {"url": links.media_url(entry, "mp4"), "length": str(entry.video_bytes), "type": "video/mp4"}
        xml.SubElement(item, "enclosure", enclosure)
    if entry.duration:
        _add(item, f"{{{ITUNES}}}duration", str(round(entry.duration)))
    elif entry.pictures:
        first = entry.pictures[0]
        enclosure = {"url": links.picture_urls(entry)[0], "length": str(first["size"]), "type": first["type"]}
        xml.SubElement(item, "enclosure", enclosure)
    if entry.thumbnail:
        xml.SubElement(item, f"{{{ITUNES}}}image", {"href": links.media_url(entry, "jpg")})
    if entry.parts_total > 1:
        _add(item, f"{{{ITUNES}}}episode", str(entry.part))


def _add(parent: xml.Element, name: str, text: str, **attributes: str) -> None:
    xml.SubElement(parent, name, attributes).text = _NOT_XML.sub("", text)


def json_feed(feed: Feed, entries: Sequence[FeedEntry]) -> dict[str, Any]:
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": links.feed_url(feed),
        "feed_url": links.json_url(feed),
        "description": feed.description,
        "language": feed.language,
        "authors": [{"name": feed.title, "url": links.feed_url(feed)}],
        "items": [_json_item(entry) for entry in entries],
    }


def _json_item(entry: FeedEntry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": f"urn:uuid:{entry.post_key}",
        "url": links.entry_url(entry),
        "title": entry.title,
        "content_text": entry.text or entry.title,
        "date_published": entry.published_at.isoformat(),
        "language": entry.language,
        "tags": entry.hashtags,
    }
    if entry.thumbnail:
        item["image"] = links.media_url(entry, "jpg")
    elif entry.pictures:
        item["image"] = links.picture_urls(entry)[0]
    if entry.video:
        attachment: dict[str, Any] = {
            "url": links.media_url(entry, "mp4"),
            "mime_type": "video/mp4",
            "size_in_bytes": entry.video_bytes,
        }
        if entry.duration:
            attachment["duration_in_seconds"] = round(entry.duration, 2)
        item["attachments"] = [attachment]
    for url, picture in zip(links.picture_urls(entry), entry.pictures, strict=True):
        attachment = {"url": url, "mime_type": picture["type"], "size_in_bytes": picture["size"]}
        item.setdefault("attachments", []).append(attachment)
    return item
