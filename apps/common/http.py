"""Fetching addresses that people or other sites have named, without letting them reach what is not public.

A name is resolved once and every address it has is judged; the connection goes to exactly those addresses, so a name
that changes its mind between look-up and connect gains nothing. Each redirect is judged anew.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx
from django.utils.translation import gettext as _

from apps.common.deadlines import TimedTransport
from apps.common.errors import AdapterError

MAX_REDIRECTS = 5
MAX_BYTES = 10 * 1024 * 1024
SECONDS = 20.0
AGENT = "Rundown/0.1"

# Longest wait for one connect or one read; `seconds` of the whole fetch bounds their sum.
_STEP_SECONDS = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_CREDENTIALS = frozenset({"authorization", "cookie"})

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True)
class Response:
    """url: where the last redirect led. headers: names in lower case. content: the body, decompressed."""

    status_code: int
    url: str
    headers: Mapping[str, str]
    content: bytes


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, in the order the system prefers. Raises AdapterError for a name nobody has."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AdapterError(
            _("There is no server called %(host)s.") % {"host": host}, hint=_("Check the address for a slip.")
        ) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet; an IPv4 address inside an IPv6 one is judged as itself."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def get(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    private_hosts: frozenset[str] = frozenset(),
    seconds: float = SECONDS,
    most: int = MAX_BYTES,
    resolve: Resolve = resolve,
) -> Response:
    """GET, within `seconds` in all and `most` bytes (0: the body is not read). private_hosts: names that may have
    private addresses.

    Follows up to five redirects; credentials in `headers` are not carried to another host. Proxies of the environment
    are not used. Raises AdapterError; a status that is not 2xx is an answer, not an error.
    """
    deadline = time.monotonic() + seconds
    sent = {"user-agent": AGENT} | {name.lower(): value for name, value in (headers or {}).items()}
    address = _parsed(url)
    for _hop in range(MAX_REDIRECTS + 1):
        response = _get_once(address, sent, private_hosts, deadline, most, resolve)
        target = response.headers.get("location")
        if response.status_code not in {301, 302, 303, 307, 308} or not target:
            return response
        following = _parsed(target, base=address)
        if (following.scheme, following.netloc) != (address.scheme, address.netloc):
            sent = {name: value for name, value in sent.items() if name not in _CREDENTIALS}
        address = following
    raise AdapterError(_("The address redirects too often."), permanent=True, hint=_("Use the address it ends at."))


def _parsed(url: str, *, base: httpx.URL | None = None) -> httpx.URL:
    try:
        parsed = base.join(url) if base else httpx.URL(url)
        if parsed.scheme in {"http", "https"} and parsed.host and (parsed.port or 1) < 65536:
            return parsed
    except (httpx.InvalidURL, ValueError):
        pass
    raise AdapterError(
        _("“%(url)s” is not a web address.") % {"url": url[:200]}, permanent=True, hint=_("Begin it with https://.")
    )


def _get_once(
    url: httpx.URL, headers: Mapping[str, str], private: frozenset[str], deadline: float, most: int, resolve: Resolve
) -> Response:
    host = url.raw_host.decode("ascii")
    transport = TimedTransport(deadline, lambda host, port: public_addresses(host, port, private, resolve))
    try:
        with (
            httpx.Client(transport=transport, trust_env=False, timeout=_STEP_SECONDS) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            body = _read(response, host, most)
            return Response(response.status_code, str(url), dict(response.headers), body)
    except httpx.TimeoutException as error:
        raise AdapterError(_("%(host)s took too long.") % {"host": host}, hint=_("Try again later.")) from error
    except httpx.HTTPError as error:
        reason = type(error).__name__
        raise AdapterError(
            _("%(host)s did not answer properly (%(reason)s).") % {"host": host, "reason": reason},
            hint=_("Try again later."),
        ) from error


def public_addresses(host: str, port: int, private: frozenset[str], resolve: Resolve = resolve) -> list[str]:
    """The addresses to connect to; one private address among a name's addresses refuses them all.

    private: names that may have private addresses. Raises AdapterError.
    """
    addresses = resolve(host, port)
    if not addresses:
        raise AdapterError(_("%(host)s has no address.") % {"host": host}, hint=_("Check the address for a slip."))
    if host not in private and not all(is_public(address) for address in addresses):
        raise AdapterError(
            _("%(host)s is not a public address.") % {"host": host},
            permanent=True,
            hint=_("If it is a server of yours, add its name to PRIVATE_HOSTS."),
        )
    return addresses


def _read(response: httpx.Response, host: str, most: int) -> bytes:
    if not most:
        return b""
    chunks, size = [], 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > most:
            raise AdapterError(
                _("%(host)s sent more than %(most)s bytes.") % {"host": host, "most": f"{most:,}"}, permanent=True
            )
        chunks.append(chunk)
    return b"".join(chunks)
