"""Values to try a template with: made up, or of an item of the workspace.

Items stand above templates; `apps.content` registers here how they are read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from apps.common.errors import NotFound
from apps.workspaces.models import Workspace


@dataclass(frozen=True)
class Items:
    """choices: (id, title) of the latest items. values: an item's values by name of variable, None for no such item."""

    choices: Callable[[Workspace], Sequence[tuple[int, str]]]
    values: Callable[[Workspace, int], dict[str, Any] | None]


_registered: list[Items] = []


def register_items(items: Items) -> None:
    _registered[:] = [items]


def items_to_choose(workspace: Workspace) -> list[tuple[int, str]]:
    return [choice for items in _registered for choice in items.choices(workspace)]


def sample_values(
    workspace: Workspace, variables: Sequence[Mapping[str, Any]], *, item_id: int | None = None
) -> dict[str, Any]:
    """A value for every variable: of the item where it has one, else its own sample or made up. Raises NotFound."""
    own = {each["name"]: each["sample"] for each in variables if "sample" in each}
    values: dict[str, Any] = {**_made_up(), "language": workspace.language, **own}
    if item_id is not None:
        found = [items.values(workspace, item_id) for items in _registered]
        if not found or found[0] is None:
            raise NotFound(_("There is no such item."))
        values |= {name: value for name, value in found[0].items() if value}
    return {each["name"]: values.get(each["name"], _of_type(each)) for each in variables}


@cache
def _made_up() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("samples.toml").read_text())


def _of_type(variable: Mapping[str, Any]) -> Any:
    kind = variable.get("type", "text")
    about = str(variable.get("about") or variable["name"])
    return {"number": 3, "list": [about]}.get(kind, about)
