"""The prompts that ship with Rundown: data in `builtin/`, one file a kind, and their rows in the database.

A changed file becomes the next version of its template, and workspaces that go with the built-in go with it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from apps.templates.models import Kind, PromptTemplate, PromptVersion
from apps.templates.queries import answer_version

_FOLDER = Path(__file__).with_name("builtin")
_AUTHOR, _NOTE = "Rundown", "Ships with Rundown"


def read(kind: str) -> dict[str, Any]:
    """The fields of a version, as its file says."""
    content = tomllib.loads((_FOLDER / f"{kind}.toml").read_text())
    return {
        "instructions": content["instructions"].strip(),
        "text": content["text"].strip(),
        "variables": [_variable(name, about) for name, about in content["variables"].items()],
        "options": content.get("options", {}),
        "schema": _object(content["answer"]),
    }


def _variable(name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "type": "text", "required": True, **about}


def _object(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A JSON schema that every strict mode takes: closed, and all of it required."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(fields),
        "properties": {name: _field(about) for name, about in fields.items()},
    }


def _field(about: Mapping[str, Any]) -> dict[str, Any]:
    """most, least: lengths of a text. items: a list of at most so many texts, or of objects with the fields `of`."""
    if "items" in about:
        inner = _object(about["of"]) if "of" in about else _field({"most": about["most"]})
        return {"type": "array", "maxItems": about["items"], "items": inner}
    kind = about.get("type", "string")
    schema: dict[str, Any] = {"type": [kind, "null"] if about.get("null") else kind}
    for name, keyword in (("least", "minLength"), ("most", "maxLength")):
        if name in about:
            schema[keyword] = about[name]
    return schema


def sync(**_signal: Any) -> None:
    """Bring the built-in templates in the database to what the files say; safe to repeat."""
    for kind in Kind.values:
        with transaction.atomic():
            _sync_one(kind, read(kind))


def _sync_one(kind: str, fields: dict[str, Any]) -> None:
    template, _made = PromptTemplate._base_manager.get_or_create(workspace=None, kind=kind)
    last = PromptVersion._base_manager.filter(template=template).order_by("-number").first()
    if last and all(getattr(last, name) == value for name, value in fields.items()):
        return
    number = last.number + 1 if last else 1
    form = answer_version(template, fields["schema"])
    version = PromptVersion(
        template=template, number=number, answer_version=form, note=_NOTE, author_label=_AUTHOR, **fields
    )
    version.save()
    template.active = version
    template.save(update_fields=["active"])
