"""A login as cookies: read from what browsers export, cut down to TikTok's own, and kept as one JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Cookie = dict[str, Any]  # as Playwright takes it: name, value, domain, path, expires, httpOnly, secure, sameSite

MOST_TEXT = 512 * 1024
_MOST_COOKIES = 300
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None", "no_restriction": "None"}


class SessionError(ValueError):
    """The text holds no usable login. code: unreadable, other_site, no_login or ended."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(text: str, *, domains: Sequence[str]) -> list[Cookie]:
    """The cookies of `domains` in a text: cookies.txt (Netscape), a JSON list, or a Playwright storage state."""
    if len(text) > MOST_TEXT:
        raise SessionError("unreadable")
    text = text.lstrip("\ufeff").strip()
    found = _from_json(text) if text[:1] in ("[", "{") else _from_netscape(text)
    if not found:
        raise SessionError("unreadable")
    kept = {(each["name"], each["domain"], each["path"]): each for each in found if _belongs(each["domain"], domains)}
    if not kept:
        raise SessionError("other_site")
    return list(kept.values())[:_MOST_COOKIES]


def require_login(cookies: Iterable[Cookie], *, names: Sequence[str], now: datetime) -> None:
    """Raises SessionError when no cookie of a login is there, or when it has ended."""
    login = login_cookie(cookies, names=names)
    if login is None:
        raise SessionError("no_login")
    if 0 < login["expires"] <= now.timestamp():
        raise SessionError("ended")


def login_cookie(cookies: Iterable[Cookie], *, names: Sequence[str]) -> Cookie | None:
    """The cookie that carries the login: the first of `names` that is there."""
    by_name = {each["name"]: each for each in cookies if each["value"]}
    return next((by_name[name] for name in names if name in by_name), None)


def expires_at(cookies: Iterable[Cookie], *, names: Sequence[str]) -> datetime | None:
    """When the login ends; None when it ends with the browser."""
    login = login_cookie(cookies, names=names)
    return datetime.fromtimestamp(login["expires"], UTC) if login and login["expires"] > 0 else None


def credentials(cookies: Iterable[Cookie]) -> dict[str, str]:
    """What an account keeps: a text that `read` understands.

    It names no end, which would mean that the session renews itself: a person is asked for a new login in time.
    """
    cookies = sorted(cookies, key=lambda each: (each["domain"], each["path"], each["name"]))
    return {"session": json.dumps({"cookies": cookies}, separators=(",", ":"))}


def same_login(one: Iterable[Cookie], other: Iterable[Cookie], *, names: Sequence[str]) -> bool:
    """Whether two sets carry the same login until the same time; other cookies change with every page."""
    first, second = login_cookie(one, names=names), login_cookie(other, names=names)
    return first is second or bool(
        first and second and (first["value"], int(first["expires"])) == (second["value"], int(second["expires"]))
    )


def _belongs(domain: str, domains: Sequence[str]) -> bool:
    host = domain.lstrip(".").lower()
    return any(host == each or host.endswith(f".{each}") for each in domains)


def _from_json(text: str) -> list[Cookie]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SessionError("unreadable") from error
    if isinstance(content, dict):
        content = content.get("cookies")
    if not isinstance(content, list):
        raise SessionError("unreadable")
    return [cookie for entry in content if isinstance(entry, Mapping) and (cookie := _from_entry(entry))]


def _from_entry(entry: Mapping[str, Any]) -> Cookie | None:
    """A cookie as Playwright or a browser's extension writes it."""
    name, value, domain = entry.get("name"), entry.get("value"), entry.get("domain")
    if not all(isinstance(each, str) for each in (name, value, domain)) or not name or not domain:
        return None
    ends = entry.get("expires", entry.get("expirationDate"))
    return _cookie(
        name=name,
        value=value,
        domain=domain,
        path=entry.get("path"),
        expires=ends if isinstance(ends, int | float) else -1,
        secure=bool(entry.get("secure")),
        http_only=bool(entry.get("httpOnly")),
        same_site=str(entry.get("sameSite", "")),
    )


def _from_netscape(text: str) -> list[Cookie]:
    cookies = []
    for line in text.splitlines():
        http_only = line.startswith("#HttpOnly_")
        fields = line.removeprefix("#HttpOnly_").split("\t")
        if (line.startswith("#") and not http_only) or len(fields) != 7:
            continue
        domain, _subdomains, path, secure, ends, name, value = fields
        if name and domain:
            cookies.append(
                _cookie(
                    name=name,
                    value=value.strip(),
                    domain=domain,
                    path=path,
                    expires=float(ends) if ends.replace(".", "", 1).isdigit() else -1,
                    secure=secure.upper() == "TRUE",
                    http_only=http_only,
                )
            )
    return cookies


def _cookie(
    *, name: str, value: str, domain: str, path: Any, expires: float, secure: bool, http_only: bool, same_site: str = ""
) -> Cookie:
    site = _SAME_SITE.get(same_site.lower(), "Lax")
    return {
        "name": name,
        "value": value,
        "domain": domain,
        "path": path if isinstance(path, str) and path.startswith("/") else "/",
        "expires": expires if expires > 0 else -1,
        "httpOnly": http_only,
        "secure": secure,
        # Browsers drop a cookie that says None without being secure.
        "sameSite": site if secure or site != "None" else "Lax",
    }
