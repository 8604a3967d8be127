"""Links and mentions in an answer that it was not given: a model made them up, or a stranger's text slipped them in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import regex

# Bare names count only under these endings, so that "He left.The door" is no link.
_ENDINGS = (
    "com|org|net|info|biz|io|co|ai|app|dev|me|tv|ly|gg|xyz|site|online|shop|club|link|top|news|in|uk|de|fr|eu|us|ru|cn"
)
_LINK = regex.compile(
    r"(?:[a-z][a-z0-9+.-]{1,19}://|mailto:|www\.)[^\s<>\"'`()\[\]{}|\\^]+"
    r"|(?<![\p{L}\p{N}@._/-])[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+"
    rf"|(?<![\p{{L}}\p{{N}}@._/-])(?:[\p{{L}}\p{{N}}-]+\.)+(?:{_ENDINGS})(?![\p{{L}}\p{{N}}_.-]*[\p{{L}}\p{{N}}])"
    r"(?:[/?#][^\s<>\"'`()\[\]{}|\\^]*)?",
    regex.IGNORECASE,
)
_MENTION = regex.compile(r"(?<![\p{L}\p{N}_@./])@[\p{L}\p{M}\p{N}_](?:[\p{L}\p{M}\p{N}_.-]*[\p{L}\p{M}\p{N}_])?")
_END = ".,;:!?…。、»”’*_~"
_SHOWN = 20


def new_links(answer: Any, given: Iterable[Any]) -> list[str]:
    """Links, addresses and mentions in the answer's texts that occur in nothing given; each once, as written."""
    known = {_plain(found) for found in _found(given)}
    fresh = {_plain(found): found for found in reversed(_found([answer]))}
    return [found for plain, found in reversed(fresh.items()) if plain not in known][:_SHOWN]


def links_in(text: str) -> list[str]:
    """The links, addresses and mentions of a text, as written."""
    return _found([text])


def still_there(links: Iterable[str], text: str) -> list[str]:
    """Those of the links that the text has."""
    known = {_plain(found) for found in links_in(text)}
    return [link for link in links if _plain(link) in known]


def _found(values: Iterable[Any]) -> list[str]:
    found: list[str] = []
    for text in _texts(list(values)):
        # Wide and invisible characters are other ways to write the same address.
        plain = "".join(char for char in unicodedata.normalize("NFKC", text) if char not in "\u200b\u2060\ufeff\u00ad")
        found += [match[0].rstrip(_END) for match in _LINK.finditer(plain)]
        found += [match[0] for match in _MENTION.finditer(plain)]
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [text for each in value for text in _texts(each)]
    return []


def _plain(link: str) -> str:
    """Without what does not change where it leads."""
    plain = regex.sub(r"^https?://", "", link.casefold())
    return plain.removeprefix("www.").rstrip("/")
