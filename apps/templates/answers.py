"""The form of an answer in words: a row for each of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class AnswerField:
    """depth: 1 for the fields of the objects in a list. kind, limits: in words; limits "" without any."""

    name: str
    kind: str
    limits: str
    depth: int


def fields_of(schema: Any, depth: int = 0) -> list[AnswerField]:
    """The fields of an object's JSON Schema; nothing for what is none."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping):
        return []
    needed = schema.get("required", [])
    return [row for name, part in properties.items() for row in _rows(name, part, name in needed, depth)]


def _rows(name: str, part: Any, needed: bool, depth: int) -> Iterator[AnswerField]:
    part = part if isinstance(part, Mapping) else {}
    inner = part.get("items") if isinstance(part.get("items"), Mapping) else {}
    limits = [] if needed else [_("may be left out")]
    limits += _limits(part)
    if inner and inner.get("type") != "object":
        limits += [_("each: %(limits)s") % {"limits": limit} for limit in _limits(inner)]
    yield AnswerField(name, _kind(part, inner), " · ".join(limits), depth)
    yield from fields_of(inner, depth + 1)


def _kind(part: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    words = {
        "string": _("text"),
        "integer": _("whole number"),
        "number": _("number"),
        "boolean": _("yes or no"),
        "object": _("object"),
        "null": _("nothing"),
        "array": _("list of objects") if inner.get("type") == "object" else _("list of texts"),
    }
    types = part.get("type", "")
    return _(" or ").join(words.get(each, str(each)) for each in ([types] if isinstance(types, str) else types)) or "–"


def _limits(part: Mapping[str, Any]) -> list[str]:
    sentences = {
        "minLength": _("at least %(value)s characters"),
        "maxLength": _("at most %(value)s characters"),
        "minItems": _("at least %(value)s entries"),
        "maxItems": _("at most %(value)s entries"),
        "minimum": _("from %(value)s"),
        "maximum": _("to %(value)s"),
    }
    found = [words % {"value": part[name]} for name, words in sentences.items() if name in part]
    if part.get("minLength") == 1:
        found[0] = _("not empty")
    if isinstance(part.get("enum"), list):
        found.append(_("one of: %(values)s") % {"values": ", ".join(map(str, part["enum"]))})
    return found
