"""RSS and Atom through feedparser."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urlsplit

import feedparser
import lxml.html
import trafilatura
from django.utils.translation import gettext as _
from pydantic import Field, field_validator

from apps.common.errors import AdapterError
from apps.common.text.normalise import normalise
from apps.common.text.words import count_words, fit
from apps.stories.readers.base import FetchedStory, Findings, SourceSettings, length_problem

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_UNSEEN = frozenset({"script", "style", "template", "noscript", "iframe", "svg"})


class FeedSettings(SourceSettings):
    url: str = Field(max_length=1000)
    follow_links: bool = Field(default=False, description="Read the linked page where the feed has only a summary.")

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        address = urlsplit(value.strip())
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError(_("Give the feed's web address, beginning with https://."))
        return value.strip()


class Page(Protocol):
    """What a fetch gives: an httpx.Response, or anything with the same fields."""

    status_code: int
    content: bytes

    @property
    def headers(self) -> Mapping[str, str]: ...


Fetch = Callable[[str, dict[str, str]], Page]


class FeedReader:
    """fetch(url, headers): the guarded HTTP client; it raises AdapterError for what it does not reach.

    marks: what an earlier fetch of the feed left in `Findings.marks`.
    """

    def __init__(self, settings: FeedSettings, fetch: Fetch, *, marks: Mapping[str, str] | None = None) -> None:
        self.settings = settings
        self._fetch = fetch
        self._marks = dict(marks or {})

    def read(self, findings: Findings) -> Iterator[FetchedStory]:
        page = self._fetch(self.settings.url, self._conditions())
        if page.status_code == 304:
            findings.unchanged, findings.marks = True, self._marks
            return
        _check_status(page, self.settings.url)
        feed = feedparser.parse(page.content, response_headers={"content-type": page.headers.get("content-type", "")})
        if not feed.version:
            raise AdapterError(
                _("There is no RSS or Atom feed at that address."),
                permanent=True,
                hint=_("Open the address in a browser; many sites link their feed as “RSS” at the foot of the page."),
            )
        site = feed.feed.get("title", "") or urlsplit(self.settings.url).hostname or ""
        for entry in feed.entries[: self.settings.limit]:
            findings.seen += 1
            story = self._story(entry, site)
            reason = length_problem(self.settings, count_words(story.text)) if story.text else "no_text"
            if reason:
                findings.left_out[reason] += 1
            else:
                yield story
        # Kept only once everything has been read: a fetch that stopped midway asks for the whole feed again.
        findings.marks = _marks(page)

    def _conditions(self) -> dict[str, str]:
        names = {"etag": "If-None-Match", "modified": "If-Modified-Since"}
        return {names[mark]: value for mark, value in self._marks.items() if mark in names}

    def _story(self, entry: feedparser.FeedParserDict, site: str) -> FetchedStory:
        link = entry.get("link", "")
        text = html_to_text(_longest_content(entry))
        if self.settings.follow_links and link and count_words(text) < max(1, self.settings.min_words):
            text = self._linked_text(link) or text
        return FetchedStory(
            external_id=(entry.get("id") or link or entry.get("title", ""))[:200],
            title=html_to_text(entry.get("title", "")) or normalise(text).split("\n")[0],
            text=text,
            url=link if urlsplit(link).scheme in {"http", "https"} else "",
            author=fit(entry.get("author", ""), 120),
            community=fit(site, 120),
            posted_at=_date(entry),
        )

    def _linked_text(self, link: str) -> str:
        """The article on the linked page, or "": one dead page does not fail a feed."""
        try:
            page = self._fetch(link, {})
            _check_status(page, link)
        except AdapterError:
            return ""
        return trafilatura.extract(page.content, include_comments=False, include_tables=False) or ""


def html_to_text(html: str) -> str:
    """What a browser would show of a fragment, one blank line between blocks; plain text comes back as it is."""
    if not html.strip():
        return ""
    pieces: list[str] = []
    _collect(lxml.html.fragment_fromstring(html, create_parent="div"), pieces)
    return normalise("".join(pieces))


def _collect(element: lxml.html.HtmlElement, pieces: list[str]) -> None:
    if isinstance(element.tag, str) and element.tag not in _UNSEEN:
        edge = "\n\n" if element.tag in _BLOCKS else "\n" if element.tag == "br" else ""
        pieces += (edge, _flat(element.text, element))
        for child in element:
            _collect(child, pieces)
        pieces.append(edge if element.tag in _BLOCKS else "")
    pieces.append(_flat(element.tail, element.getparent()))


def _flat(text: str | None, parent: lxml.html.HtmlElement | None) -> str:
    """Line ends in HTML are spaces, but for <pre>."""
    if not text:
        return ""
    return text if parent is not None and parent.tag == "pre" else text.replace("\n", " ")


def _longest_content(entry: feedparser.FeedParserDict) -> str:
    candidates = [content.get("value", "") for content in entry.get("content", [])]
    return max([*candidates, entry.get("summary", "")], key=len)


def _date(entry: feedparser.FeedParserDict) -> datetime | None:
    # `in` first: feedparser warns when it has to answer "published" with "updated".
    for name in ("published_parsed", "updated_parsed"):
        if entry.get(name):
            return datetime.fromtimestamp(timegm(entry[name]), tz=UTC)
    return None


def _marks(page: Page) -> dict[str, str]:
    found = {"etag": page.headers.get("etag", ""), "modified": page.headers.get("last-modified", "")}
    return {name: value for name, value in found.items() if value}


def _check_status(page: Page, url: str) -> None:
    status, host = page.status_code, urlsplit(url).hostname
    if status < 400:
        return
    if status in {429, 503}:
        raise AdapterError(
            _("%(host)s asks us to slow down.") % {"host": host},
            retry_after=_pause(page.headers.get("retry-after", "")),
            hint=_("The fetch is tried again by itself."),
        )
    if status >= 500:
        raise AdapterError(
            _("%(host)s has a problem of its own (%(status)s).") % {"host": host, "status": status},
            hint=_("The fetch is tried again by itself."),
        )
    sentences = {
        401: _("%(host)s wants a login for that address."),
        403: _("%(host)s does not let us read that address."),
        404: _("%(host)s has nothing at that address."),
        410: _("%(host)s has given up that address."),
    }
    sentence = sentences.get(status) or _("%(host)s refused the request (%(status)s).")
    raise AdapterError(
        sentence % {"host": host, "status": status},
        permanent=True,
        hint=_("Check the address of the source."),
    )


def _pause(value: str) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date."""
    if value.strip().isdigit():
        return float(value)
    try:
        return max(1.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
