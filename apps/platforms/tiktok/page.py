"""The description of TikTok Studio's pages: read from page.toml, mended by an operator's file, and checked whole."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BUILT_IN = Path(__file__).with_name("page.toml")
OVERRIDE = "tiktok.toml"

ADDRESSES = ("posts", "upload", "login", "post", "profile")
PATTERNS = ("login", "posted", "post", "publish_call")
NETWORK = ("hosts", "cookie_domains", "session_cookies")
WAITS = ("element", "suggestions", "key", "checks", "answer", "listing")
PHRASES = ("captcha", "too_fast", "upload_failed", "refused", "success")
CHOICES = ("public", "friends", "private")
ELEMENTS = (
    *("captcha", "login_wall", "posts_table", "posts_empty", "post_link", "profile_link", "file_input", "progress"),
    *("uploaded", "upload_failed", "caption", "suggestions", "hashtag_option", "hashtag_name", "mention_option"),
    *("mention_name", "privacy", "privacy_option", "more_options", "comment", "duet", "stitch", "post_now"),
    *("checks_running", "post_button", "success", "notices"),
)
WHEN = ("always", "before", "after")
_TABLES = {
    "addresses": ADDRESSES,
    "network": NETWORK,
    "waits": WAITS,
    "patterns": PATTERNS,
    "elements": ELEMENTS,
    "phrases": PHRASES,
    "choices": CHOICES,
}
_HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*")


class PageFileError(ValueError):
    """The description cannot be used; the message names the file, the entry, and what is wrong with it."""


@dataclass(frozen=True)
class Dialog:
    """Something that lies over the page. shows: selectors of it; press: selectors of what makes it go."""

    name: str
    when: str
    shows: tuple[str, ...]
    press: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Everything Rundown knows of the site. Lists are in the order in which they are tried."""

    as_of: date
    source: str
    addresses: Mapping[str, str]
    network: Mapping[str, tuple[str, ...]]
    waits: Mapping[str, float]
    patterns: Mapping[str, re.Pattern[str]]
    elements: Mapping[str, tuple[str, ...]]
    phrases: Mapping[str, tuple[str, ...]]
    choices: Mapping[str, tuple[str, ...]]
    dialogs: tuple[Dialog, ...]

    def allows(self, url: str) -> bool:
        """Whether an address belongs to the hosts that may be visited."""
        host = (urlsplit(url).hostname or "").lower()
        return any(host == name or (name[:2] == "*." and host.endswith(name[1:])) for name in self.network["hosts"])


def load(override: Path | None = None) -> Page:
    """The built-in description, with the lists of `override` in place of its own. Raises PageFileError."""
    return described(merged(override))


def merged(override: Path | None = None) -> dict[str, Any]:
    """The same as plain data, unchecked."""
    data = _read(BUILT_IN)
    if override is None or not override.is_file():
        return data
    for table, content in _read(override).items():
        if table not in data:
            raise PageFileError(f"{override.name}: {_unknown(table, list(data))}")
        if isinstance(content, dict) != isinstance(data[table], dict):
            raise PageFileError(f"{override.name}: {table} must look as it does in page.toml.")
        data[table] = {**data[table], **content} if isinstance(content, dict) else content
    try:
        described(data)
    except PageFileError as error:
        raise PageFileError(f"{override.name}: {error}") from error
    return data


def described(data: Mapping[str, Any]) -> Page:
    """The description from plain data. Raises PageFileError."""
    if not isinstance(data.get("as_of"), date):
        raise PageFileError("as_of must be the day on which the page was looked at, such as 2026-11-21.")
    tables = {name: _table(name, data.get(name), wanted) for name, wanted in _TABLES.items()}
    page = Page(
        as_of=data["as_of"],
        source=str(data.get("source", "")),
        addresses={name: _text(f"addresses.{name}", value) for name, value in tables["addresses"].items()},
        network=_lists("network", tables["network"]),
        waits={name: _seconds(f"waits.{name}", value) for name, value in tables["waits"].items()},
        patterns={name: _pattern(f"patterns.{name}", value) for name, value in tables["patterns"].items()},
        elements=_lists("elements", tables["elements"]),
        phrases=_lists("phrases", tables["phrases"]),
        choices=_lists("choices", tables["choices"]),
        dialogs=tuple(_dialog(number, entry) for number, entry in enumerate(data.get("dialogs", []), 1)),
    )
    _check_addresses(page)
    if not {"handle", "id"} <= page.patterns["post"].groupindex.keys():
        raise PageFileError("patterns.post must have the groups (?P<handle>…) and (?P<id>…).")
    return page


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PageFileError(f"{path.name} is not TOML: {error}") from error
    except OSError as error:
        raise PageFileError(f"{path.name} cannot be read: {error.strerror}") from error


def _table(name: str, content: Any, wanted: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise PageFileError(f"The table [{name}] is missing.")
    for key in content:
        if key not in wanted:
            raise PageFileError(_unknown(f"{name}.{key}", [f"{name}.{each}" for each in wanted]))
    for key in wanted:
        if key not in content:
            raise PageFileError(f"{name}.{key} is missing.")
    return content


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} is not known{f'; did you mean {near[0]}?' if near else '.'}"


def _lists(table: str, content: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: _list(f"{table}.{name}", value) for name, value in content.items()}


def _list(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise PageFileError(f"{name} must be a list with at least one text.")
    return tuple(_text(name, entry) for entry in value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise PageFileError(f"{name} must hold texts of 1 to 500 characters.")
    return value


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 600:
        raise PageFileError(f"{name} must be a number of seconds from 0 to 600.")
    return float(value)


def _pattern(name: str, value: Any) -> re.Pattern[str]:
    try:
        return re.compile(_text(name, value))
    except re.error as error:
        raise PageFileError(f"{name} is not a regular expression: {error}") from error


def _dialog(number: int, entry: Any) -> Dialog:
    where = f"dialogs, entry {number}"
    if not isinstance(entry, Mapping) or entry.keys() != {"name", "when", "shows", "press"}:
        raise PageFileError(f"{where}: needs name, when, shows and press, and nothing else.")
    if entry["when"] not in WHEN:
        raise PageFileError(f"{where}: when must be one of {', '.join(WHEN)}.")
    return Dialog(
        name=_text(f"{where}: name", entry["name"]),
        when=entry["when"],
        shows=_list(f"{where}: shows", entry["shows"]),
        press=_list(f"{where}: press", entry["press"]),
    )


def _check_addresses(page: Page) -> None:
    for host in page.network["hosts"]:
        if not _HOST.fullmatch(host):
            raise PageFileError(f"network.hosts: “{host}” must be a name such as tiktok.com or *.tiktok.com.")
    for name, url in page.addresses.items():
        if urlsplit(url).scheme not in {"http", "https"} or not page.allows(url):
            raise PageFileError(f"addresses.{name} must be a web address on one of network.hosts.")
