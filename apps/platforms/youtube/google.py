"""Calls to Google's APIs over HTTP, and what their refusals mean."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, RateLimited
from apps.platforms.http import client, retry_after

_DAY = 24 * 3600.0
_QUOTA = {"quotaExceeded", "dailyLimitExceeded", "videoUploadQuotaExceeded"}
_SLOWER = {"rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED"}
_LOGIN = {
    "insufficientPermissions": lazy("The login does not allow uploading."),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": lazy("The login does not allow uploading."),
    "authenticatedUserAccountClosed": lazy("The channel's Google account is closed."),
    "authenticatedUserAccountSuspended": lazy("The channel's Google account is suspended."),
}
_PERMANENT = {
    "youtubeSignupRequired": (
        lazy("This Google account has no YouTube channel."),
        lazy("Make a channel on YouTube, or log in with the account that has one."),
    ),
    "accessNotConfigured": (
        lazy("The YouTube Data API is not switched on for the app."),
        lazy("Switch on “YouTube Data API v3” in the Google Cloud console, for the project of the client ID."),
    ),
    "invalidTitle": (lazy("YouTube refuses the title."), lazy("It must not be empty, nor hold < or >.")),
    "invalidDescription": (lazy("YouTube refuses the description."), lazy("It must not hold < or >.")),
    "invalidTags": (lazy("YouTube refuses the tags."), lazy("Use fewer or shorter ones.")),
    "invalidCategoryId": (
        lazy("YouTube does not know the category."),
        lazy("Choose another one in the account's settings."),
    ),
}


@dataclass(frozen=True)
class Google:
    """One client with one deadline. http: of `opened`; api: where the API is."""

    http: httpx.Client
    api: str
    deadline: float

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The JSON of a call that publishes nothing; raises AdapterError."""
        return read(self.send(method, f"{self.api}{path}", **options))

    def send(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Whatever answer comes; raises AdapterError when none does."""
        try:
            return self.http.request(method, url, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise AdapterError(_("YouTube could not be reached."), reason=str(error)) from error
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise AdapterError(_("YouTube did not answer."), reason=reason) from error

    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()


def opened(api: str, credentials: Mapping[str, Any], timeout: float, user_agent: str) -> Google:
    """To be closed by whoever opens it: `with opened(…).http`."""
    headers = {"Authorization": f"Bearer {credentials.get('access_token', '')}", "User-Agent": user_agent}
    return Google(client(timeout=timeout, headers=headers), api, time.monotonic() + timeout)


def read(response: httpx.Response) -> dict[str, Any]:
    """The JSON of a 2xx answer; raises AdapterError for every other one."""
    if not response.is_success:
        raise problem(response)
    try:
        body = response.json()
    except ValueError as error:
        raise AdapterError(_("YouTube's answer could not be read."), reason=f"HTTP {response.status_code}") from error
    return body if isinstance(body, dict) else {}


def problem(response: httpx.Response, now: datetime | None = None) -> AdapterError:
    """What a refusal means. now: for tests."""
    status, (reasons, said) = response.status_code, _said(response)
    told = {"status_code": status, "said": said}
    # Of the uploads of a day, Google says no more than of too many calls a minute, but for the words.
    if reasons & _QUOTA or (status == 429 and "per day" in said):
        wait = until_midnight_pacific(now)
        return RateLimited(_("The app's YouTube quota for today is used up."), retry_after=wait, **told)
    if "uploadLimitExceeded" in reasons:
        return RateLimited(_("The channel may upload no more videos today."), retry_after=_DAY, **told)
    if status == 429 or reasons & _SLOWER:
        return RateLimited(_("YouTube asks to wait."), retry_after=retry_after(response) or 60.0, **told)
    for reason in reasons & _LOGIN.keys():
        return NeedsLogin(str(_LOGIN[reason]), hint=_("Connect the account again."), **told)
    for reason in reasons & _PERMANENT.keys():
        message, hint = _PERMANENT[reason]
        return AdapterError(str(message), permanent=True, hint=str(hint), **told)
    if status == 401:
        return NeedsLogin(_("YouTube no longer accepts the login."), hint=_("Connect the account again."), **told)
    if status >= 500 or status in (408, 425):
        return AdapterError(_("YouTube had a fault of its own."), retry_after=retry_after(response), **told)
    return AdapterError(_("YouTube refused: %(said)s") % {"said": said or status}, permanent=True, **told)


def until_midnight_pacific(now: datetime | None = None) -> float:
    """Seconds until quotas are new. now: aware."""
    here = (now or datetime.now(tz=ZoneInfo("UTC"))).astimezone(ZoneInfo("America/Los_Angeles"))
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    # Through timestamps: on two days of the year, a day has not 24 hours.
    return midnight.timestamp() - here.timestamp() + 1


def _said(response: httpx.Response) -> tuple[set[str], str]:
    """Google's reasons and message; empty when something else answered."""
    try:
        error = response.json()["error"]
        reasons = {str(each.get("reason", "")) for each in [*error.get("errors", ()), *error.get("details", ())]}
        reasons.add(str(error.get("status", "")))
        return reasons - {""}, str(error.get("message", ""))[:200]
    except (ValueError, KeyError, TypeError, AttributeError):
        return set(), ""
