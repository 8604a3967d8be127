"""Server addresses as people write them, made into the form that clients need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError, Invalid
from apps.platforms.base import PlatformConfig


def server_address(written: str, config: PlatformConfig) -> str:
    """`https://host` or `https://host:port` of "example.org", "https://example.org/@me" or "@me@example.org".

    Plain http, where secrets travel in the clear, is only for hosts that the installation calls its own. Whether the
    host may be reached at all is judged when a connection is made. Raises AdapterError.
    """
    text = written.strip()
    scheme, mark, rest = text.partition("://")
    if not mark:
        scheme, rest = "https", text.rpartition("@")[2]
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.username is not None or parts.scheme not in ("http", "https") or " " in host:
        message = _("“%(written)s” is not the address of a server.") % {"written": text[:100]}
        raise AdapterError(message, permanent=True, hint=_("Write it like example.org."))
    if parts.scheme == "http" and host not in config.private_hosts:
        raise AdapterError(_("The server's address must begin with https://."), permanent=True)
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}:{port}" if port else f"{parts.scheme}://{name}"


def given_server(fields: Mapping[str, Any], config: PlatformConfig, *, default: str = "") -> str:
    """The address in the field `server` of a form; raises Invalid."""
    try:
        return server_address(fields.get("server") or default, config)
    except AdapterError as error:
        raise Invalid(error.message, hint=error.hint, server=[error.message]) from error
