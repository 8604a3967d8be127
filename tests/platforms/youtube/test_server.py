"""The loopback server speaks what Google's own client library expects: it is the judge of the judge."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import google.oauth2.credentials
import googleapiclient
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload

from tests.servers.youtube_server import ACCESS, CLIENT, REFRESH, YouTube, cuts_after, error

CONTENT = bytes(range(256)) * 3000


@pytest.fixture
def service(youtube: YouTube) -> Any:
    folder = Path(googleapiclient.__file__).parent / "discovery_cache/documents"
    document = json.loads((folder / "youtube.v3.json").read_text())
    document |= {"rootUrl": f"{youtube.url}/", "baseUrl": f"{youtube.url}/"}
    login = google.oauth2.credentials.Credentials(
        "an-old-token",
        refresh_token=REFRESH,
        token_uri=f"{youtube.url}/token",
        **CLIENT,
    )
    with build_from_document(document, credentials=login) as service:
        yield service


def test_googles_client_logs_in_uploads_in_chunks_and_goes_on(service: Any, youtube: YouTube) -> None:
    youtube.will(r"PUT .*bytes 262144-", cuts_after(1000))
    resource = {"snippet": {"title": "By Google"}, "status": {"privacyStatus": "unlisted"}}
    media = MediaIoBaseUpload(io.BytesIO(CONTENT), "video/mp4", chunksize=262144, resumable=True)
    call = service.videos().insert(part="snippet,status", body=resource, media_body=media)
    answer, progress = None, []
    while answer is None:
        # Google's client leaves a broken line to its caller, and asks the session when it is called again.
        with suppress(ConnectionResetError):
            status, answer = call.next_chunk()
            progress += [status.resumable_progress] if status else []
    assert progress == [262144, 524288]
    assert youtube.videos[answer["id"]]["content"] == CONTENT
    assert service._http.credentials.token == ACCESS


def test_googles_client_reads_what_the_server_says(service: Any, youtube: YouTube) -> None:
    assert service.channels().list(part="snippet", mine=True).execute()["items"][0]["snippet"]["customUrl"] == "@seaday"
    assert service.videos().list(part="statistics", id="nothing").execute()["items"] == []
    youtube.will("GET /youtube/v3/channels", error(403, "quotaExceeded", "The quota is used up."))
    with pytest.raises(HttpError) as caught:
        service.channels().list(part="snippet", mine=True).execute()
    assert caught.value.error_details[0]["reason"] == "quotaExceeded"
