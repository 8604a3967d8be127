"""What follows an upload: thumbnail, captions, playlist. When one fails, the video stays as it is, and it is noted."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms.base import MediaFile, PublishRequest, Report
from apps.platforms.youtube.google import Google

THUMBNAIL_BYTES = 2 * 1024 * 1024
CAPTIONS_BYTES = 100 * 1024 * 1024


def add(google: Google, request: PublishRequest, video_id: str, report: Report) -> None:
    """Everything that the request has; raises nothing that the platform caused."""
    steps: list[tuple[str, Callable[[], Any]]] = []
    playlist = str(request.settings.get("playlist") or "").strip()
    if request.thumbnail:
        steps.append(("thumbnail", lambda: _thumbnail(google, request.thumbnail, video_id)))
    if request.captions:
        steps.append(("captions", lambda: _captions(google, request.captions, video_id, request.draft.language)))
    if playlist:
        steps.append(("playlist", lambda: _listed(google, playlist, video_id)))
    for name, step in steps:
        try:
            step()
        except (AdapterError, OSError) as error:
            note(report, name, str(error))


def note(report: Report, name: str, sentence: str) -> None:
    report.evidence(f"{name}.txt", sentence.encode(), "text/plain; charset=utf-8")


def _thumbnail(google: Google, file: MediaFile, video_id: str) -> None:
    if file.size > THUMBNAIL_BYTES:
        raise AdapterError(_("The thumbnail is larger than 2 MB; YouTube shows a frame of the video."), permanent=True)
    with file.open() as stream:
        content = stream.read()
    params = {"videoId": video_id, "uploadType": "media"}
    headers = {"Content-Type": file.content_type}
    google.call("POST", "/upload/youtube/v3/thumbnails/set", params=params, headers=headers, content=content)


def _captions(google: Google, file: MediaFile, video_id: str, language: str) -> None:
    if file.size > CAPTIONS_BYTES:
        raise AdapterError(_("The captions are larger than 100 MB."), permanent=True)
    with file.open() as stream:
        content = stream.read()
    snippet = {"snippet": {"videoId": video_id, "language": language, "name": "", "isDraft": False}}
    boundary = secrets.token_hex(16)
    body = b"".join(
        (
            f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n".encode(),
            json.dumps(snippet).encode(),
            f"\r\n--{boundary}\r\nContent-Type: {file.content_type}\r\n\r\n".encode(),
            content,
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )
    params = {"uploadType": "multipart", "part": "snippet"}
    headers = {"Content-Type": f"multipart/related; boundary={boundary}"}
    google.call("POST", "/upload/youtube/v3/captions", params=params, headers=headers, content=body)


def _listed(google: Google, playlist: str, video_id: str) -> None:
    resource = {"kind": "youtube#video", "videoId": video_id}
    snippet = {"snippet": {"playlistId": playlist, "resourceId": resource}}
    google.call("POST", "/youtube/v3/playlistItems", params={"part": "snippet"}, json=snippet)
