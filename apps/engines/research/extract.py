"""From a page's HTML to what it says."""

from __future__ import annotations

import json

import regex
import trafilatura
from django.utils.translation import gettext as _
from lxml import html as lxml_html
from lxml.etree import ParserError

from apps.common.errors import AdapterError
from apps.common.text.normalise import normalise
from apps.common.text.sentences import sentences
from apps.common.text.words import count_words, words
from apps.engines.research.base import Heading, Source

_SPACE = regex.compile(r"\s+")
_ASKS = ("?", "？", "؟")
_QUESTIONS, _HEADINGS = 40, 120
# Less is no article: "Please enable JavaScript", or what a frame of menus leaves.
_FEWEST_WORDS = 12


def extract(content: bytes, *, url: str) -> Source:
    """Raises AdapterError for a page with hardly any text."""
    try:
        tree = lxml_html.fromstring(content)
    except (ParserError, ValueError) as error:
        raise _nothing(url) from error
    found = json.loads(
        trafilatura.extract(content, url=url, output_format="json", with_metadata=True, include_comments=False) or "{}"
    )
    text = normalise((found.get("text") or "").replace("\n", "\n\n"))
    if count_words(text) < _FEWEST_WORDS:
        raise _nothing(url)
    return Source(
        url=url,
        title=_line(found.get("title") or tree.findtext(".//title") or ""),
        description=_line(found.get("excerpt") or found.get("description") or ""),
        text=text,
        headings=_headings(tree),
        questions=questions_in(text),
        words=len(words(text)),
        images=len(tree.findall(".//img")),
        links=len(tree.findall(".//a[@href]")),
        language=(tree.get("lang") or found.get("language") or "").partition("-")[0].lower(),
        author=_line(found.get("author") or ""),
        date=found.get("date") or "",
        snapshot=content,
    )


def _headings(tree) -> tuple[Heading, ...]:
    found = [Heading(int(element.tag[1]), _line(element.text_content())) for element in tree.iter("h1", "h2", "h3")]
    return tuple(heading for heading in found if heading.text)[:_HEADINGS]


def questions_in(text: str) -> tuple[str, ...]:
    asked = (sentence.strip() for sentence in sentences(text))
    return tuple(dict.fromkeys(sentence for sentence in asked if sentence.endswith(_ASKS)))[:_QUESTIONS]


def _line(text: str) -> str:
    return _SPACE.sub(" ", normalise(text)).strip()


def _nothing(url: str) -> AdapterError:
    return AdapterError(
        _("There is no text to read at %(url)s.") % {"url": url[:200]},
        permanent=True,
        hint=_("Pages made by scripts show nothing to programs; use another page, or a research service."),
    )
