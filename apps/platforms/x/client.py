"""Tweepy with one deadline for all its calls, the host that X documents, and refusals in words."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import regex
import requests
import tweepy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from requests.adapters import BaseAdapter
from urllib3.exceptions import NewConnectionError

from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, OutcomeUnknown, PlatformConfig, RateLimited
from apps.platforms.guard import guarded_requests_session

# The host that tweepy has built in.
_TWEEPY = "https://api.twitter.com"
_DAY = 24 * 3600.0
# Without a hint of when: how often to see whether somebody has paid.
_UNPAID = 6 * 3600.0
# Tweepy writes its request headers, the token among them, at the level of debugging.
logging.getLogger("tweepy.client").setLevel(logging.INFO)

_LOGIN_HINT = lazy("Connect the account again.")
# How words of X's 403 answers begin, in lower case. The first that fits counts.
_FORBIDDEN: tuple[tuple[str, Any, Any, bool], ...] = (
    (
        "client-not-enrolled",
        lazy("The app may not use X's API in this way."),
        lazy("In X's developer console, put the app into a project and see that it has credits."),
        False,
    ),
    (
        "app permissions",
        lazy("The app may read, but not write."),
        lazy("In X's developer console, give the app “Read and write”, then connect the account again."),
        True,
    ),
    ("scope", lazy("The login does not allow posting."), _LOGIN_HINT, True),
    (
        "suspended",
        lazy("X has suspended the account."),
        lazy("Log in on x.com and see what X wants."),
        True,
    ),
    (
        "locked",
        lazy("X has locked the account for now."),
        lazy("Log in on x.com and unlock it, then connect the account again."),
        True,
    ),
    (
        "automated",
        lazy("X takes the post for spam."),
        lazy("Wait a while, and write it in another way."),
        False,
    ),
    ("too long", lazy("X finds the text too long."), lazy("Shorten it."), False),
)


class DuplicateText(AdapterError):
    """X refuses a text that the account has posted a short while ago."""


class Client:
    """api: where X's API is. All calls together end within `timeout` seconds."""

    def __init__(self, api: str, access_token: str, config: PlatformConfig, timeout: float) -> None:
        self._deadline = time.monotonic() + timeout
        self.tweepy = tweepy.Client(bearer_token=access_token, return_type=dict)
        session = guarded_requests_session(config, timeout)
        self.tweepy.user_agent = config.user_agent
        session.mount(_TWEEPY, _Elsewhere(session.get_adapter(api), api))
        self.tweepy.session = session

    def left(self) -> float:
        return self._deadline - time.monotonic()

    def call(self, ask: Callable[[tweepy.Client], Any], *, changes: bool = False) -> dict[str, Any]:
        """The answer's JSON. changes: whether the call could publish, so that a lost answer matters."""
        try:
            answer = ask(self.tweepy)
            body = answer.json() if isinstance(answer, requests.Response) and answer.content else answer
        except tweepy.HTTPException as error:
            raise problem(error.response, changes) from error
        except requests.JSONDecodeError as error:
            raise _lost(changes, "unreadable") from error
        except requests.RequestException as error:
            if _never_sent(error):
                raise AdapterError(
                    _("X could not be reached."), hint=_("It is tried again by itself."), reason=type(error).__name__
                ) from error
            raise _lost(changes, type(error).__name__) from error
        except OSError as error:
            # Without buffering, a deadline ends a read inside urllib3 as the bare error.
            raise _lost(changes, type(error).__name__) from error
        return body if isinstance(body, dict) else {}


class _Elsewhere(BaseAdapter):
    """Sends what is meant for tweepy's host to another one. Tokens of OAuth 2 sign no address, so nothing breaks."""

    def __init__(self, inner: Any, api: str) -> None:
        super().__init__()
        self._inner, self._api = inner, api

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        request.url = self._api + request.url.removeprefix(_TWEEPY)
        return self._inner.send(request, *args, **options)

    def close(self) -> None:
        self._inner.close()


def _never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectionError) and isinstance(reason, NewConnectionError)


def _lost(changes: bool, reason: str) -> AdapterError:
    if changes:
        return OutcomeUnknown(_("X did not say whether it published."), reason=reason)
    return AdapterError(_("X did not answer."), reason=reason)


def problem(response: requests.Response, changes: bool) -> AdapterError:
    """What a refusal means."""
    status, words, said = response.status_code, *_said(response)
    told = {"status_code": status, "said": said}
    if status == 429:
        return _too_many(response, words, told)
    if status == 402 or "credits-depleted" in words:
        message = _("The app's credits at X are used up.")
        hint = _("Buy credits in X's developer console.")
        return RateLimited(message, hint=hint, retry_after=_UNPAID, **told)
    if status >= 500:
        if changes:
            return OutcomeUnknown(_("X did not say whether it published."), reason=f"HTTP {status}")
        return AdapterError(_("X had a fault of its own."), **told)
    if status == 401:
        return NeedsLogin(_("X no longer accepts the login."), hint=str(_LOGIN_HINT), **told)
    if status == 403:
        return _forbidden(words, said, told)
    return AdapterError(_("X refused the post: %(said)s") % {"said": said or status}, permanent=True, **told)


def _forbidden(words: str, said: str, told: dict[str, Any]) -> AdapterError:
    if "duplicate content" in words:
        message = _("X refuses a text that the account has posted already.")
        return DuplicateText(message, permanent=True, hint=_("Write it in another way."), **told)
    for mark, message, hint, login in _FORBIDDEN:
        if regex.search(rf"\b{regex.escape(mark)}", words):
            if login:
                return NeedsLogin(str(message), hint=str(hint), **told)
            return AdapterError(str(message), permanent=True, hint=str(hint), **told)
    return AdapterError(_("X does not allow the post: %(said)s") % {"said": said or 403}, permanent=True, **told)


def _too_many(response: requests.Response, words: str, told: dict[str, Any]) -> RateLimited:
    if "usage-capped" in words or "usagecapexceeded" in words:
        hint = _("It is new next month; more can be bought in X's developer console.")
        return RateLimited(_("The app's month at X is used up."), hint=hint, retry_after=_until_next_month(), **told)
    daily = response.headers.get("x-user-limit-24hour-remaining") == "0"
    reset = response.headers.get("x-user-limit-24hour-reset" if daily else "x-rate-limit-reset", "")
    wait = min(max(float(reset) - time.time(), 1.0), _DAY) if reset.isdigit() else None
    return RateLimited(_("X asks to wait."), retry_after=wait, **told)


def _until_next_month() -> float:
    """At most a day: somebody may have bought more."""
    now = datetime.now(UTC)
    first = now.replace(year=now.year + now.month // 12, month=now.month % 12 + 1, day=1, hour=0, minute=0, second=0)
    return min((first - now).total_seconds(), _DAY)


def _said(response: requests.Response) -> tuple[str, str]:
    """All words of the answer in lower case, to look for reasons in, and the sentence among them."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    errors = [each for each in body.get("errors") or () if isinstance(each, dict)]
    said = body.get("detail") or next((each.get("message") or each.get("detail") for each in errors), "") or ""
    words = " ".join(str(value) for each in [body, *errors] for value in each.values()).lower()
    return words, str(said)[:200]
