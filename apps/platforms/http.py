"""HTTP for adapters: one deadline for the whole call, and errors that say whether anything may have happened."""

from __future__ import annotations

import email.utils
import time
from typing import Any

import httpx
from django.utils.translation import gettext as _

from apps.common.deadlines import TimedTransport
from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, OutcomeUnknown, RateLimited

_LONGEST_WAIT = 24 * 3600.0


def client(*, timeout: float, **options: Any) -> httpx.Client:
    """A client of which all calls together end within `timeout` seconds. No redirects: a platform's API has none."""
    transport = TimedTransport(time.monotonic() + timeout)
    return httpx.Client(transport=transport, timeout=timeout, follow_redirects=False, **options)


def send(http: httpx.Client, method: str, url: str, *, changes: bool = True, **options: Any) -> httpx.Response:
    """A 2xx answer, or the error that tells what is known.

    changes: whether the call could publish something. Then a lost answer or a 5xx is OutcomeUnknown; for a call that
    only reads, or prepares without publishing, the same is a plain AdapterError.
    """
    response = exchange(http, method, url, changes=changes, **options)
    if response.is_success:
        return response
    raise _refused(response, changes)


def exchange(http: httpx.Client, method: str, url: str, *, changes: bool = True, **options: Any) -> httpx.Response:
    """Any answer, for platforms whose refusals need reading of their own; raises as `send` does when there is none."""
    try:
        return http.request(method, url, **options)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise AdapterError(
            _("The platform could not be reached."), hint=_("It is tried again by itself."), reason=str(error)
        ) from error
    except httpx.TransportError as error:
        raise lost(changes, str(error) or type(error).__name__) from error


def lost(changes: bool, reason: str, retry_after: float | None = None) -> AdapterError:
    """The error for an answer that did not come, or that cannot be trusted."""
    if changes:
        return OutcomeUnknown(_("The platform did not say whether it published."), reason=reason)
    return AdapterError(_("The platform did not answer."), reason=reason, retry_after=retry_after)


def _refused(response: httpx.Response, changes: bool) -> AdapterError:
    status, wait = response.status_code, retry_after(response)
    said = _said(response)
    if status == 429:
        return RateLimited(_("The platform asks to wait."), retry_after=wait, status_code=status, said=said)
    if status >= 500 or response.is_redirect:
        return lost(changes, f"HTTP {status} {said}".strip(), wait)
    if status in (401, 403):
        return NeedsLogin(
            _("The platform refused the account's credentials."),
            hint=_("Connect the account again."),
            status_code=status,
            said=said,
        )
    if status in (408, 425):
        return AdapterError(_("The platform did not take the call."), retry_after=wait, status_code=status)
    return AdapterError(
        _("The platform refused the post: %(said)s") % {"said": said or status}, permanent=True, status_code=status
    )


def _said(response: httpx.Response) -> str:
    """The answer's own words, short enough for an error row."""
    try:
        body = response.json()
    except ValueError:
        return response.text[:200].strip()
    if isinstance(body, dict):
        body = body.get("detail") or body.get("error") or body.get("message") or body
    return str(body)[:200]


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the answer asks to wait, from either form of Retry-After; at most a day."""
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.replace(".", "", 1).isdigit():
        return min(float(value), _LONGEST_WAIT)
    try:
        until = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return min(max(until.timestamp() - time.time(), 0.0), _LONGEST_WAIT)
