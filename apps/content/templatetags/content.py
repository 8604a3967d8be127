"""Marking places in texts, and showing articles."""

from __future__ import annotations

import html
from collections.abc import Sequence

import regex
from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.common.text.articles import html_of
from apps.content.wording import places_of

register = template.Library()

# Of sanitized HTML, whose attributes stand in double quotes.
_TAG = regex.compile(r'(<(?:[^<>"]|"[^"]*")*>)')
_HEADING = regex.compile(r"(</?h)([1-6])")
_ALT = regex.compile(r' alt="([^"]*)"')


@register.filter
def marked(text: str, phrases: Sequence[str]) -> SafeString:
    """The text, escaped, with the places of these phrases marked."""
    pieces, position = [], 0
    said = _("A banned phrase: %(phrase)s")
    for place in places_of(text, phrases or ()):
        shown = format_html(
            '<mark class="banned" title="{}">{}</mark>',
            said % {"phrase": place.phrase},
            text[place.start : place.end],
        )
        pieces += [(text[position : place.start],), (shown,)]
        position = place.end
    return format_html_join("", "{}", [*pieces, (text[position:],)])


@register.filter
def article(markdown: str, phrases: Sequence[str]) -> SafeString:
    """An article as clean HTML, its headings below those of the page, with the places of these phrases marked.

    Pictures on other sites are named and not loaded: who reads here is nobody's business there.
    """
    pieces = [
        _tag(piece) if piece.startswith("<") else marked(html.unescape(piece), phrases)
        for piece in _TAG.split(html_of(markdown))
    ]
    return mark_safe("".join(pieces))  # noqa: S308  sanitized; what stands between the tags was escaped again


def _tag(tag: str) -> str:
    if tag.startswith("<img"):
        found = _ALT.search(tag)
        return f'<em class="muted">[{_("Picture")}: {found[1]}]</em>' if found and found[1] else f"[{_('Picture')}]"
    return _HEADING.sub(lambda match: f"{match[1]}{min(6, max(3, int(match[2]) + 1))}", tag)
