"""Versions of prompts, and what engines answered."""

from __future__ import annotations

from typing import Any

from apps.common.transactions import unit_of_work
from apps.templates.models import Budget, Generation, PromptVersion, TextProvider
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


def make_provider(workspace: Workspace, **fields: Any) -> TextProvider:
    """A provider with a key, as a workspace would set it."""
    key = fields.pop("api_key", "sk-loopback")
    with unit_of_work():
        return TextProvider._base_manager.create(workspace=workspace, credentials={"api_key": key}, **fields)


TENANT = {
    "prompt_templates.Budget": lambda workspace: Budget._base_manager.get_or_create(workspace=workspace)[0],
    "prompt_templates.TextProvider": make_provider,
}
