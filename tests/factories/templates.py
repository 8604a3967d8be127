"""Versions of prompts, and what engines answered."""

from __future__ import annotations

import json
from typing import Any

from apps.common.transactions import unit_of_work
from apps.templates.activation import activate_version
from apps.templates.cases import add_case
from apps.templates.models import Activation, Budget, CaseResult, Generation, PromptCase, PromptVersion, TextProvider
from apps.templates.queries import active_version
from apps.templates.services import Draft, add_version, set_rules
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import Workspace

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "hook", "description", "call_to_action", "hashtags"],
    "properties": {
        "title": {"type": "string"},
        "hook": {"type": "string"},
        "description": {"type": "string"},
        "call_to_action": {"type": "string"},
        "hashtags": {"type": "array", "items": {"type": "string"}},
    },
}
VARIABLES = [
    {"name": "title", "type": "text", "required": True, "material": True, "about": "Title"},
    {"name": "story", "type": "text", "required": True, "material": True, "about": "Text"},
    {"name": "language", "type": "text", "required": False, "about": "Language"},
    {"name": "parts", "type": "number", "required": False, "about": "Parts"},
]


def draft(**changes: Any) -> Draft:
    fields = {
        "instructions": "Write in {{language}}.",
        "text": "{{title}}\n{{story}}\n{{parts}}",
        "variables": VARIABLES,
        "schema": SCHEMA,
        **changes,
    }
    return Draft(**fields)


def editor(**changes: str) -> dict[str, str]:
    """What the editor's form sends for such a version."""
    fields = {
        "instructions": "Write in {{language}}.",
        "text": "{{title}}: {{story}}",
        "answer": json.dumps(SCHEMA),
        "variables-TOTAL_FORMS": str(len(VARIABLES) + 1),
        "variables-INITIAL_FORMS": "0",
        f"variables-{len(VARIABLES)}-type": "text",
        f"variables-{len(VARIABLES)}-required": "on",
    }
    for number, each in enumerate(VARIABLES):
        row = {name: "on" if value is True else value for name, value in each.items() if value}
        fields |= {f"variables-{number}-{name}": value for name, value in row.items()}
    return {**fields, **changes}


def make_version(workspace: Workspace, *, active: bool = True, **changes: Any) -> PromptVersion:
    """A version of the workspace's own script template."""
    version = add_version(workspace=workspace, kind="script", draft=draft(**changes), actor=SYSTEM)
    if active:
        activate_version(workspace=workspace, version=version, actor=SYSTEM)
    return version


def make_generation(workspace: Workspace, **fields: Any) -> Generation:
    values = {
        "kind": "script",
        "version": active_version("script", workspace),
        "prompt_hash": "0" * 64,
        "question": "0" * 64,
        "engine": "extractive",
        "outcome": "parsed",
        "data": {"title": "A title"},
        "actor": "Rundown",
        **fields,
    }
    return Generation._base_manager.create(workspace=workspace, **values)


def make_provider(workspace: Workspace, **fields: Any) -> TextProvider:
    """A provider with a key, as a workspace would set it."""
    key = fields.pop("api_key", "sk-loopback")
    with unit_of_work():
        return TextProvider._base_manager.create(workspace=workspace, credentials={"api_key": key}, **fields)


def make_case(workspace: Workspace, **fields: Any) -> PromptCase:
    """A case of the script template that the extractive engine passes."""
    values = {
        "kind": "script",
        "name": "A short story",
        "variables": {"title": f"{workspace.name} boats", "story": "They sail.", "language": "en", "parts": 1},
        "checks": [{"check": "contains", "field": "title", "value": "boats"}],
        **fields,
    }
    return add_case(workspace=workspace, actor=SYSTEM, **values)


def make_activation(workspace: Workspace) -> Activation:
    """One that waits for a second person."""
    version = make_version(workspace, active=False)
    set_rules(workspace=workspace, kind="script", needs_approval=True, actor=SYSTEM)
    activate_version(workspace=workspace, version=version, actor=SYSTEM)
    return Activation._base_manager.get(workspace=workspace, state="waiting")


def make_result(workspace: Workspace) -> CaseResult:
    case = make_case(workspace, name="A story with a result")
    version = active_version("script", workspace)
    return CaseResult._base_manager.create(
        workspace=workspace, case=case, version=version, engine="extractive", passed=True
    )


TENANT = {
    "prompt_templates.Activation": make_activation,
    "prompt_templates.PromptCase": make_case,
    "prompt_templates.CaseResult": make_result,
    "prompt_templates.Budget": lambda workspace: Budget._base_manager.get_or_create(workspace=workspace)[0],
    "prompt_templates.TextProvider": lambda workspace: make_provider(workspace, base_url="http://127.0.0.1:9/v1"),
}
