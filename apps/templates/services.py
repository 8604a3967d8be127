"""Writing versions of templates, and what is done with them; `activation` chooses the active one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import jsonschema
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.common.errors import Conflict, Invalid, NotFound
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.templates import rendering
from apps.templates.models import Kind, PromptTemplate, PromptVersion
from apps.templates.queries import answer_version, offered_answer, offered_variables, template_of, versions_of
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

OPTIONS: dict[str, tuple[float, float]] = {"temperature": (0, 2), "max_output_tokens": (16, 32_000)}


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
        template = own_template(workspace, kind)
        last = PromptVersion._base_manager.filter(template=template).aggregate(last=Max("number"))["last"] or 0
        version = PromptVersion(
            template=template,
            number=last + 1,
            answer_version=answer_version(template, draft.schema),
            author=actor.user,
            author_label=actor.label,
            **asdict(draft),
        )
        version.save()
        data = {"kind": kind, "number": version.number, "note": draft.note}
        audit.record(workspace=workspace, actor=actor, action="template.add_version", target=version, data=data)
        emit(workspace=workspace, type="template.version", subject=version, data={**data, "by": actor.label})
    return version


def stage_version(*, workspace: Workspace, kind: str, version: PromptVersion | None, actor: Actor) -> PromptTemplate:
    """Put a version on trial beside the active one, or take it off (None); no work uses it."""
    actor.require("manage_templates", workspace)
    with unit_of_work():
        template = own_template(workspace, kind)
        if version is not None:
            check_kind(workspace, kind, version)
        template.staging = version
        template.save(update_fields=["staging"])
        _told(template, actor, "stage", {"number": version.number if version else None})
    return template


def split_work(*, workspace: Workspace, kind: str, shares: Mapping[PromptVersion, int], actor: Actor) -> PromptTemplate:
    """Let several versions share the work by weight, sticky by subject; no shares: the active one does it all."""
    actor.require("manage_templates", workspace)
    shares = {version: weight for version, weight in shares.items() if weight}
    if len(shares) == 1 or any(not 0 < weight <= 1000 for weight in shares.values()):
        raise Invalid(
            _("Two or more versions share the work, each with a weight from 1 to 1000."),
            weights=[_("Choose two or more, or none.")],
        )
    with unit_of_work():
        template = own_template(workspace, kind)
        for version in shares:
            check_kind(workspace, kind, version)
            require_used_before(template, version)
        template.split = [{"version": version.pk, "weight": weight} for version, weight in shares.items()]
        template.save(update_fields=["split"])
        _told(template, actor, "split", {"shares": {f"v{each.number}": weight for each, weight in shares.items()}})
    return template


def require_used_before(template: PromptTemplate, version: PromptVersion) -> None:
    """Where versions need a second person's word or their test cases, one that never got it takes no share."""
    if not (template.needs_approval or template.needs_cases) or version.pk == template.active_id:
        return
    done = template.activations.filter(version=version, state__in=("done", "undone"))
    if not (version.template.is_built_in or done.exists()):
        raise Conflict(
            _("Version %(number)s has not been in use yet.") % {"number": version.number},
            hint=_("This kind asks for approval or test cases; activate it once, then let it share."),
        )


def set_rules(
    *,
    workspace: Workspace,
    kind: str,
    actor: Actor,
    needs_approval: bool | None = None,
    needs_cases: bool | None = None,
) -> PromptTemplate:
    """What a version of that kind needs before it is used; None leaves a rule as it is."""
    actor.require("manage_workspace", workspace)
    given = {"needs_approval": needs_approval, "needs_cases": needs_cases}
    changes = {name: value for name, value in given.items() if value is not None}
    with unit_of_work():
        template = own_template(workspace, kind)
        for name, value in changes.items():
            setattr(template, name, value)
        template.save(update_fields=list(changes))
        _told(template, actor, "rules", changes)
    return template


def remove_template(*, workspace: Workspace, kind: str, actor: Actor) -> PromptTemplate:
    """Go back to the built-in one. The workspace's versions stay, for what was written with them."""
    actor.require("manage_templates", workspace)
    with unit_of_work():
        rows = PromptTemplate._base_manager.filter(workspace=workspace, kind=kind, removed_at=None)
        template = rows.select_for_update().first()
        if template is None:
            raise NotFound(_("This workspace has no template of its own of that kind."))
        template.removed_at, template.split, template.staging = timezone.now(), [], None
        template.save(update_fields=["removed_at", "split", "staging"])
        template.activations.filter(state="waiting").update(state="declined", decided_label=actor.label)
        _told(template, actor, "remove", {})
    return template_of(workspace, kind)


