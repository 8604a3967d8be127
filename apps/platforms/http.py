"""HTTP for adapters: one deadline for the whole call, and errors that say whether anything may have happened."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, OutcomeUnknown, RateLimited

_LONGEST_WAIT = 24 * 3600.0


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def _left(self, timeout: float | None, error: type[Exception]) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise error("the call took too long as a whole")
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> Any:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _DeadlineBackend(httpcore.SyncBackend):
    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ConnectTimeout("the call took too long as a whole")
        stream = super().connect_tcp(host, port, min(left, timeout or left), local_address, socket_options)
        return _DeadlineStream(stream, self._deadline)


class _DeadlineTransport(httpx.HTTPTransport):
    """httpx counts its timeouts per read; a peer that sends a byte now and then would hold a worker past its lease."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=_DeadlineBackend(deadline)
        )


def client(*, timeout: float, **options: Any) -> httpx.Client:
    """A client of which all calls together end within `timeout` seconds. No redirects: a platform's API has none."""
    transport = _DeadlineTransport(time.monotonic() + timeout)
    return httpx.Client(transport=transport, timeout=timeout, follow_redirects=False, **options)


def send(http: httpx.Client, method: str, url: str, *, changes: bool = True, **options: Any) -> httpx.Response:
    """A 2xx answer, or the error that tells what is known.

    changes: whether the call could publish something. Then a lost answer or a 5xx is OutcomeUnknown; for a call that
    only reads, or prepares without publishing, the same is a plain AdapterError.
    """
    try:
        response = http.request(method, url, **options)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise AdapterError(
            _("The platform could not be reached."), hint=_("It is tried again by itself."), reason=str(error)
        ) from error
    except httpx.TransportError as error:
        raise _lost(changes, str(error) or type(error).__name__) from error
    if response.is_success:
        return response
    raise _refused(response, changes)


def _lost(changes: bool, reason: str, retry_after: float | None = None) -> AdapterError:
    if changes:
        return OutcomeUnknown(_("The platform did not say whether it published."), reason=reason)
    return AdapterError(_("The platform did not answer."), reason=reason, retry_after=retry_after)


def _refused(response: httpx.Response, changes: bool) -> AdapterError:
    status, wait = response.status_code, retry_after(response)
    said = _said(response)
    if status == 429:
        return RateLimited(_("The platform asks to wait."), retry_after=wait, status_code=status, said=said)
    if status >= 500 or response.is_redirect:
        return _lost(changes, f"HTTP {status} {said}".strip(), wait)
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
