"""A page as the checks read it: leaf blocks of text, links and images, found in its HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

import regex
from lxml import html as lxml_html

from apps.common.text.sentences import sentences
from apps.common.text.words import count_words, word_set, words

_BLOCKS = word_set(
    """
    address article aside body center dd details dialog div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hgroup hr html li main nav ol p section summary table tbody td tfoot th thead tr ul
    """
)
_LISTS = word_set("li table")
# Not prose: nothing in it is read for the topic or counted.
_SKIPPED = word_set("blockquote code head noscript pre samp script style template textarea var")
_SPACE = regex.compile(r"\s+")
TOKEN = regex.compile(r"[^\s–—]+")
_EDGE = regex.compile(r"^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$")
_SMALL = regex.compile(r"\p{Ll}")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
# Languages that write no spaces between words: of the first their number can be told from that of the characters, of
# the second each character is nearly one.
_GUESSED, _IDEOGRAPHIC = word_set("th lo km my"), word_set("zh ja yue")


@dataclass(frozen=True)
class Span:
    """A place in the text of a block: characters [start, end)."""

    block: int
    start: int
    end: int


def tokens(text: str) -> list[str]:
    """Words as search engines' tools count them: what stands between spaces, without punctuation around it."""
    if _UNSPACED.search(text):
        return words(text)
    return [word for word in (_EDGE.sub("", piece) for piece in TOKEN.findall(text)) if word]


@dataclass(frozen=True)
class Block:
    """A run of text that no other block interrupts. tag: of the nearest heading, item or paragraph around it; listed:
    whether it is in a list or a table."""

    tag: str
    text: str
    listed: bool = False

    @property
    def level(self) -> int:
        """1 to 6 for headings, else 0."""
        return int(self.tag[1]) if regex.fullmatch(r"h[1-6]", self.tag) else 0


@dataclass(frozen=True)
class Sentence:
    text: str
    block: int
    start: int
    words: tuple[str, ...]

    @property
    def span(self) -> Span:
        return Span(self.block, self.start, self.start + len(self.text))


def _joined(found: list[str]) -> list[str]:
    """A full stop before a small letter ends no sentence: "the file package.json. it is read"."""
    joined: list[str] = []
    for piece in found:
        if joined and _SMALL.match(piece) and joined[-1].rstrip().endswith((".", "…")):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


@dataclass(frozen=True)
class Link:
    text: str
    href: str
    nofollow: bool
    span: Span

    @property
    def is_page(self) -> bool:
        """Whether it leads to another page, rather than to a mail program or a place on this one."""
        return urlsplit(self.href).scheme in ("", "http", "https") and not self.href.startswith("#")


@dataclass(frozen=True)
class Image:
    alt: str


@dataclass(frozen=True)
class Page:
    """What is judged. html: the body; title, description: as search results show them; site: host of internal links."""

    html: str
    keyphrase: str = ""
    title: str = ""
    description: str = ""
    slug: str = ""
    site: str = ""
    language: str = "en"

    @cached_property
    def _read(self) -> _Reader:
        reader = _Reader()
        if self.html.strip():
            reader.enter(lxml_html.fragment_fromstring(self.html, create_parent="div"))
            reader.close_block()
        return reader

    @property
    def blocks(self) -> list[Block]:
        return self._read.blocks

    @property
    def links(self) -> list[Link]:
        return self._read.links

    @property
    def images(self) -> list[Image]:
        return self._read.images

    @property
    def is_english(self) -> bool:
        return self.language.partition("-")[0] == "en"

    @property
    def marks_words(self) -> bool:
        """Whether something stands between the words, so that they can be counted and looked for one by one."""
        return self.language.partition("-")[0] not in _GUESSED | _IDEOGRAPHIC

    @property
    def counts_words(self) -> bool:
        """Whether a number of words means what it means elsewhere, be it only about."""
        return self.language.partition("-")[0] not in _IDEOGRAPHIC

    def words_in(self, text: str) -> int:
        return len(tokens(text)) if self.marks_words else count_words(text)

    @cached_property
    def sentences(self) -> list[Sentence]:
        """Of all blocks, headings included, in order."""
        return [found for index in range(len(self.blocks)) for found in self.sentences_of(index)]

    @cached_property
    def running(self) -> list[Sentence]:
        """Sentences that follow each other as one reads on: those outside lists and tables."""
        return [found for found in self.sentences if not self.blocks[found.block].listed]

    def sentences_of(self, index: int) -> list[Sentence]:
        found, start = [], 0
        for piece in _joined(sentences(self.blocks[index].text, language=self.language)):
            text = piece.strip()
            if text:
                offset = start + len(piece) - len(piece.lstrip())
                found.append(Sentence(text, index, offset, tuple(tokens(text))))
            start += len(piece)
        return found

    @cached_property
    def word_count(self) -> int:
        if not self.marks_words:
            return sum(count_words(block.text) for block in self.blocks)
        return sum(len(sentence.words) for sentence in self.sentences)

    def is_internal(self, link: Link) -> bool:
        return link.is_page and urlsplit(link.href).hostname in (None, self.site)

    def is_outbound(self, link: Link) -> bool:
        return link.is_page and not self.is_internal(link)


@dataclass
class _Reader:
    """Walks the tree and cuts it into leaf blocks."""

    blocks: list[Block] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    _text: str = ""
    _tags: list[str] = field(default_factory=lambda: ["div"])
    _pending: list[tuple[str, bool, int, int]] = field(default_factory=list)

    def enter(self, element) -> None:
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag and tag not in _SKIPPED:
            self._visit(element, tag)
        if element.tail and element.getparent() is not None:
            self._add(element.tail)

    def _visit(self, element, tag: str) -> None:
        block = tag in _BLOCKS
        if block:
            self.close_block()
            self._tags.append(tag)
        if tag == "br":
            self._break_line()
        if tag == "img":
            self.images.append(Image(_SPACE.sub(" ", element.get("alt", "")).strip()))
        start = len(self._text)
        self._add(element.text or "")
        for child in element:
            self.enter(child)
        if tag == "a" and element.get("href") is not None:
            nofollow = "nofollow" in (element.get("rel") or "").lower().split()
            self._pending.append((element.get("href").strip(), nofollow, start, len(self._text)))
        if block:
            self.close_block()
            self._tags.pop()

    def _break_line(self) -> None:
        """One is a space; a second one in a row ends the paragraph."""
        if self._text.endswith("\n"):
            self.close_block()
        elif self._text:
            self._text = self._text.rstrip(" ") + "\n"

    def _add(self, text: str) -> None:
        text = _SPACE.sub(" ", text)
        if not self._text or self._text[-1] in " \n":
            text = text.lstrip(" ")
        self._text += text

    def close_block(self) -> None:
        number = len(self.blocks)
        for href, nofollow, start, end in self._pending:
            self.links.append(Link(self._text[start:end].strip(), href, nofollow, Span(number, start, end)))
        if self._text.strip():
            listed = not _LISTS.isdisjoint(self._tags)
            self.blocks.append(Block(self._tags[-1], self._text.rstrip().replace("\n", " "), listed))
        self._text, self._pending = "", []
