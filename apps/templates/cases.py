"""Test cases of a kind: made, run against a version, and read by the gate before an activation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jsonschema
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.common.errors import AdapterError, Conflict, Invalid
from apps.common.text.words import count_graphemes, fit
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.templates.generation import NoText, generate
from apps.templates.models import CaseResult, Generation, Kind, PromptCase, PromptVersion
from apps.templates.providers import asked_of
from apps.templates.services import check_kind
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

CHECKS = {
    "contains": gettext_lazy("contains"),
    "not_contains": gettext_lazy("does not contain"),
    "max_length": gettext_lazy("has at most … characters"),
    "min_length": gettext_lazy("has at least … characters"),
    "no_new_links": gettext_lazy("has no links that it was not given"),
}
_LENGTHS = {"max_length", "min_length"}


def add_case(
    *,
    workspace: Workspace,
    kind: str,
    name: str,
    variables: Mapping[str, Any],
    checks: Sequence[Mapping[str, Any]],
    actor: Actor,
) -> PromptCase:
    """A case that versions of that kind should pass. Raises Invalid; Conflict for a name that is taken."""
    actor.require("manage_templates", workspace)
    problems = _problems(kind, name, checks)
    if problems:
        raise Invalid(_("The test case is not complete."), **problems)
    case = PromptCase(
        workspace=workspace,
        kind=kind,
        name=name.strip(),
        variables=dict(variables),
        checks=_clean(checks),
        author_label=actor.label,
    )
    with unit_of_work():
        _save(case)
        _told(case, actor, "add_case")
    return case


def change_case(
    *, case: PromptCase, name: str, variables: Mapping[str, Any], checks: Sequence[Mapping[str, Any]], actor: Actor
) -> PromptCase:
    """Say something else with a case; it has to be run again. Raises as `add_case`."""
    actor.require("manage_templates", case.workspace)
    problems = _problems(case.kind, name, checks)
    if problems:
        raise Invalid(_("The test case is not complete."), **problems)
    case.name, case.variables, case.checks = name.strip(), dict(variables), _clean(checks)
    with unit_of_work():
        _save(case)
        case.results.all().delete()
        _told(case, actor, "change_case")
    return case


def _clean(checks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"check": each["check"], "field": each.get("field", ""), "value": each.get("value", "")} for each in checks]


def _save(case: PromptCase) -> None:
    try:
        with transaction.atomic():
            case.save()
    except IntegrityError as error:
        raise Conflict(_("There is a test case of that name."), name=[_("Choose another name.")]) from error


def _problems(kind: str, name: str, checks: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    if kind not in Kind.values:
        problems["kind"] = [_("There is no such kind of template.")]
    if not name.strip() or len(name) > 120:
        problems["name"] = [_("Give it a name of at most 120 characters.")]
    for check in checks:
        if check.get("check") not in CHECKS:
            problems["checks"] = [_("A check is one of: %(checks)s.") % {"checks": ", ".join(CHECKS)}]
        elif check["check"] in _LENGTHS and not str(check.get("value", "")).isdecimal():
            problems["checks"] = [_("A length is a whole number.")]
        elif check["check"] in {"contains", "not_contains"} and not str(check.get("value", "")).strip():
            problems["checks"] = [_("Say which words.")]
    return problems


def remove_case(*, case: PromptCase, actor: Actor) -> None:
    actor.require("manage_templates", case.workspace)
    with unit_of_work():
        _told(case, actor, "remove_case")
        case.delete()


def cases_of(workspace: Workspace, kind: str, version: PromptVersion) -> QuerySet[PromptCase]:
    """The cases of a kind, each with `passed` and `failures` of its last run with that version (None: not run)."""
    last = CaseResult._base_manager.filter(case=OuterRef("pk"), version=version).order_by("-created_at", "-pk")
    rows = PromptCase._base_manager.filter(workspace=workspace, kind=kind)
    return rows.annotate(
        passed=Subquery(last.values("passed")[:1]),
        failures=Subquery(last.values("failures")[:1]),
        run_by=Subquery(last.values("engine")[:1]),
    ).order_by("name")


def not_passed(workspace: Workspace, kind: str, version: PromptVersion) -> list[PromptCase]:
    """Cases whose last run failed, is missing, or was by another engine than the one that does the work."""
    engine = asked_of(workspace, model=version.model).engine
    return [case for case in cases_of(workspace, kind, version) if not case.passed or case.run_by != engine]


def run_cases(
    *, workspace: Workspace, version: PromptVersion, actor: Actor, without_model: bool = False
) -> list[CaseResult]:
    """Run every case of the version's kind; paid for like any text, and an answer that is known costs nothing.

    without_model: see whether variables and form fit, without asking anybody. Raises BudgetExceeded.
    """
    actor.require("manage_templates", workspace)
    kind = version.template.kind
    check_kind(workspace, kind, version)
    rows = PromptCase._base_manager.filter(workspace=workspace, kind=kind).order_by("name")
    results = [_run(case, version, actor, without_model) for case in rows]
    with unit_of_work():
        CaseResult._base_manager.bulk_create(results)
        data = {"kind": kind, "number": version.number, "passed": sum(each.passed for each in results)}
        data["of"] = len(results)
        audit.record(workspace=workspace, actor=actor, action="template.run_cases", target=version, data=data)
        emit(workspace=workspace, type="template.cases", subject=version, data={**data, "by": actor.label})
    return results


def _run(case: PromptCase, version: PromptVersion, actor: Actor, without_model: bool) -> CaseResult:
    row, failures = None, []
    try:
        written = generate(
            workspace=case.workspace,
            kind=case.kind,
            variables=case.variables,
            actor=actor,
            version=version,
            trial=True,
            without_model=without_model,
        )
        row, failures = written.generation, failures_of(case.checks, written.data, written.generation, version.schema)
    except NoText as error:
        row = Generation._base_manager.get(pk=error.details["generation"])
        failures = [str(error)]
    except AdapterError as error:
        failures = [str(error)]
    except Invalid as error:
        failures = [f"{name}: {reason}" for name, reasons in error.details.items() for reason in reasons]
    return CaseResult(
        workspace=case.workspace,
        case=case,
        version=version,
        generation=row,
        engine=row.engine if row else "",
        passed=not failures,
        failures=failures,
    )


def failures_of(
    checks: Sequence[Mapping[str, Any]], data: Mapping[str, Any], row: Generation, schema: Mapping[str, Any]
) -> list[str]:
    """Sentences about what does not hold; the form of the answer is checked always."""
    failures = []
    problem = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(data))
    if problem is not None:
        failures.append(_("Not in the asked form: %(reason)s") % {"reason": fit(problem.message, 200)})
    for check in checks:
        if check["check"] == "no_new_links":
            if row.new_links:
                failures.append(
                    _("It has links that it was not given: %(links)s") % {"links": ", ".join(row.new_links)}
                )
            continue
        text = _text_of(data, check["field"])
        holds, sentence = _TESTS[check["check"]]
        if not holds(text, str(check["value"])):
            failures.append(sentence() % {"field": check["field"] or _("The answer"), "value": check["value"]})
    return failures


def _text_of(data: Mapping[str, Any], field: str) -> str:
    value = data.get(field, "") if field else data
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_TESTS: dict[str, tuple[Callable[[str, str], bool], Callable[[], str]]] = {
    "contains": (
        lambda text, value: value.casefold() in text.casefold(),
        lambda: _("%(field)s does not contain “%(value)s”."),
    ),
    "not_contains": (
        lambda text, value: value.casefold() not in text.casefold(),
        lambda: _("%(field)s contains “%(value)s”."),
    ),
    "max_length": (
        lambda text, value: count_graphemes(text) <= int(value),
        lambda: _("%(field)s is longer than %(value)s characters."),
    ),
    "min_length": (
        lambda text, value: count_graphemes(text) >= int(value),
        lambda: _("%(field)s is shorter than %(value)s characters."),
    ),
}


def _told(case: PromptCase, actor: Actor, action: str) -> None:
    data = {"kind": case.kind, "name": case.name}
    audit.record(workspace=case.workspace, actor=actor, action=f"template.{action}", target=case, data=data)
    emit(
        workspace=case.workspace,
        type="template.changed",
        subject=f"prompt.{case.kind}",
        data={**data, "by": actor.label},
    )