def check_kind(workspace: Workspace, kind: str, version: PromptVersion) -> None:
    """Raises NotFound for a version of another kind or workspace."""
    if version.template.kind != kind or not versions_of(workspace).filter(pk=version.pk).exists():
        raise NotFound(_("There is no such version here."))


def own_template(workspace: Workspace, kind: str) -> PromptTemplate:
    """The workspace's row of that kind, locked; a new one goes on with the built-in version."""
    own = PromptTemplate._base_manager.filter(workspace=workspace, kind=kind)
    template = own.select_for_update().first()
    if template is None or template.removed_at:
        active = template_of(workspace, kind).active
        again = {"active": active, "removed_at": None}
        PromptTemplate._base_manager.update_or_create(workspace=workspace, kind=kind, defaults=again)
        template = own.select_for_update().get()
    return template


def _told(template: PromptTemplate, actor: Actor, action: str, data: dict[str, Any]) -> None:
    workspace, data = template.workspace, {"kind": template.kind, **data}
    audit.record(workspace=workspace, actor=actor, action=f"template.{action}", target=template, data=data)
    emit(workspace=workspace, type="template.changed", subject=template, data={**data, "by": actor.label})


def check_version(kind: str, draft: Draft) -> None:
    """Raises Invalid with the fields that are wrong."""
    problems = rendering.check(draft.instructions, draft.text, draft.variables)
    if kind not in Kind.values:
        problems["kind"] = [_("There is no such kind of template.")]
    elif "variables" not in problems:
        problems |= _unfilled(kind, draft.variables)
    try:
        jsonschema.Draft202012Validator.check_schema(draft.schema)
    except jsonschema.SchemaError as error:
        problems["schema"] = [_("This is no JSON Schema: %(reason)s") % {"reason": error.message}]
    else:
        missing = [] if kind not in Kind.values else _missing(offered_answer(kind), draft.schema)
        if draft.schema.get("type") != "object":
            problems["schema"] = [_("The answer must be an object.")]
        elif missing:
            problems["schema"] = [
                _("The work of this kind reads “%(name)s”: keep it, required and of the same type.") % {"name": name}
                for name in missing
            ]
    wrong = [name for name, value in draft.options.items() if not _is_option(name, value)]
    if wrong:
        problems["options"] = [_("“%(name)s” is unknown or out of range.") % {"name": name} for name in wrong]
    if problems:
        raise Invalid(_("The version is not complete."), hint=_("Correct what is marked."), **problems)


def _missing(theirs: Mapping[str, Any], mine: Mapping[str, Any], path: str = "") -> list[str]:
    """What the built-in answer has and another form of it has not: whoever reads the answer would fail."""
    found = []
    fields = mine.get("properties", {})
    for name, part in theirs.get("properties", {}).items():
        own = fields.get(name) if name in mine.get("required", ()) else None
        if not isinstance(own, Mapping) or own.get("type") != part.get("type"):
            found.append(f"{path}{name}")
        elif part["type"] == "array":
            inner, own_inner = part["items"], own.get("items")
            same = isinstance(own_inner, Mapping) and own_inner.get("type") == inner.get("type")
            found += _missing(inner, own_inner, f"{path}{name}.") if same else [f"{path}{name}"]
    return found


def _unfilled(kind: str, variables: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Variables that the work of that kind does not fill, or with another type: every text would fail. And those whose
    text is a stranger's, and not marked so: it would give orders."""
    known = {each["name"]: each for each in offered_variables(kind)}
    offered = {name: each["type"] for name, each in known.items()}
    unknown = [each["name"] for each in variables if each["name"] not in offered]
    found = [
        _("Nothing fills “%(name)s”. This kind offers: %(names)s.") % {"name": name, "names": ", ".join(offered)}
        for name in unknown
    ]
    found += [
        _("“%(name)s” is of type %(type)s here.") % {"name": each["name"], "type": offered[each["name"]]}
        for each in variables
        if each["name"] not in unknown and each.get("type", "text") != offered[each["name"]]
    ]
    found += [
        _("“%(name)s” is written by strangers; mark it so, that nobody takes it for an order.") % {"name": each["name"]}
        for each in variables
        if known.get(each["name"], {}).get("material") and not each.get("material")
    ]
    return {"variables": found} if found else {}


def _is_option(name: str, value: Any) -> bool:
    if name not in OPTIONS or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    least, most = OPTIONS[name]
    return least <= value <= most
