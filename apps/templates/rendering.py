"""Filling a prompt's placeholders. Logic-less: `{{name}}` and nothing else, so that nobody can program in a prompt.

Double braces that a model shall see are written with a backslash: `\\{{` and `\\}}`.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import regex
from django.utils.translation import gettext as _

from apps.common.errors import Invalid

TYPES = ("text", "number", "list")
_PLACEHOLDER = regex.compile(r"(?<!\\)\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_FILLED = regex.compile(rf"{_PLACEHOLDER.pattern}|\\(\{{\{{|\}}\}})")
_NAME = regex.compile(r"[a-z][a-z0-9_]{0,39}")
_BRACES = regex.compile(r"(?<!\\)(?:\{\{.*?(?<!\\)\}\}|\{\{|\}\})", regex.DOTALL)
# Words from outside may read like orders to a model; they come fenced, and the model is told what the fence means.
_FENCE = regex.compile(r"<(?=\s*/?\s*material\b)", regex.IGNORECASE)


@dataclass(frozen=True)
class Rendered:
    instructions: str
    text: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(json.dumps([self.instructions, self.text]).encode()).hexdigest()


@cache
def _rules() -> dict[str, str]:
    return tomllib.loads(Path(__file__).with_name("rules.toml").read_text())


def rule(name: str) -> str:
    """What every prompt says besides its template's own words."""
    return _rules()[name].strip()


def placeholders(*texts: str) -> list[str]:
    """The names used in the texts, each once, in order."""
    return list(dict.fromkeys(name for text in texts for name in _PLACEHOLDER.findall(text)))


def check(instructions: str, text: str, variables: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What is wrong with a version, by field; empty when nothing is."""
    problems: dict[str, list[str]] = {}
    if not text.strip():
        problems["text"] = [_("Write what the model is given.")]
    declared = [str(variable.get("name", "")) for variable in variables]
    wrong = [name for name in declared if not _NAME.fullmatch(name)]
    if wrong:
        problems["variables"] = [
            _("“%(name)s” is no name: use small letters, digits and _.") % {"name": name} for name in wrong
        ]
    elif len(set(declared)) < len(declared):
        problems["variables"] = [_("A variable is declared twice.")]
    elif any(variable.get("type", "text") not in TYPES for variable in variables):
        problems["variables"] = [_("A variable is of type text, number or list.")]
    for field, content in (("instructions", instructions), ("text", text)):
        found = [*_unknown(content, declared), *_stray_braces(content)]
        if found:
            problems.setdefault(field, []).extend(found)
    return problems


def _unknown(text: str, declared: Sequence[str]) -> list[str]:
    wrong = _first_lines((match[1], match.start()) for match in _PLACEHOLDER.finditer(text) if match[1] not in declared)
    return [
        _("Line %(line)d: there is no variable “%(name)s”.") % {"line": _line(text, at), "name": name}
        + _near(name, declared)
        for name, at in wrong.items()
    ]


def _stray_braces(text: str) -> list[str]:
    found = (match for match in _BRACES.finditer(text) if not _PLACEHOLDER.fullmatch(match[0]))
    wrong = _first_lines((match[0], match.start()) for match in found)
    return [
        _("Line %(line)d: “%(text)s” is no placeholder; write {{name}}, or \\{{ and \\}} for braces that stay.")
        % {"line": _line(text, at), "text": stray[:60]}
        for stray, at in wrong.items()
    ]


def _first_lines(found: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Each thing once, where it stands first."""
    first: dict[str, int] = {}
    for what, at in found:
        first.setdefault(what, at)
    return first


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _near(name: str, declared: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, declared, n=1)
    return " " + _("Did you mean “%(name)s”?") % {"name": near[0]} if near else ""


def render(instructions: str, text: str, variables: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> Rendered:
    """Both texts with their placeholders filled. Raises Invalid for a missing, unknown or mistyped variable."""
    problems = {**_unexpected(variables, values), **_unfilled(variables, values)}
    if problems:
        raise Invalid(_("The prompt cannot be filled."), hint=_("Compare the variables with the template."), **problems)
    filled = {variable["name"]: _written(variable, values.get(variable["name"])) for variable in variables}
    body, orders = _fill(text, filled), _fill(instructions, filled)
    if any(variable.get("material") for variable in variables):
        orders = f"{orders}\n\n{rule('material')}".strip()
    return Rendered(instructions=orders, text=body)


def _unexpected(variables: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> dict[str, list[str]]:
    known = {variable["name"] for variable in variables}
    return {name: [_("The template has no such variable.")] for name in values if name not in known}


def _unfilled(variables: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> dict[str, list[str]]:
    problems = {}
    for variable in variables:
        name, value = variable["name"], values.get(variable["name"])
        if value is None or value == "" or value == []:
            if variable.get("required", True):
                problems[name] = [_("This variable is required.")]
        elif not isinstance(value, _PYTHON[variable.get("type", "text")]) or isinstance(value, bool):
            problems[name] = [_("This is not of type “%(type)s”.") % {"type": variable.get("type", "text")}]
    return problems


_PYTHON: dict[str, tuple[type, ...]] = {"text": (str,), "number": (int, float), "list": (list, tuple)}


def _written(variable: Mapping[str, Any], value: Any) -> str:
    if value is None:
        return ""
    written = "\n".join(f"- {each}" for each in value) if isinstance(value, list | tuple) else str(value)
    if variable.get("material"):
        # A text that brings its own end tag does not get out of the fence.
        written = f"<material>\n{_FENCE.sub('‹', written)}\n</material>"
    return written


def _fill(text: str, filled: Mapping[str, str]) -> str:
    # One pass: braces inside a value stay text.
    return _FILLED.sub(lambda match: match[2] or filled[match[1]], text)
