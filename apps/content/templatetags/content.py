"""Marking places in texts."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.content.wording import places_of

register = template.Library()


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
