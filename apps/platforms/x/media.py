"""Pictures and videos, brought to X in pieces, and waited for until X has looked at them."""

from __future__ import annotations

import base64
import time
from typing import Any

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms.base import MediaFile, PublishRequest, Report
from apps.platforms.x.client import Client

PIECE = 2 * 1024 * 1024
# When X does not say how long its look takes.
LOOK_SECONDS = 2.0
PAUSES = (0.5, 2.0)


def upload(client: Client, request: PublishRequest, report: Report) -> list[str]:
    """The numbers of the request's files at X: a video, or images. Nothing of them is public without a post."""
    files = [(picture.file, "tweet_image", picture.alt) for picture in request.pictures]
    if request.video:
        files = [(request.video, "tweet_video", "")]
    total, done, numbers = sum(file.size for file, _kind, _alt in files), 0, []
    for file, category, alt in files:
        number = _upload_one(client, file, category, lambda sent, before=done: report.progress(before + sent, total))
        if alt:
            metadata = {"id": number, "metadata": {"alt_text": {"text": alt}}}
            client.call(lambda x, metadata=metadata: x.request("POST", "/2/media/metadata", json=metadata))
        numbers.append(number)
        done += file.size
    return numbers


def _upload_one(client: Client, file: MediaFile, category: str, progress: Any) -> str:
    begun = {"media_type": file.content_type, "total_bytes": file.size, "media_category": category}
    answer = client.call(lambda x: x.request("POST", "/2/media/upload/initialize", json=begun))
    number = str(_data(answer).get("id") or "")
    if not number.isdigit():
        raise AdapterError(_("X began no upload."))
    with file.open() as stream:
        sent, index = 0, 0
        while piece := stream.read(PIECE):
            _append(client, number, {"media": base64.b64encode(piece).decode(), "segment_index": index})
            sent, index = sent + len(piece), index + 1
            progress(sent)
    answer = client.call(lambda x: x.request("POST", f"/2/media/upload/{number}/finalize"))
    _wait(client, number, _data(answer))
    return number


def _append(client: Client, number: str, body: dict[str, Any]) -> None:
    """A piece has its place, so one that may have been lost is sent again."""
    for pause in (*PAUSES, None):
        try:
            client.call(lambda x: x.request("POST", f"/2/media/upload/{number}/append", json=body))
            return
        except AdapterError as error:
            if type(error) is not AdapterError or error.permanent or pause is None or pause >= client.left():
                raise
        time.sleep(pause)


def _wait(client: Client, number: str, media: dict[str, Any]) -> None:
    while looking := media.get("processing_info"):
        state = looking.get("state")
        if state == "succeeded":
            return
        if state == "failed":
            said = (looking.get("error") or {}).get("message") or state
            raise AdapterError(_("X refuses the file: %(said)s") % {"said": str(said)[:200]}, permanent=True)
        pause = max(float(looking.get("check_after_secs", LOOK_SECONDS)), 0.1)
        if pause >= client.left():
            raise AdapterError(_("X took too long to look at the video."), retry_after=pause)
        time.sleep(pause)
        query = {"command": "STATUS", "media_id": number}
        media = _data(client.call(lambda x, query=query: x.request("GET", "/2/media/upload", params=query)))


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    data = answer.get("data")
    return data if isinstance(data, dict) else {}
