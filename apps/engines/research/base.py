"""What every researcher takes and gives: an address in, what stands there out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Source:
    """A page as it was read.

    url: where it was found after redirects. snapshot: the page as it came, to look at later. text: its main text,
    paragraphs divided by blank lines. words: how many the text has. questions: sentences that ask. date: as the page
    says, "" when it does not.
    """

    url: str
    title: str
    description: str
    text: str
    headings: tuple[Heading, ...] = ()
    questions: tuple[str, ...] = ()
    words: int = 0
    images: int = 0
    links: int = 0
    language: str = ""
    author: str = ""
    date: str = ""
    snapshot: bytes = b""


class Researcher(Protocol):
    """Raises AdapterError, with the reason in words, when a page cannot be read."""

    def read(self, url: str) -> Source: ...
