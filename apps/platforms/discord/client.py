"""One webhook of Discord. Its token stands in the address, so no address is ever part of an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import httpx
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError, NotFound
from apps.platforms import http
from apps.platforms.base import MediaFile, NeedsLogin, PlatformConfig, RateLimited, Report
from apps.platforms.guard import guarded_httpx_client
from apps.platforms.streams import Counted

# Discord's own numbers for what went wrong.
_UNKNOWN_CHANNEL, _UNKNOWN_MESSAGE, _TOO_LARGE = 10003, 10008, 40005
_FORUM_WANTS_TITLE, _FORUM_WANTS_TAG = 220001, 40067


class WantsTitle(AdapterError):
    """The channel is a forum, and nothing was posted: there, a message begins a post that has a title."""


class Client:
    """address: of the webhook, with its token."""

    def __init__(self, address: str, config: PlatformConfig, timeout: float) -> None:
        self._address = address
        self._http = guarded_httpx_client(config, timeout)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._http.close()

    def describe(self) -> dict[str, Any]:
        """The webhook: name, channel and server."""
        return self._call("GET", "", changes=False)

    def message(self, identifier: str, thread: str = "") -> dict[str, Any]:
        place = {"thread_id": thread} if thread else {}
        return self._call("GET", f"/messages/{identifier}", changes=False, params=place)

    def execute(
        self, payload: Mapping[str, Any], files: tuple[MediaFile, ...], query: Mapping[str, str], report: Report
    ) -> dict[str, Any]:
        """Make a message; the answer tells which."""
        done, total = 0, sum(file.size for file in files)

        def told(size: int) -> None:
            nonlocal done
            done += size
            if size:
                report.progress(done, total)

        with ExitStack() as opened:
            parts = {
                f"files[{n}]": (name_of(n, file), opened.enter_context(Counted(file.open(), told)), file.content_type)
                for n, file in enumerate(files)
            }
            sent = {"data": {"payload_json": json.dumps(payload)}, "files": parts} if parts else {"json": payload}
            return self._call("POST", "", changes=True, params={"wait": "true", **query}, **sent)

    def _call(self, method: str, path: str, *, changes: bool, **options: Any) -> dict[str, Any]:
        response = http.exchange(self._http, method, f"{self._address}{path}", changes=changes, **options)
        answer = _read(response)
        if response.is_success and answer.get("id"):
            return answer
        raise _refused(response, answer, changes)


def name_of(number: int, file: MediaFile) -> str:
    return f"file{number + 1}.{file.content_type.rpartition('/')[2]}"


def _read(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _refused(response: httpx.Response, answer: dict[str, Any], changes: bool) -> Exception:
    status, code = response.status_code, answer.get("code")
    said = _first_message(answer.get("errors")) or str(answer.get("message") or "")[:200]
    if status == 429:
        wait = answer.get("retry_after")
        seconds = float(wait) if isinstance(wait, int | float) else http.retry_after(response)
        return RateLimited(_("Discord asks to wait."), retry_after=seconds)
    if code == _UNKNOWN_CHANNEL:
        hint = _("Check the thread in the account's settings.")
        return AdapterError(_("Discord does not know the thread."), permanent=True, hint=hint)
    if code == _FORUM_WANTS_TITLE:
        return WantsTitle(_("Discord refused the post: %(said)s") % {"said": said or status}, permanent=True)
    if code == _FORUM_WANTS_TAG:
        hint = _("In the forum's settings on Discord, switch off that people must select tags when posting.")
        return AdapterError(_("The forum takes only posts with a tag."), permanent=True, hint=hint)
    if code == _UNKNOWN_MESSAGE:
        return NotFound(_("Discord does not know that message."))
    if status in (401, 403, 404):
        hint = _("Make a new webhook in the channel's settings, and connect the account again.")
        return NeedsLogin(_("Discord does not know the webhook: %(said)s") % {"said": said or status}, hint=hint)
    if status == 413 or code == _TOO_LARGE:
        return AdapterError(_("The file is larger than Discord accepts."), permanent=True)
    if 400 <= status < 500 and status != 408:
        return AdapterError(_("Discord refused the post: %(said)s") % {"said": said or status}, permanent=True)
    return http.lost(changes, f"HTTP {status} {said}".strip())


def _first_message(errors: Any) -> str:
    """What is wrong with the form: the first words at the bottom of nested objects."""
    if isinstance(errors, list):
        errors = dict(enumerate(errors))
    if not isinstance(errors, dict):
        return ""
    if isinstance(errors.get("message"), str):
        return errors["message"][:200]
    return next((found for each in errors.values() if (found := _first_message(each))), "")
