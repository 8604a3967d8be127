"""Telegram's Bot API. The token stands in every address, so no address is ever part of an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import httpx
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms import http
from apps.platforms.base import MediaFile, NeedsLogin, PlatformConfig, RateLimited, Report
from apps.platforms.guard import guarded_httpx_client
from apps.platforms.streams import Counted

# What the Bot API says, in its own words, when the bot may not post; each has status 400 or 403.
_NO_RIGHTS = (
    "chat not found",
    "not enough rights",
    "need administrator rights",
    "chat_write_forbidden",
    "not a member",
)


class Client:
    def __init__(self, server: str, token: str, config: PlatformConfig, timeout: float) -> None:
        self._base, self._token = f"{server}/bot{token}", token
        self._http = guarded_httpx_client(config, timeout)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._http.close()

    def ask(self, method: str, **fields: Any) -> Any:
        """The result of a method that only reads."""
        return self._call(method, changes=False, data=_form(fields))

    def send(
        self,
        method: str,
        fields: Mapping[str, Any],
        files: Mapping[str, MediaFile] | None = None,
        report: Report | None = None,
    ) -> Any:
        """The result of a method that publishes."""
        with ExitStack() as opened:
            parts = {}
            done, total = 0, sum(file.size for file in (files or {}).values())

            def told(size: int) -> None:
                nonlocal done
                done += size
                if report and size:
                    report.progress(done, total)

            for name, file in (files or {}).items():
                stream = opened.enter_context(Counted(file.open(), told))
                kind = file.content_type.rpartition("/")[2]
                parts[name] = (f"{name}.{kind}", stream, file.content_type)
            return self._call(method, changes=True, data=_form(fields), files=parts or None)

    def _call(self, method: str, *, changes: bool, **options: Any) -> Any:
        try:
            response = http.exchange(self._http, "POST", f"{self._base}/{method}", changes=changes, **options)
        except httpx.InvalidURL:
            raise self._needs_login("") from None  # its words would tell a part of the token
        answer = _read(response)
        if response.is_success and answer.get("ok") is True and "result" in answer:
            return answer["result"]
        raise self._refused(response, answer, changes)

    def _refused(self, response: httpx.Response, answer: dict[str, Any], changes: bool) -> AdapterError:
        status, said = response.status_code, str(answer.get("description") or "")[:200].replace(self._token, "…")
        parameters = answer.get("parameters") if isinstance(answer.get("parameters"), dict) else {}
        if status == 429:
            wait = parameters.get("retry_after") or http.retry_after(response)
            return RateLimited(_("Telegram asks to wait."), retry_after=float(wait) if wait else None)
        if status == 401 or (status == 404 and said == "Not Found"):
            return self._needs_login(said)
        if status == 413:
            return AdapterError(_("The file is larger than Telegram accepts."), permanent=True)
        if status == 403 or (status == 400 and any(words in said.lower() for words in _NO_RIGHTS)):
            hint = _(
                "Make the bot an administrator of the channel who may post messages, and check the channel's name."
            )
            return NeedsLogin(_("The bot may not post there: %(said)s.") % {"said": said.rstrip(".")}, hint=hint)
        if parameters.get("migrate_to_chat_id"):
            hint = _("Connect it again as %(chat)s.") % {"chat": parameters["migrate_to_chat_id"]}
            return NeedsLogin(_("The group has become a supergroup with another number."), hint=hint)
        if 400 <= status < 500:
            return AdapterError(_("Telegram refused the post: %(said)s") % {"said": said or status}, permanent=True)
        return http.lost(changes, f"HTTP {status} {said}".strip())

    def _needs_login(self, said: str) -> NeedsLogin:
        hint = _("Ask @BotFather for the bot's token, and connect the account again.")
        return NeedsLogin(_("Telegram does not know the bot's token."), hint=hint, said=said)


def _form(fields: Mapping[str, Any]) -> dict[str, str]:
    """Form fields: lists and objects as JSON, nothing for what is empty."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in fields.items()
        if value not in (None, "", False)
    }


def _read(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
