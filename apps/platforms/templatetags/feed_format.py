"""How a feed's pages show lengths, colours and languages."""

from __future__ import annotations

from django import template
from django.conf.locale import LANG_INFO

register = template.Library()


@register.filter
def clock(seconds: float) -> str:
    """65.2 as "1:05"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def hue(number: int) -> int:
    """One of six colours for a card without a picture, always the same for one entry."""
    return number % 6


@register.filter
def own_language_name(code: str) -> str:
    """The language in its own words: "മലയാളം" for "ml"."""
    return LANG_INFO.get(code, {}).get("name_local", code)
