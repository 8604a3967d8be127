"""Cutting text in templates without tearing characters apart, as Django's own `slice` and `truncatechars` do."""

from __future__ import annotations

from typing import Any

from django import template

from apps.common.languages import language_name, language_names
from apps.common.text.words import graphemes
from apps.common.text.words import shorten as shortened

register = template.Library()


@register.filter
def initial(value: Any) -> str:
    """The first character as a reader counts them, in upper case: what stands for a name in a small circle."""
    return "".join(graphemes(str(value).strip())[:1]).upper()


@register.filter
def shorten(value: Any, limit: int) -> str:
    """At most so many characters as a reader counts them, cut at a word where one is near."""
    return shortened(str(value), int(limit))


register.filter(language_name)
register.simple_tag(language_names)
