"""The resumable upload: a session, chunks, and the question of how much has arrived.

Nothing is public before the last byte, so only calls that carry it, or ask after it, can leave the outcome unknown.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import httpx
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms.base import MediaFile, OutcomeUnknown, Report
from apps.platforms.youtube.google import Google, problem, read

# Google wants multiples of 256 KiB.
STEP = 256 * 1024
CHUNK = 32 * STEP
# Of a session's address, which is kept with a mark of what it is for.
ADDRESS = 480
# Pauses before a broken upload is taken up again; the count starts anew with every chunk that arrives.
PAUSES = (0.2, 1.0, 3.0, 8.0)


@dataclass(frozen=True)
class Standing:
    """What a session says of itself. video: the finished one; received: bytes, -1 when the session is gone."""

    video: Mapping[str, Any] | None = None
    received: int = -1

    @property
    def gone(self) -> bool:
        return self.video is None and self.received < 0


def begin(google: Google, video: MediaFile, resource: Mapping[str, Any], params: Mapping[str, str]) -> str:
    """The address of a new session."""
    response = google.send(
        "POST",
        f"{google.api}/upload/youtube/v3/videos",
        params={"uploadType": "resumable", "part": ",".join(resource), **params},
        json=resource,
        headers={"X-Upload-Content-Length": str(video.size), "X-Upload-Content-Type": video.content_type},
    )
    if not response.is_success:
        raise problem(response)
    session = response.headers.get("Location", "")
    if not is_session(google.api, session) or len(session) > ADDRESS:
        raise AdapterError(_("YouTube began no upload."), reason=f"HTTP {response.status_code}, {len(session)}")
    return session


def mark(video: MediaFile, resource: Mapping[str, Any], params: Mapping[str, str]) -> str:
    """Tells a session's upload from every other: the same file, text and settings have the same mark."""
    made_of = json.dumps([video.sha256, video.size, resource, params], sort_keys=True)
    return hashlib.sha256(made_of.encode()).hexdigest()[:16]


def is_session(api: str, address: str) -> bool:
    """Whether an address is one that the login may be sent to."""
    host = httpx.URL(address).host if address.startswith("https://") else ""
    return address.startswith(f"{api}/") or host.endswith(".googleapis.com")


def run(google: Google, session: str, video: MediaFile, report: Report, *, start: int = 0) -> Mapping[str, Any]:
    """Send the file and give the finished video. start: how many of its bytes the session has.

    Raises OutcomeUnknown when the last byte left and no answer came.
    """
    with video.open() as stream:
        return _Upload(google, session, video, stream, report).run(start)


def ask(google: Google, session: str, size: int) -> Standing:
    """How far a session is; raises AdapterError when it cannot be asked."""
    response = google.send("PUT", session, headers={"Content-Range": f"bytes */{size}"}, content=b"")
    return _standing(response)


def _standing(response: httpx.Response) -> Standing:
    if response.status_code == 308:
        end = response.headers.get("Range", "").rpartition("-")[2]
        return Standing(received=int(end) + 1 if end.isdigit() else 0)
    if response.status_code in (404, 410):
        return Standing()
    return Standing(video=read(response))


class _Upload:
    def __init__(self, google: Google, session: str, video: MediaFile, stream: BinaryIO, report: Report) -> None:
        self._google, self._session, self._video = google, session, video
        self._stream, self._report = stream, report
        self._ended = False  # whether the last byte has left
        self._unsure = False  # whether YouTube may have the whole video and has not said so

    def run(self, start: int) -> Mapping[str, Any]:
        received, troubles = self._noted(Standing(received=start)), 0
        while True:
            try:
                standing = self._chunk(received) if received < self._video.size else self._ask()
                if standing.video:
                    return standing.video
                if standing.gone:
                    raise AdapterError(_("YouTube has forgotten the upload."), gone=True)
                troubles = 0 if standing.received > received else troubles + 1
                trouble = AdapterError(_("YouTube took none of the bytes."))
                received = self._noted(standing)
            except AdapterError as error:
                if not _is_passing(error):
                    raise self._known(error) from error
                self._unsure = self._unsure or self._ended
                trouble, troubles = error, troubles + 1
                received = self._resumed(received)
            if troubles:
                self._pause(troubles, trouble)

    def _chunk(self, start: int) -> Standing:
        end = min(start + CHUNK, self._video.size)
        headers = {
            "Content-Type": self._video.content_type,
            "Content-Length": str(end - start),
            "Content-Range": f"bytes {start}-{end - 1}/{self._video.size}",
        }
        body = self._bytes(start, end)
        return _standing(self._google.send("PUT", self._session, headers=headers, content=body))

    def _bytes(self, start: int, end: int) -> Iterator[bytes]:
        self._stream.seek(start)
        while start < end:
            piece = self._stream.read(min(STEP, end - start))
            if not piece:
                raise AdapterError(_("The video is shorter than it was."), permanent=True)
            start += len(piece)
            self._ended = self._ended or start >= self._video.size
            yield piece
            self._report.progress(start, self._video.size)

    def _ask(self) -> Standing:
        return ask(self._google, self._session, self._video.size)

    def _noted(self, standing: Standing) -> int:
        self._unsure = standing.received >= self._video.size
        return standing.received

    def _resumed(self, received: int) -> int:
        """Where to go on after trouble; the same place when that cannot be learnt either."""
        try:
            standing = self._ask()
        except AdapterError as error:
            if not _is_passing(error):
                raise self._known(error) from error
            return received
        if standing.video or standing.gone:
            return self._video.size  # the next turn asks again, and says so
        return self._noted(standing)

    def _pause(self, troubles: int, trouble: AdapterError) -> None:
        if troubles > len(PAUSES) or self._google.left() <= PAUSES[troubles - 1]:
            raise self._known(trouble) from trouble
        time.sleep(PAUSES[troubles - 1])

    def _known(self, error: AdapterError) -> AdapterError:
        """The same trouble, as what it means for the post."""
        if not self._unsure:
            return error
        return OutcomeUnknown(_("YouTube did not say whether it has the video."), reason=error.message)


def _is_passing(error: AdapterError) -> bool:
    """Worth asking the session again: a lost answer or a fault of YouTube's own."""
    return type(error) is AdapterError and not error.permanent and not error.details.get("gone")
