"""What changed from one version of a prompt to the next, line by line."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.templates.models import PromptVersion


@dataclass(frozen=True)
class Line:
    """kind: "same", "added" or "removed"."""

    kind: str
    text: str


def diff_versions(before: PromptVersion, after: PromptVersion) -> list[tuple[str, list[Line]]]:
    """The fields that differ, each with all its lines."""
    fields = (
        (_("Instructions"), "instructions"),
        (_("Text"), "text"),
        (_("Model"), "model"),
        (_("Model settings"), "options"),
        (_("Form of the answer"), "schema"),
    )
    pairs = [(label, _written(getattr(before, name)), _written(getattr(after, name))) for label, name in fields]
    return [(label, diff_lines(old, new)) for label, old, new in pairs if old != new]


@dataclass(frozen=True)
class VariableChange:
    """kind: "added", "removed" or "changed". before, after: in words, "" where there is none."""

    name: str
    kind: str
    before: str
    after: str


def diff_variables(before: PromptVersion, after: PromptVersion) -> list[VariableChange]:
    """What changed in the variables, by name."""
    old, new = ({each["name"]: each for each in version.variables} for version in (before, after))
    changes = []
    for name in [*old, *(name for name in new if name not in old)]:
        first, second = (_in_words(side.get(name)) for side in (old, new))
        if first != second:
            kind = "added" if name not in old else "removed" if name not in new else "changed"
            changes.append(VariableChange(name, kind, first, second))
    return changes


def _in_words(variable: dict[str, Any] | None) -> str:
    if variable is None:
        return ""
    words = [variable.get("type", "text")]
    words.append(_("required") if variable.get("required", True) else _("optional"))
    if variable.get("material"):
        words.append(_("written by strangers"))
    if variable.get("links"):
        words.append(_("its links may be used"))
    if "sample" in variable:
        words.append(_("sample: %(sample)s") % {"sample": variable["sample"]})
    return " · ".join([*words, *filter(None, [variable.get("about")])])


def diff_lines(before: str, after: str) -> list[Line]:
    kinds = {" ": "same", "+": "added", "-": "removed"}
    lines = difflib.Differ().compare(before.splitlines(), after.splitlines())
    return [Line(kinds[line[0]], line[2:]) for line in lines if line[0] in kinds]


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
