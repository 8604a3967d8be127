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
        (_("Variables"), "variables"),
        (_("Model"), "model"),
        (_("Model settings"), "options"),
        (_("Form of the answer"), "schema"),
    )
    pairs = [(label, _written(getattr(before, name)), _written(getattr(after, name))) for label, name in fields]
    return [(label, diff_lines(old, new)) for label, old, new in pairs if old != new]


def diff_lines(before: str, after: str) -> list[Line]:
    kinds = {" ": "same", "+": "added", "-": "removed"}
    lines = difflib.Differ().compare(before.splitlines(), after.splitlines())
    return [Line(kinds[line[0]], line[2:]) for line in lines if line[0] in kinds]


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
