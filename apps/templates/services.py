"""Writing versions of templates and choosing the active one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import jsonschema
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.common.errors import Invalid, NotFound
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.templates import rendering
from apps.templates.models import Kind, PromptTemplate, PromptVersion
from apps.templates.queries import templates_of, versions_of
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

_OPTIONS: dict[str, tuple[float, float]] = {"temperature": (0, 2), "max_output_tokens": (16, 32_000)}


@dataclass(frozen=True)
class Draft:
    """What a version says; the fields are those of PromptVersion."""

    instructions: str
    text: str
    variables: list[dict[str, Any]]
    schema: dict[str, Any]
    model: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def add_version(*, workspace: Workspace, kind: str, draft: Draft, actor: Actor) -> PromptVersion:
    """The next version of the workspace's own template of that kind; it is not active yet. Raises Invalid."""
    actor.require("manage_templates", workspace)
    check_version(kind, draft)
    with unit_of_work():
        template = _own_template(workspace, kind)
        last = PromptVersion._base_manager.filter(template=template).aggregate(last=Max("number"))["last"] or 0
        version = PromptVersion(
            template=template, number=last + 1, author=actor.user, author_label=actor.label, **asdict(draft)
        )
        version.save()
        data = {"kind": kind, "number": version.number, "note": draft.note}
        audit.record(workspace=workspace, actor=actor, action="template.add_version", target=version, data=data)
        emit(workspace=workspace, type="template.version", subject=version, data={**data, "by": actor.label})
    return version


def activate_version(*, workspace: Workspace, version: PromptVersion, actor: Actor) -> PromptTemplate:
    """Make `version` the one that generations of its kind use; the way back is to activate an older one."""
    actor.require("manage_templates", workspace)
    if not versions_of(workspace).filter(pk=version.pk).exists():
        raise NotFound(_("There is no such version here."))
    with unit_of_work():
        template = _own_template(workspace, version.template.kind)
        before, template.active = template.active, version
        template.save(update_fields=["active"])
        data = {
            "kind": template.kind,
            "version": version.pk,
            "number": version.number,
            "before": before.number if before else None,
        }
        audit.record(workspace=workspace, actor=actor, action="template.activate", target=version, data=data)
        emit(workspace=workspace, type="template.activated", subject=version, data={**data, "by": actor.label})
    return template


def _own_template(workspace: Workspace, kind: str) -> PromptTemplate:
    """The workspace's row of that kind, locked; a new one goes on with the built-in version."""
    own = PromptTemplate._base_manager.filter(workspace=workspace, kind=kind)
    if not own.exists():
        built_in = templates_of(workspace).filter(kind=kind).first()
        active = built_in.active if built_in else None
        PromptTemplate._base_manager.get_or_create(workspace=workspace, kind=kind, defaults={"active": active})
    return own.select_for_update().get()


def check_version(kind: str, draft: Draft) -> None:
    """Raises Invalid with the fields that are wrong."""
    problems = rendering.check(draft.instructions, draft.text, draft.variables)
    if kind not in Kind.values:
        problems["kind"] = [_("There is no such kind of template.")]
    try:
        jsonschema.Draft202012Validator.check_schema(draft.schema)
    except jsonschema.SchemaError as error:
        problems["schema"] = [_("This is no JSON Schema: %(reason)s") % {"reason": error.message}]
    else:
        if draft.schema.get("type") != "object":
            problems["schema"] = [_("The answer must be an object.")]
    wrong = [name for name, value in draft.options.items() if not _is_option(name, value)]
    if wrong:
        problems["options"] = [_("“%(name)s” is unknown or out of range.") % {"name": name} for name in wrong]
    if problems:
        raise Invalid(_("The version is not complete."), hint=_("Correct what is marked."), **problems)


def _is_option(name: str, value: Any) -> bool:
    if name not in _OPTIONS or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    least, most = _OPTIONS[name]
    return least <= value <= most
