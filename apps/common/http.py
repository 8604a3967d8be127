"""Fetching addresses that people or other sites have named, without letting them reach what is not public.

The name is resolved once, every address it has is judged, and the connection goes to exactly the address judged, so a name
that changes its mind between look-up and connect gains nothing. Each redirect is judged anew.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from apps.common.errors import AdapterError

MAX_REDIRECTS = 5
MAX_BYTES = 10 * 1024 * 1024
SECONDS = 20.0
AGENT = "Rundown/0.1"

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True)
class Response:
    """status_code: HTTP status. url: where the last redirect led. headers: names in lower case. content: at most `most` bytes."""

    status_code: int
    url: str
    headers: Mapping[str, str]
    content: bytes


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise AdapterError(f"There is no server called {host}.", hint="Check the address for a slip.") from error
    return list(dict.fromkeys(entry[4][0] for entry in found))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet; an IPv4 address inside an IPv6 one is judged as itself."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return is_public(str(inner)) if inner else ip.is_global and not ip.is_multicast


def get(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    private_hosts: frozenset[str] = frozenset(),
    seconds: float = SECONDS,
    most: int = MAX_BYTES,
    resolve: Resolve = resolve,
) -> Response:
    """GET, within `seconds` in all and `most` bytes. private_hosts: names that may be private.

    Raises AdapterError; a status that is not 2xx is an answer, not an error.
    """
    deadline = time.monotonic() + seconds
    for _ in range(MAX_REDIRECTS + 1):
        response = _get_once(url, headers or {}, private_hosts, deadline, most, resolve)
        target = response.headers.get("location")
        if response.status_code not in {301, 302, 303, 307, 308} or not target:
            return response
        url = urljoin(url, target)
    raise AdapterError("The address redirects too often.", permanent=True, hint="Use the address it ends at.")


def _get_once(
    url: str, headers: Mapping[str, str], private: frozenset[str], deadline: float, most: int, resolve: Resolve
) -> Response:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise AdapterError(f"“{url[:200]}” is not a web address.", permanent=True, hint="Begin it with https://.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _judged(parts.hostname, port, private, resolve)
    literal = f"[{address}]" if ":" in address else address
    pinned = parts._replace(netloc=f"{literal}:{port}").geturl()
    sent = {"User-Agent": AGENT, **headers, "Host": parts.netloc.rpartition("@")[2]}
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise AdapterError(f"{parts.hostname} took too long.", hint="Try again later.")
    try:
        with (
            httpx.Client(trust_env=False, timeout=min(remaining, 10.0)) as client,
            client.stream("GET", pinned, headers=sent, extensions={"sni_hostname": parts.hostname}) as response,
        ):
            body = _read(response, parts.hostname, deadline, most)
            return Response(response.status_code, url, {k.lower(): v for k, v in response.headers.items()}, body)
    except httpx.HTTPError as error:
        raise AdapterError(f"{parts.hostname} did not answer ({type(error).__name__}).", hint="Try again later.") from error


def _judged(host: str, port: int, private: frozenset[str], resolve: Resolve) -> str:
    """The address to connect to; one private address among a name's addresses refuses them all."""
    addresses = resolve(host, port)
    if host not in private and not all(is_public(address) for address in addresses):
        raise AdapterError(
            f"{host} is not a public address.",
            permanent=True,
            hint="If it is a server of yours, add its name to PRIVATE_HOSTS.",
        )
    return addresses[0]


def _read(response: httpx.Response, host: str, deadline: float, most: int) -> bytes:
    chunks, size = [], 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > most:
            raise AdapterError(f"{host} sent more than {most // 1024 // 1024} MB.", permanent=True)
        if time.monotonic() > deadline:
            raise AdapterError(f"{host} took too long.", hint="Try again later.")
        chunks.append(chunk)
    return b"".join(chunks)
