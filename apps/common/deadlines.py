"""httpx connections of which every wait ends at one deadline.

httpx counts its timeouts per read: a peer that sends a byte now and then would hold a worker for ever.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import httpcore
import httpx

# Host name and port to the addresses to connect to, in order.
Addresses = Callable[[str, int], list[str]]


class TimedTransport(httpx.HTTPTransport):
    """httpx's own transport over a TimedBackend; names stay in URL, Host header and TLS. No proxies."""

    def __init__(self, deadline: float, addresses: Addresses | None = None) -> None:
        super().__init__(verify=certificates(), trust_env=False)
        backend = TimedBackend(deadline, addresses)
        self._pool = httpcore.ConnectionPool(ssl_context=certificates(), network_backend=backend)


class TimedBackend(httpcore.SyncBackend):
    """deadline: of time.monotonic(). addresses: what a name stands for; None leaves that to the system."""

    def __init__(self, deadline: float, addresses: Addresses | None = None) -> None:
        self._deadline = deadline
        self._addresses = addresses or (lambda host, port: [host])

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port)
        for last, address in zip([False] * (len(addresses) - 1) + [True], addresses, strict=True):
            allowed = _left(self._deadline, timeout, httpcore.ConnectTimeout)
            try:
                stream = super().connect_tcp(address, port, allowed, local_address, socket_options)
                return _TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if last:
                    raise
        raise httpcore.ConnectError(f"{host} has no address")


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        allowed = _left(self._deadline, timeout, httpcore.ConnectTimeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, allowed), self._deadline)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


@lru_cache(maxsize=1)
def certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _left(deadline: float, timeout: float | None, expired: type[Exception]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise expired("the call took too long as a whole")
    return left if timeout is None else min(left, timeout)
