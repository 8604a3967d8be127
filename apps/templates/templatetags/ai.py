"""Small forms of things for the AI pages."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def is_list(value: Any) -> bool:
    return isinstance(value, list)


@register.filter
def as_words(value: Any) -> str:
    """A part of an answer: texts as they are, objects as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def in_words(check: dict[str, str]) -> str:
    """A check of a test case as a sentence."""
    sentences = {
        "contains": _("%(field)s contains “%(value)s”"),
        "not_contains": _("%(field)s does not contain “%(value)s”"),
        "max_length": _("%(field)s has at most %(value)s characters"),
        "min_length": _("%(field)s has at least %(value)s characters"),
        "no_new_links": _("no links that it was not given"),
    }
    return sentences[check["check"]] % {"field": check["field"] or _("all of it"), "value": check["value"]}


@register.filter
def percent(share: float) -> str:
    """A share of 1 in percent, whole."""
    return f"{share * 100:.0f}%"


@register.filter
def unlocalized(value: Any) -> str:
    """A number for an attribute, with a point in every language."""
    return str(value)


@register.filter
def plain_number(value: Any) -> str:
    """A stored amount as a form's field takes it: 20.500000 as 20.5."""
    try:
        return f"{Decimal(str(value)).normalize():f}" if value not in ("", None) else ""
    except InvalidOperation:
        return str(value)
