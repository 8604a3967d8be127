"""Looking for a video among the channel's newest, for when the upload's session is gone."""

from __future__ import annotations

from datetime import timedelta

from django.utils.dateparse import parse_datetime

from apps.platforms.base import PublishRequest
from apps.platforms.youtube.google import Google

# Clocks differ.
SLACK = timedelta(minutes=5)


def uploaded(google: Google, request: PublishRequest, description: str) -> str:
    """The ID of a video with this title and description, made since the first call; empty without one."""
    if request.begun_at is None:
        return ""
    channels = google.call("GET", "/youtube/v3/channels", params={"part": "contentDetails", "mine": "true"})
    for channel in channels.get("items", ()):
        playlist = channel["contentDetails"]["relatedPlaylists"]["uploads"]
        params = {"part": "snippet", "playlistId": playlist, "maxResults": "50"}
        for item in google.call("GET", "/youtube/v3/playlistItems", params=params).get("items", ()):
            snippet = item["snippet"]
            at = parse_datetime(snippet["publishedAt"])
            same = (snippet["title"], snippet["description"]) == (request.draft.title, description)
            if same and at is not None and at >= request.begun_at - SLACK:
                return snippet["resourceId"]["videoId"]
    return ""
