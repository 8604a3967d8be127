"""Versions of prompts, and what engines answered."""

from __future__ import annotations

from typing import Any

from apps.templates.models import Generation, PromptVersion
from apps.templates.queries import active_version
from apps.templates.services import Draft, activate_version, add_version
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
    {"name": "title", "type": "text", "required": True, "about": "Title"},
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
