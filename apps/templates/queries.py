"""Reading templates, their versions and generations. Built-in templates belong to nobody and are seen by everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.common.errors import NotFound
from apps.common.rows import found
from apps.templates.models import Activation, Generation, PromptTemplate, PromptVersion
from apps.workspaces.models import User, Workspace


def templates_of(workspace: Workspace) -> QuerySet[PromptTemplate]:
    """One template a kind: the workspace's own where it has one, else the built-in."""
    own = PromptTemplate._base_manager.filter(workspace=workspace, kind=OuterRef("kind"), removed_at=None)
    rows = PromptTemplate._base_manager.filter(
        Q(workspace=workspace, removed_at=None) | Q(workspace=None) & ~Exists(own)
    )
    return rows.select_related("active__template", "staging__template").order_by("kind")


def template_of(workspace: Workspace, kind: str) -> PromptTemplate:
    """The template that the workspace uses for that kind. Raises NotFound."""
    template = templates_of(workspace).filter(kind=kind).first()
    if template is None:
        raise NotFound(_("There is no template of the kind “%(kind)s”.") % {"kind": kind})
    return template


def version_of(workspace: Workspace, version_id: int) -> PromptVersion:
    """A version that the workspace may see. Raises NotFound."""
    return found(versions_of(workspace), version_id, _("There is no such version here."))


def versions_of(workspace: Workspace) -> QuerySet[PromptVersion]:
    """Every version that the workspace may see and activate: its own and the built-in ones."""
    rows = PromptVersion._base_manager.filter(Q(template__workspace=workspace) | Q(template__workspace=None))
    return rows.select_related("template", "author").order_by("template__kind", "-template__workspace", "-number")


def active_version(kind: str, workspace: Workspace) -> PromptVersion:
    """The version that a generation of that kind uses now. Raises NotFound."""
    template = templates_of(workspace).filter(kind=kind).first()
    if template is None or template.active is None:
        raise NotFound(
            _("There is no active template of the kind “%(kind)s”.") % {"kind": kind},
            hint=_("Activate a version under AI templates."),
        )
    return template.active


def offered_variables(kind: str) -> list[dict[str, Any]]:
    """What the work of that kind fills, with types: the variables of the built-in template."""
    version = _built_in(kind)
    return version.variables if version else []


def offered_answer(kind: str) -> dict[str, Any]:
    """What the work of that kind reads in an answer: the form of the built-in template's."""
    version = _built_in(kind)
    return version.schema if version else {}


def _built_in(kind: str) -> PromptVersion | None:
    template = PromptTemplate._base_manager.select_related("active").filter(workspace=None, kind=kind).first()
    return template.active if template else None


def answer_version(template: PromptTemplate, schema: dict[str, Any]) -> int:
    """The number of that form of the answer: of a version that the template's workspace sees, else the kind's next."""
    rows = PromptVersion._base_manager.filter(template__kind=template.kind)
    mine = rows.filter(Q(template=template) | Q(template__workspace=None)).order_by("pk")
    for number, known in mine.values_list("answer_version", "schema"):
        if known == schema:
            return number
    return (rows.aggregate(last=Max("answer_version"))["last"] or 0) + 1


def previous_version(version: PromptVersion) -> PromptVersion | None:
    """The version before, of the same template; of a workspace's first one, the built-in that it took the place of."""
    same = PromptVersion._base_manager.filter(template=version.template_id, number__lt=version.number)
    before = same.order_by("-number").first()
    if before or version.template.is_built_in:
        return before
    return _built_in(version.template.kind)


def activations_of(workspace: Workspace, kind: str) -> QuerySet[Activation]:
    """Which version was used when, newest first."""
    rows = Activation._base_manager.filter(workspace=workspace, template__kind=kind)
    return rows.select_related("template", "version__template", "before__template", "workspace").order_by("-pk")


def waiting_activations(workspace: Workspace) -> QuerySet[Activation]:
    return Activation._base_manager.filter(workspace=workspace, state=Activation.State.WAITING)


def activations_for(user: User) -> QuerySet[Activation]:
    """What waits in the current workspace for the word of somebody else than who asked; the longest wait first."""
    rows = Activation.objects.filter(state=Activation.State.WAITING).exclude(asked_by=user)
    return rows.select_related("template", "version").order_by("created_at", "pk")


def uses_by_kind(workspace: Workspace) -> dict[str, int]:
    """How many texts of each kind were asked for in the last 30 days."""
    rows = Generation._base_manager.filter(
        workspace=workspace, trial=False, created_at__gt=timezone.now() - timedelta(days=30)
    )
    return dict(rows.order_by().values_list("kind").annotate(Count("pk")))


def filtered_generations(
    *,
    kind: str = "",
    outcome: str = "",
    engine: str = "",
    subject: str = "",
    trial: bool | None = None,
    flagged: bool | None = None,
) -> QuerySet[Generation]:
    """Generations of the current workspace; what is empty or None does not narrow."""
    given = {"kind": kind, "outcome": outcome, "engine": engine, "subject": subject}
    rows = generations().filter(**{name: value for name, value in given.items() if value})
    if trial is not None:
        rows = rows.filter(trial=trial)
    if flagged is not None:
        rows = rows.exclude(new_links=[]) if flagged else rows.filter(new_links=[])
    return rows


def generations() -> QuerySet[Generation]:
    """Generations of the current workspace, newest first."""
    return Generation.objects.select_related("version__template")
