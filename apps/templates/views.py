"""Pages about AI templates: what is used, the editor, trials, versions, test cases, ranking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.common.errors import Conflict, DomainError, Invalid, NotFound
from apps.common.numbers import whole
from apps.templates import activation, cases, forms, outcomes, queries, services, steps
from apps.templates.answers import fields_of
from apps.templates.diff import diff_variables, diff_versions
from apps.templates.models import Kind, PromptCase, PromptTemplate, PromptVersion
from apps.templates.providers import asked_of
from apps.templates.samples import items_to_choose, sample_values
from apps.templates.trials import try_version, unsaved_version
from apps.templates.turns import health_of
from apps.templates.variables import values_in, written
from apps.workspaces.models import Workspace

TABS = ("edit", "versions", "cases", "ranking")
SHOWN_VERSIONS = 50


@require_GET
def templates(request: HttpRequest, slug: str) -> HttpResponse:
    """Every kind with what is used for it."""
    request.actor.require("view_content", request.workspace)
    context = {
        "templates": list(queries.templates_of(request.workspace)),
        "waiting": {each.template_id for each in queries.waiting_activations(request.workspace)},
        "used": queries.uses_by_kind(request.workspace),
        **_who_is_asked(request.workspace),
    }
    return render(request, "ai/templates.html", context)


def _who_is_asked(workspace: Workspace, *, model: str = "") -> dict[str, Any]:
    asked = asked_of(workspace, model=model)
    return {"asked": asked, "health": None if asked.is_free else health_of(workspace, asked)}


@require_http_methods(["GET", "POST"])
def template(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """One kind: editor, versions, test cases, ranking."""
    found = _template(request, kind)
    if request.method == "GET":
        request.actor.require("view_content", request.workspace)
        asked = request.GET.get("tab", "")
        return _template_page(request, found, tab=asked if asked in TABS else "edit")
    request.actor.require("manage_templates", request.workspace)
    form = _editor(request, found, request.POST)
    if not form.is_valid():
        return _template_page(request, found, form=form)
    added = services.add_version(workspace=request.workspace, kind=kind, draft=form.draft, actor=request.actor)
    messages.success(request, _("Version %(number)s is kept. Nothing uses it yet.") % {"number": added.number})
    if request.POST.get("then") == "activate":
        steps.activate(request, added)
        response = redirect("ai:template", slug, kind)
        response["Location"] += "?tab=versions"
        return response
    return redirect("ai:version", slug, added.pk)


def _editor(request: HttpRequest, found: PromptTemplate, post: Any = None) -> forms.EditorForm:
    return forms.EditorForm(post, kind=found.kind, version=_base(request, found))


def _template_page(
    request: HttpRequest,
    found: PromptTemplate,
    *,
    tab: str = "edit",
    form: forms.EditorForm | None = None,
    refused: DomainError | None = None,
) -> HttpResponse:
    """form: an editor with mistakes; refused: why the test case that was posted cannot be kept."""
    workspace = request.workspace
    base = _base(request, found)
    context = {
        "template": found,
        "base": base,
        "tab": tab,
        **_who_is_asked(workspace, model=found.active.model),
        "waiting": queries.activations_of(workspace, found.kind).filter(state="waiting").first(),
        "may_go_back": activation.last_activation(found) is not None,
        "versions": list(queries.versions_of(workspace).filter(template__kind=found.kind)[:SHOWN_VERSIONS]),
        **_of_tab(tab, request, found, base),
        "refused": refused,
    }
    if tab == "edit":
        context["form"] = form or _editor(request, found)
        context["offered"] = [each["name"] for each in queries.offered_variables(found.kind)]
        context["answer"] = fields_of(context["form"].shown_schema())
    return render(request, "ai/template.html", context, status=422 if form or refused else 200)


def _of_tab(tab: str, request: HttpRequest, found: PromptTemplate, base: PromptVersion) -> dict[str, Any]:
    workspace, kind = request.workspace, found.kind
    if tab == "edit":
        return trial_choices(workspace, base, request.POST)
    if tab == "versions":
        return {
            "history": list(queries.activations_of(workspace, kind)[:20]),
            "weights": {share["version"]: share["weight"] for share in found.split},
        }
    if tab == "cases":
        return {
            "cases": list(cases.cases_of(workspace, kind, base)),
            "checks": cases.CHECKS,
            "rows": (forms.checks_of(request.POST) + [{}] * 3)[:3],
            "fields": sorted(base.schema.get("properties", {})),
            "values": _values(workspace, base, request.POST),
        }
    return ranked(workspace, kind)


def ranked(workspace: Workspace, kind: str) -> dict[str, Any]:
    """For "ai/tab_ranking.html"."""
    rows = outcomes.ranking(workspace, kind)
    context = {"ranking": rows, "measures": outcomes.MEASURES, "floor": outcomes.FLOOR}
    return {**context, "verdicts": outcomes.verdicts(rows)}


def trial_choices(workspace: Workspace, base: PromptVersion, post: Mapping[str, str]) -> dict[str, Any]:
    """What a version can be tried with: items, and values for a start; what was chosen and typed before stays."""
    values = _values(workspace, base, post)
    return {
        "items": items_to_choose(workspace),
        "values": values,
        "chosen": post.get("from", ""),
        "fresh": "fresh" in post,
    }


def _values(workspace: Workspace, base: PromptVersion, post: Mapping[str, str]) -> list[dict[str, Any]]:
    """The variables, each with a value as people type it."""
    sample = sample_values(workspace, base.variables)
    return [
        {**each, "value": post.get(f"value-{each['name']}", written(sample[each["name"]]))} for each in base.variables
    ]


def _base(request: HttpRequest, found: PromptTemplate) -> PromptVersion:
    """The version that the page is about: the one in the address, else the active one."""
    asked = whole(request.GET.get("version", ""))
    if asked is None:
        return found.active
    return _or_404(queries.version_of, request.workspace, asked, kind=found.kind)


@require_http_methods(["GET", "POST"])
def try_it(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """The panel with what one or two versions answer; a part of the template's page."""
    found = _template(request, kind)
    if request.method == "GET":
        return redirect("ai:template", slug, kind)
    return render(request, "ai/trial.html", tried(request, found))


