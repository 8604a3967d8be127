"""An article in Markdown as clean HTML."""

from __future__ import annotations

from functools import cache

import nh3
from markdown_it import MarkdownIt

_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}}


def html_of(markdown: str) -> str:
    """Sanitized HTML: raw HTML in the Markdown is shown, never run."""
    return nh3.clean(_renderer().render(markdown), tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https"})


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
