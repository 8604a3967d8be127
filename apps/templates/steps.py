"""What the buttons about a template do, on the AI pages and in the admin; each says what it did in a message."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from apps.templates import activation, cases, forms, queries, services
from apps.templates.models import Activation, PromptVersion


def perform(request: HttpRequest, kind: str, action: str) -> None:
    """Do what the button `action` of a kind posts. Raises Http404, DomainError."""
    about = {"workspace": request.workspace, "kind": kind, "actor": request.actor}
    post = request.POST
    steps: dict[str, tuple[Any, str]] = {
        "activate": (lambda: activate(request, _version(request, kind)), ""),
        "stage": (
            lambda: services.stage_version(**about, version=_version(request, kind)),
            _("It is on trial. No work uses it."),
        ),
        "unstage": (partial(services.stage_version, **about, version=None), _("No version is on trial.")),
        "rollback": (partial(activation.roll_back, **about), _("The version before is in use again.")),
        "remove": (partial(services.remove_template, **about), _("The built-in template is in use again.")),
        "share": (
            lambda: services.split_work(**about, shares=_shares(request, kind)),
            _("From the next text on, the work is shared as you said."),
        ),
        "cases": (lambda: run_cases(request, _version(request, kind)), ""),
        "rules": (
            lambda: services.set_rules(
                **about, needs_approval="needs_approval" in post, needs_cases="needs_cases" in post
            ),
            _("Saved."),
        ),
    }
    if action not in steps:
        raise Http404
    step, said = steps[action]
    step()
    if said:
        messages.success(request, said)


def activate(request: HttpRequest, version: PromptVersion) -> None:
    found = activation.activate_version(workspace=request.workspace, version=version, actor=request.actor)
    if found.active_id == version.pk:
        messages.success(request, _("Version %(number)s is in use.") % {"number": version.number})
    else:
        messages.info(request, _("Version %(number)s waits for a second person.") % {"number": version.number})


def run_cases(request: HttpRequest, version: PromptVersion) -> None:
    results = cases.run_cases(workspace=request.workspace, version=version, actor=request.actor)
    passed = sum(each.passed for each in results)
    say = messages.success if passed == len(results) else messages.warning
    say(request, _("%(passed)s of %(all)s test cases pass.") % {"passed": passed, "all": len(results)})


def decide(request: HttpRequest, activation_id: int, action: str) -> Activation:
    """The second person's word on a version: "approve" or "decline"."""
    rows = Activation.objects.select_related("template", "version__template", "workspace")
    found = get_object_or_404(rows, pk=activation_id)
    words = {
        "approve": (activation.approve_activation, _("Version %(number)s is in use.")),
        "decline": (activation.decline_activation, _("Version %(number)s is not used.")),
    }
    if action not in words:
        raise Http404
    step, said = words[action]
    step(activation=found, actor=request.actor)
    messages.success(request, said % {"number": found.version.number})
    return found


def _shares(request: HttpRequest, kind: str) -> dict[PromptVersion, int]:
    versions = queries.versions_of(request.workspace).filter(template__kind=kind)
    return {each: forms.whole(request.POST, f"weight-{each.pk}", 0) for each in versions}


def _version(request: HttpRequest, kind: str) -> PromptVersion:
    rows = queries.versions_of(request.workspace).filter(template__kind=kind)
    return get_object_or_404(rows, pk=forms.whole(request.POST, "version", 0))
