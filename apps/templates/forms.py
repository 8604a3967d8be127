"""Reading what the AI pages send; each raises Invalid with a sentence by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from apps.common.errors import Invalid
from apps.templates.models import PromptVersion
from apps.templates.services import Draft


def typed_of(version: PromptVersion) -> dict[str, str]:
    """What the editor shows of a version."""
    return {
        "instructions": version.instructions,
        "text": version.text,
        "variables": _indented(version.variables),
        "answer": _indented(version.schema),
        "model": version.model,
        "temperature": _plain(version.options.get("temperature")),
        "max_output_tokens": _plain(version.options.get("max_output_tokens")),
        "note": "",
    }


def typed_in(post: Mapping[str, str]) -> dict[str, str]:
    """The editor's fields as typed."""
    names = ("instructions", "text", "variables", "answer", "model", "temperature", "max_output_tokens", "note")
    return {name: post.get(name, "").replace("\r\n", "\n") for name in names}


def draft_of(typed: Mapping[str, str]) -> Draft:
    problems: dict[str, list[str]] = {}
    variables = _json(typed["variables"], list, "variables", problems)
    schema = _json(typed["answer"], dict, "schema", problems)
    options = {}
    for name, kind in (("temperature", float), ("max_output_tokens", int)):
        if typed[name].strip():
            try:
                options[name] = kind(typed[name])
            except ValueError:
                problems[name] = [_("Write a number.")]
    if not all(isinstance(each, dict) for each in variables):
        problems["variables"] = [_("Each variable is an object with a name.")]
    if problems:
        raise Invalid(_("The version is not complete."), hint=_("Correct what is marked."), **problems)
    return Draft(
        instructions=typed["instructions"],
        text=typed["text"],
        variables=variables,
        schema=schema,
        model=typed["model"].strip(),
        options=options,
        note=typed["note"].strip()[:240],
    )


def values_of(text: str) -> dict[str, Any] | None:
    """Values of variables as typed; None when nothing was."""
    if not text.strip():
        return None
    problems: dict[str, list[str]] = {}
    values = _json(text, dict, "values", problems)
    if problems:
        raise Invalid(_("The values are not complete."), **problems)
    return values


def dollars(post: Mapping[str, str], name: str) -> Decimal | None:
    text = post.get(name, "").strip()
    try:
        value = Decimal(text) if text else None
        if value is not None and not 0 <= value < 1_000_000:
            raise InvalidOperation
    except InvalidOperation as error:
        raise Invalid(_("Write an amount in US dollars."), **{name: [_("Write it as 20 or 0.25.")]}) from error
    return value


def whole(post: Mapping[str, str], name: str, default: int) -> int:
    text = post.get(name, "").strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(_("Write a whole number."), **{name: [_("Write a whole number.")]})
    return int(text) if text else default


def checks_of(post: Any) -> list[dict[str, str]]:
    """The rows of a test case's form; a row without a check is left out."""
    rows = zip(post.getlist("check"), post.getlist("field"), post.getlist("value"), strict=False)
    return [{"check": check, "field": field.strip(), "value": value.strip()} for check, field, value in rows if check]


def _json(text: str, kind: type, name: str, problems: dict[str, list[str]]) -> Any:
    try:
        value = json.loads(text or ("[]" if kind is list else "{}"))
        if isinstance(value, kind):
            return value
    except ValueError as error:
        problems[name] = [_("This is no JSON: %(reason)s") % {"reason": error}]
        return kind()
    problems[name] = [_("Write a list.") if kind is list else _("Write an object.")]
    return kind()


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
