"""Whole numbers, as forms and addresses send them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from apps.common.errors import Invalid


def whole(text: str, *, digits: int = 18) -> int | None:
    """None for anything but a number of at most so many digits; every database holds one of 18.

    `str.isdigit` alone would let "²" through, which `int` refuses.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def required(said: Mapping[str, str], name: str) -> int:
    """The number that a form sends under that name whatever a person does. Raises Invalid."""
    value = said.get(name, "")
    found = whole(value, digits=9)
    if found is None:
        raise Invalid(_("The form is not complete."), hint=_("Reload the page and try again."), **{name: [value]})
    return found
