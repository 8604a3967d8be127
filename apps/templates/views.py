"""Pages about AI templates: what is used, the editor, trials, versions, test cases, ranking."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.common.errors import DomainError, Invalid, NotFound
from apps.templates import activation, cases, forms, outcomes, queries, services
from apps.templates.diff import diff_variables, diff_versions
from apps.templates.models import Activation, Kind, PromptCase, PromptTemplate, PromptVersion
from apps.templates.providers import asked_of
from apps.templates.samples import items_to_choose, sample_values
from apps.templates.trials import try_version, unsaved_version
from apps.templates.turns import health_of
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
        return _template_page(request, found)
    request.actor.require("manage_templates", request.workspace)
    typed = forms.typed_in(request.POST)
    try:
        added = services.add_version(
            workspace=request.workspace, kind=kind, draft=forms.draft_of(typed), actor=request.actor
        )
    except Invalid as problem:
        return _template_page(request, found, typed=typed, problem=problem)
    messages.success(request, _("Version %(number)s is kept. Nothing uses it yet.") % {"number": added.number})
    if request.POST.get("then") == "activate":
        return _done(request, kind, "activate", lambda: _activate(request, added))
    return redirect("ai:version", slug, added.pk)


def _template_page(
    request: HttpRequest,
    found: PromptTemplate,
    *,
    typed: dict[str, str] | None = None,
    problem: DomainError | None = None,
) -> HttpResponse:
    workspace, tab = request.workspace, request.GET.get("tab", "edit")
    tab = tab if tab in TABS and not typed else "edit"
    base = _base(request, found)
    context = {
        "template": found,
        "base": base,
        "typed": typed or forms.typed_of(base),
        "problem": problem,
        "tab": tab,
        **_who_is_asked(workspace, model=found.active.model),
        "waiting": queries.activations_of(workspace, found.kind).filter(state="waiting").first(),
        "may_go_back": activation.last_activation(found) is not None,
        "versions": list(queries.versions_of(workspace).filter(template__kind=found.kind)[:SHOWN_VERSIONS]),
        **_of_tab(tab, request, found, base),
    }
    return render(request, "ai/template.html", context, status=problem.status if problem else 200)


def _of_tab(tab: str, request: HttpRequest, found: PromptTemplate, base: PromptVersion) -> dict[str, Any]:
    workspace, kind = request.workspace, found.kind
    if tab == "edit":
        return {"items": items_to_choose(workspace), "sample": _indented(sample_values(workspace, base.variables))}
    if tab == "versions":
        return {
            "history": list(queries.activations_of(workspace, kind)[:20]),
            "weights": {share["version"]: share["weight"] for share in found.split},
        }
    if tab == "cases":
        return {
            "cases": list(cases.cases_of(workspace, kind, base)),
            "checks": cases.CHECKS,
            "rows": range(3),
            "fields": sorted(base.schema.get("properties", {})),
            "sample": _indented(sample_values(workspace, base.variables)),
        }
    ranked = outcomes.ranking(workspace, kind)
    context = {"ranking": ranked, "measures": outcomes.MEASURES, "floor": outcomes.FLOOR}
    return {**context, "verdicts": outcomes.verdicts(ranked)}


def _base(request: HttpRequest, found: PromptTemplate) -> PromptVersion:
    """The version that the page is about: the one in the address, else the active one."""
    asked = request.GET.get("version", "")
    if not (asked.isascii() and asked.isdigit()):
        return found.active
    return _or_404(queries.version_of, request.workspace, int(asked), kind=found.kind)


@require_http_methods(["GET", "POST"])
def try_it(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """The panel with what one or two versions answer; a part of the template's page."""
    found = _template(request, kind)
    if request.method == "GET":
        return redirect("ai:template", slug, kind)
    request.actor.require("manage_templates", request.workspace)
    try:
        versions = [_tried_version(request, found, name) for name in ("first", "second") if request.POST.get(name)]
        if not versions:
            raise Invalid(_("Choose what to try."))
        values = forms.values_of(request.POST.get("values", "")) if request.POST.get("from") == "values" else None
        if values is None:
            item = request.POST.get("from", "")
            item_id = int(item) if item.isascii() and item.isdigit() else None
            values = sample_values(request.workspace, versions[0].variables, item_id=item_id)
        tried = [
            try_version(
                workspace=request.workspace,
                version=version,
                variables=values,
                actor=request.actor,
                fresh="fresh" in request.POST,
            )
            for version in versions
        ]
    except DomainError as problem:
        return render(request, "ai/trial.html", {"problem": problem})
    return render(request, "ai/trial.html", {"tried": tried, "values": values})


