"""HTTP clients for servers that a person named: they reach the open internet and nothing else.

Whatever connection is made, redirects included, goes to addresses that were judged at that moment, so a name cannot
change its mind in between. `private_hosts` of the configuration are let through, for servers of one's own. All calls
of one client together end within `timeout` seconds. A refused address is an AdapterError.
"""

from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

import httpx

from apps.common.deadlines import TimedTransport
from apps.common.http import public_addresses, resolve
from apps.platforms.base import PlatformConfig

if TYPE_CHECKING:
    import requests


def guarded_httpx_client(config: PlatformConfig, timeout: float, **options: Any) -> httpx.Client:
    """For adapters and SDKs that use httpx. options: of httpx.Client."""
    transport = TimedTransport(time.monotonic() + timeout, _Judge(config.private_hosts))
    headers = {"User-Agent": config.user_agent, **options.pop("headers", {})}
    return httpx.Client(transport=transport, timeout=timeout, headers=headers, trust_env=False, **options)


def guarded_requests_session(config: PlatformConfig, timeout: float) -> requests.Session:
    """For SDKs that use requests."""
    import requests  # forms list every platform, and few of them need it

    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = config.user_agent
    adapter = _requests_adapter(_Judge(config.private_hosts), time.monotonic() + timeout)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Judge:
    def __init__(self, private: frozenset[str]) -> None:
        self._private = private

    def __call__(self, host: str, port: int) -> list[str]:
        return public_addresses(host, port, self._private, resolve)


def _requests_adapter(judge: _Judge, deadline: float) -> Any:
    """An adapter of requests whose sockets are connected by us and know the deadline."""
    from requests.adapters import HTTPAdapter
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    http, https = _connections(judge, deadline)
    pools = {
        "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": http}),
        "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": https}),
    }

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, **options)
            self.poolmanager.pool_classes_by_scheme = pools

        def send(self, request: Any, *args: Any, **options: Any) -> Any:
            left = max(deadline - time.monotonic(), 0.001)
            return super().send(request, *args, **{**options, "timeout": options.get("timeout") or left})

    return Adapter()


def _connections(judge: _Judge, deadline: float) -> tuple[type, type]:
    """Connection classes for both schemes; urllib3 checks certificates against the name, as ever."""
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    class Pinned:
        def _new_conn(self) -> socket.socket:
            error: Exception = OSError("no address")
            for address in judge(self.host, self.port):
                try:
                    return _connected(address, self.port, deadline)
                except TimeoutError as timeout:
                    error = ConnectTimeoutError(self, f"{self.host} did not answer in time")
                    error.__cause__ = timeout
                except OSError as refusal:
                    error = NewConnectionError(self, f"{self.host} could not be reached: {refusal}")
            raise error

    class Http(Pinned, HTTPConnection):
        pass

    class Https(Pinned, HTTPSConnection):
        def connect(self) -> None:
            self.ssl_context = _context(deadline)
            super().connect()

    return Http, Https


def _connected(address: str, port: int, deadline: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = _timed(socket.socket, deadline)(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.connect((address, port))
    except BaseException:
        connection.close()
        raise
    return connection


def _context(deadline: float) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.sslsocket_class = _timed(ssl.SSLSocket, deadline)
    return context


def _timed(kind: type, deadline: float) -> type:
    """A socket class of which every wait ends at the deadline."""

    class Timed(kind):
        def _hurry(self) -> None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the call took too long as a whole")
            set_for = self.gettimeout()
            self.settimeout(left if set_for is None else min(left, set_for))

        def recv_into(self, *args: Any, **options: Any) -> int:
            self._hurry()
            return super().recv_into(*args, **options)

        def send(self, *args: Any, **options: Any) -> int:
            self._hurry()
            return super().send(*args, **options)

        def sendall(self, *args: Any, **options: Any) -> None:
            self._hurry()
            return super().sendall(*args, **options)

    return Timed