def tried(request: HttpRequest, found: PromptTemplate) -> dict[str, Any]:
    """What the versions that were chosen answer, or the problem; for "ai/trial.html"."""
    request.actor.require("manage_templates", request.workspace)
    try:
        versions = [_tried_version(request, found, name) for name in ("first", "second") if request.POST.get(name)]
        if not versions:
            raise Invalid(_("Choose what to try."))
        values = _tried_values(request, found, versions[0])
        about = {"workspace": request.workspace, "variables": values, "actor": request.actor}
        fresh = "fresh" in request.POST
        return {"tried": [try_version(**about, version=each, fresh=fresh) for each in versions]}
    except DomainError as problem:
        return {"problem": problem}


def _tried_values(request: HttpRequest, found: PromptTemplate, version: PromptVersion) -> dict[str, Any]:
    chosen = request.POST.get("from", "")
    if chosen == "values":
        typed = values_in(request.POST, _base(request, found).variables)
        return {**sample_values(request.workspace, version.variables), **typed}
    return sample_values(request.workspace, version.variables, item_id=whole(chosen))


def _tried_version(request: HttpRequest, found: PromptTemplate, name: str) -> PromptVersion:
    chosen = request.POST[name]
    if chosen == "draft":
        form = _editor(request, found, request.POST)
        if not form.is_valid():
            raise Invalid(_("The version is not complete."), hint=_("Correct what is marked."), **form.said_problems())
        return unsaved_version(workspace=request.workspace, kind=found.kind, draft=form.draft)
    if (pk := whole(chosen)) is None:
        raise NotFound(_("There is no such version here."))
    version = queries.version_of(request.workspace, pk)
    services.check_kind(request.workspace, found.kind, version)
    return version


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, slug: str, kind: str, action: str) -> HttpResponse:
    """What the buttons of a template do."""
    _template(request, kind)
    if request.method == "GET":
        return redirect("ai:template", slug, kind)
    steps.perform(request, kind, action)
    response = redirect("ai:template", slug, kind)
    response["Location"] += "?tab=edit" if action == "remove" else "?tab=versions"
    return response


@require_GET
def version(request: HttpRequest, slug: str, version_id: int) -> HttpResponse:
    """One version, and how it differs from another."""
    request.actor.require("view_content", request.workspace)
    found = _or_404(queries.version_of, request.workspace, version_id)
    kind = found.template.kind
    other = whole(request.GET.get("against", ""))
    against = queries.previous_version(found)
    if other is not None:
        against = _or_404(queries.version_of, request.workspace, other, kind=kind)
    context = {
        "version": found,
        "template": queries.template_of(request.workspace, kind),
        "against": against,
        "changes": diff_versions(against, found) if against else [],
        "variables": diff_variables(against, found) if against else [],
        "versions": list(queries.versions_of(request.workspace).filter(template__kind=kind)[:SHOWN_VERSIONS]),
        "answer": fields_of(found.schema),
    }
    return render(request, "ai/version.html", context)


@require_http_methods(["GET", "POST"])
def add_case(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    found = _template(request, kind)
    if request.method == "GET":
        return _to_cases(request, kind)
    post = request.POST
    try:
        cases.add_case(
            workspace=request.workspace,
            kind=kind,
            name=post.get("name", ""),
            variables=values_in(post, queries.offered_variables(kind)),
            checks=forms.checks_of(post),
            actor=request.actor,
        )
    except (Invalid, Conflict) as error:
        return _template_page(request, found, tab="cases", refused=error)
    return _to_cases(request, kind)


@require_POST
def remove_case(request: HttpRequest, slug: str, prompt_case_id: int) -> HttpResponse:
    case = get_object_or_404(PromptCase.objects.all(), pk=prompt_case_id)
    cases.remove_case(case=case, actor=request.actor)
    return _to_cases(request, case.kind)


@require_POST
def run_cases(request: HttpRequest, slug: str, version_id: int) -> HttpResponse:
    found = _or_404(queries.version_of, request.workspace, version_id)
    steps.run_cases(request, found)
    return _to_cases(request, found.template.kind, version=found.pk)


def _to_cases(request: HttpRequest, kind: str, *, version: int | None = None) -> HttpResponse:
    response = redirect("ai:template", request.workspace.slug, kind)
    response["Location"] += "?tab=cases" + (f"&version={version}" if version else "")
    return response


@require_POST
def decide(request: HttpRequest, slug: str, activation_id: int, action: str) -> HttpResponse:
    """The second person's word on a version."""
    found = steps.decide(request, activation_id, action)
    return redirect("ai:template", slug, found.template.kind)


def _template(request: HttpRequest, kind: str) -> PromptTemplate:
    if kind not in Kind.values:
        raise Http404
    return queries.template_of(request.workspace, kind)


def _or_404(find: Any, workspace: Any, pk: int, *, kind: str = "") -> PromptVersion:
    try:
        found = find(workspace, pk)
    except NotFound as error:
        raise Http404 from error
    if kind and found.template.kind != kind:
        raise Http404
    return found
