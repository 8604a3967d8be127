"""The video service: it converts a video, puts it on the account's server, and says what a post may refer to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms import http
from apps.platforms.addresses import server_address
from apps.platforms.base import PlatformConfig, PublishRequest, RateLimited
from apps.platforms.bluesky.client import Client, lost

SERVICE = "https://video.bsky.app"
# What making the record takes, kept free while the service converts: seconds, and share of the time.
_RESERVE, _RESERVED = 20.0, 0.25
_TOKEN_SECONDS = 1800


def upload(
    client: Client, service: str, request: PublishRequest, config: PlatformConfig, content: Iterator[bytes]
) -> dict[str, Any]:
    """The blob of the converted video. Raises AdapterError; nothing is public by this."""
    address = f"{server_address(service, config)}/xrpc"
    token = client.service_token("com.atproto.repo.uploadBlob", _TOKEN_SECONDS)
    size = request.video.size if request.video else 0
    job = _status(
        client.http.request,
        "POST",
        f"{address}/app.bsky.video.uploadVideo",
        params={"did": client.did, "name": f"{request.post_key.hex}.mp4"},
        headers={"Authorization": f"Bearer {token}", "Content-Type": "video/mp4", "Content-Length": str(size)},
        content=content,
    )
    enough = client.deadline - min(_RESERVE, request.timeout * _RESERVED)
    return _converted(client, address, job, enough)


def _converted(client: Client, address: str, job: dict[str, Any], enough: float) -> dict[str, Any]:
    pause = 0.5
    while not job.get("blob"):
        if job.get("state") == "JOB_STATE_FAILED":
            said = str(job.get("message") or job.get("error") or "")[:200]
            raise AdapterError(_("The video service refused the video: %(said)s") % {"said": said}, permanent=True)
        if time.monotonic() + pause > enough:
            raise AdapterError(_("The video is still being converted."), hint=_("It is tried again by itself."))
        time.sleep(pause)
        pause = min(pause * 1.5, 4.0)
        address_of_job = f"{address}/app.bsky.video.getJobStatus"
        job = _status(client.http.request, "GET", address_of_job, params={"jobId": job["jobId"]})
    return job["blob"]


def _status(send: Any, method: str, address: str, **options: Any) -> dict[str, Any]:
    """What the service says of a job. A video it knows already is answered by 409, with the job that converted it."""
    try:
        response: httpx.Response = send(method, address, **options)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise AdapterError(_("The video service could not be reached.")) from error
    except httpx.TransportError as error:
        raise lost(False, type(error).__name__) from error
    try:
        answer = response.json()
        job = answer.get("jobStatus") or answer
        if response.status_code in (200, 409) and job.get("jobId"):
            return job
        said = str(answer.get("message") or answer.get("error") or response.status_code)[:200]
    except (ValueError, AttributeError) as error:
        raise lost(False, _("its answer could not be read")) from error
    if response.status_code == 429:
        raise RateLimited(_("The video service asks to wait."), retry_after=http.retry_after(response))
    if response.status_code >= 500 or response.is_success:
        raise AdapterError(_("The video service failed: %(said)s") % {"said": said})
    message = _("The video service refused the video: %(said)s") % {"said": said}
    raise AdapterError(
        message, permanent=True, hint=_("Its rules are in Bluesky's settings; the account's email must be confirmed.")
    )