def _tried_version(request: HttpRequest, found: PromptTemplate, name: str) -> PromptVersion:
    chosen = request.POST[name]
    if chosen == "draft":
        draft = forms.draft_of(forms.typed_in(request.POST))
        return unsaved_version(workspace=request.workspace, kind=found.kind, draft=draft)
    if not (chosen.isascii() and chosen.isdigit()):
        raise NotFound(_("There is no such version here."))
    version = queries.version_of(request.workspace, int(chosen))
    services.check_kind(request.workspace, found.kind, version)
    return version


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, slug: str, kind: str, action: str) -> HttpResponse:
    """What the buttons of a template do."""
    _template(request, kind)
    if request.method == "GET":
        return redirect("ai:template", slug, kind)
    workspace, actor, post = request.workspace, request.actor, request.POST
    about = {"workspace": workspace, "kind": kind, "actor": actor}
    steps = {
        "activate": lambda: _activate(request, _version(request, kind)),
        "stage": lambda: services.stage_version(**about, version=_version(request, kind)),
        "unstage": lambda: services.stage_version(**about, version=None),
        "rollback": lambda: activation.roll_back(**about),
        "remove": lambda: services.remove_template(**about),
        "share": lambda: services.split_work(**about, shares=_shares(request, kind)),
        "rules": lambda: services.set_rules(
            **about, needs_approval="needs_approval" in post, needs_cases="needs_cases" in post
        ),
    }
    if action not in steps:
        raise Http404
    return _done(request, kind, action, steps[action])


def _done(request: HttpRequest, kind: str, action: str, step: Any) -> HttpResponse:
    words = {
        "stage": _("It is on trial. No work uses it."),
        "unstage": _("No version is on trial."),
        "rollback": _("The version before is in use again."),
        "remove": _("The built-in template is in use again."),
        "share": _("From the next text on, the work is shared as you said."),
        "rules": _("Saved."),
    }
    step()
    if action in words:
        messages.success(request, words[action])
    tab = "edit" if action == "remove" else "versions"
    response = redirect("ai:template", request.workspace.slug, kind)
    response["Location"] += f"?tab={tab}"
    return response


def _activate(request: HttpRequest, version: PromptVersion) -> None:
    found = activation.activate_version(workspace=request.workspace, version=version, actor=request.actor)
    if found.active_id == version.pk:
        messages.success(request, _("Version %(number)s is in use.") % {"number": version.number})
    else:
        messages.info(request, _("Version %(number)s waits for a second person.") % {"number": version.number})


def _shares(request: HttpRequest, kind: str) -> dict[PromptVersion, int]:
    versions = queries.versions_of(request.workspace).filter(template__kind=kind)
    return {each: forms.whole(request.POST, f"weight-{each.pk}", 0) for each in versions}


def _version(request: HttpRequest, kind: str) -> PromptVersion:
    return _or_404(queries.version_of, request.workspace, forms.whole(request.POST, "version", 0), kind=kind)


@require_GET
def version(request: HttpRequest, slug: str, version_id: int) -> HttpResponse:
    """One version, and how it differs from another."""
    request.actor.require("view_content", request.workspace)
    found = _or_404(queries.version_of, request.workspace, version_id)
    kind = found.template.kind
    other = request.GET.get("against", "")
    against = queries.previous_version(found)
    if other.isascii() and other.isdigit():
        against = _or_404(queries.version_of, request.workspace, int(other), kind=kind)
    context = {
        "version": found,
        "template": queries.template_of(request.workspace, kind),
        "against": against,
        "changes": diff_versions(against, found) if against else [],
        "variables": diff_variables(against, found) if against else [],
        "versions": list(queries.versions_of(request.workspace).filter(template__kind=kind)[:SHOWN_VERSIONS]),
    }
    return render(request, "ai/version.html", context)


@require_http_methods(["GET", "POST"])
def add_case(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    _template(request, kind)
    if request.method == "GET":
        return _to_cases(request, kind)
    post = request.POST
    cases.add_case(
        workspace=request.workspace,
        kind=kind,
        name=post.get("name", ""),
        variables=forms.values_of(post.get("values", "")) or {},
        checks=forms.checks_of(post),
        actor=request.actor,
    )
    return _to_cases(request, kind)


@require_POST
def remove_case(request: HttpRequest, slug: str, prompt_case_id: int) -> HttpResponse:
    case = get_object_or_404(PromptCase.objects.all(), pk=prompt_case_id)
    cases.remove_case(case=case, actor=request.actor)
    return _to_cases(request, case.kind)


@require_POST
def run_cases(request: HttpRequest, slug: str, version_id: int) -> HttpResponse:
    found = _or_404(queries.version_of, request.workspace, version_id)
    results = cases.run_cases(workspace=request.workspace, version=found, actor=request.actor)
    passed = sum(each.passed for each in results)
    say = messages.success if passed == len(results) else messages.warning
    say(request, _("%(passed)s of %(all)s test cases pass.") % {"passed": passed, "all": len(results)})
    return _to_cases(request, found.template.kind, version=found.pk)


def _to_cases(request: HttpRequest, kind: str, *, version: int | None = None) -> HttpResponse:
    response = redirect("ai:template", request.workspace.slug, kind)
    response["Location"] += "?tab=cases" + (f"&version={version}" if version else "")
    return response


@require_POST
def decide(request: HttpRequest, slug: str, activation_id: int, action: str) -> HttpResponse:
    """The second person's word on a version."""
    rows = Activation.objects.select_related("template", "version__template", "workspace")
    found = get_object_or_404(rows, pk=activation_id)
    steps = {"approve": activation.approve_activation, "decline": activation.decline_activation}
    if action not in steps:
        raise Http404
    steps[action](activation=found, actor=request.actor)
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


def _indented(values: Any) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False)
