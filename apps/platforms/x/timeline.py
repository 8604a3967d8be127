"""Finding a post among the account's newest by its exact text."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.common.text.links import link_spans
from apps.platforms.base import PublishRequest, PublishResult
from apps.platforms.x.client import Client

# Clocks differ.
SLACK = timedelta(minutes=2)
NEWEST = 100


def find(client: Client, request: PublishRequest, text: str) -> PublishResult | None:
    """The post with this text since the first call; raises AdapterError when X cannot be asked."""
    wanted = plain(text)
    if not wanted:
        raise AdapterError(_("A post without words cannot be told from another."))
    me = client.call(lambda x: x.get_me(user_auth=False))["data"]
    query: dict[str, Any] = {
        "max_results": NEWEST,
        "exclude": ["retweets"],
        "tweet_fields": ["entities", "note_tweet", "created_at"],
    }
    if request.begun_at:
        query["start_time"] = (request.begun_at - SLACK).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = client.call(lambda x: x.get_users_tweets(me["id"], user_auth=False, **query))
    for post in answer.get("data") or ():
        if as_written(post) == wanted:
            return PublishResult(post["id"], address(post["id"]))
    return None


def address(number: str) -> str:
    """X leads from here to the account's own address; asking for its name would cost a read."""
    return f"https://x.com/i/status/{number}"


def as_written(post: Mapping[str, Any]) -> str:
    """The text as its author wrote it: X has put short links into it, one for the media at its end, and entities."""
    whole = post.get("note_tweet") or post
    text = html.unescape(whole["text"])
    for link in (whole.get("entities") or {}).get("urls") or ():
        own = "" if link.get("media_key") else link.get("expanded_url") or link["url"]
        text = text.replace(link["url"], own)
    return plain(text)


def plain(text: str) -> str:
    """A text in the form that two copies of it share, whatever was done to accents, spaces and links."""
    text = unicodedata.normalize("NFC", text)
    pieces, position = [], 0
    for start, end in link_spans(text):
        link = text[start:end].lower().partition("://")
        pieces += [text[position:start], (link[2] or link[0]).rstrip("/")]
        position = end
    return " ".join("".join([*pieces, text[position:]]).split())
