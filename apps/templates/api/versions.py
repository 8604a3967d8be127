"""AI templates: versions, which one is used, test cases, ranking."""

# No postponed annotations here: the pagination's wrapper would look for their names in its own module.

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import ConfigDict

from apps.common.pagination import CursorPagination
from apps.common.rows import found
from apps.common.schemas import Body
from apps.templates import activation, cases, outcomes, queries, services
from apps.templates.models import Activation, CaseResult, PromptCase, PromptTemplate, PromptVersion
from apps.templates.services import Draft

router = Router(tags=["ai"])
_VARIABLES = [{"name": "title", "type": "text", "required": True, "material": True, "about": "Title"}]
_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["hook"],
    "properties": {"hook": {"type": "string", "maxLength": 240}},
}
SAMPLE = {"title": "Boats", "story": "They sail by night.", "language": "en", "parts": 1}


class VariableIn(Body):
    name: str = Field(max_length=40, examples=["title"])
    type: Literal["text", "number", "list"] = "text"
    required: bool = True
    material: bool = Field(False, description="Written by strangers: it is marked as data.")
    links: bool = Field(False, description="Links in it may stand in the answer.")
    about: str = Field("", max_length=240, examples=["Title"])
    sample: str | int | float | list[str] | None = Field(None, description="What it is tried with.", examples=[None])


class DraftIn(Body):
    instructions: str = Field(max_length=20_000, examples=["Write in the language “en”."])
    text: str = Field(
        max_length=60_000,
        description="{{name}} stands for a variable; for braces that stay, write \\{{ and \\}}.",
        examples=["About {{title}}."],
    )
    variables: list[VariableIn] = Field(
        max_length=60, description="Those that the built-in template of the kind has.", examples=[_VARIABLES]
    )
    answer: dict[str, Any] = Field(description="JSON Schema of the answer: an object.", examples=[_SCHEMA])
    model: str = Field("", max_length=120, description="Empty: the provider's.", examples=[""])
    options: dict[str, float] = Field({}, description="temperature, max_output_tokens", examples=[{"temperature": 0.7}])
    note: str = Field("", max_length=240, description="What changed.", examples=["Calmer"])


class NewVersion(DraftIn):
    kind: str = Field(max_length=24, examples=["hook"])


class VersionOut(Schema):
    id: int = Field(examples=[12])
    kind: str = Field(examples=["script"])
    number: int = Field(examples=[3])
    built_in: bool
    instructions: str
    text: str
    variables: list[dict[str, Any]]
    answer: dict[str, Any] = Field(description="JSON Schema of the answer.")
    answer_version: int = Field(description="The same number: the same form of the answer.", examples=[1])
    model: str
    options: dict[str, Any] = Field(examples=[{"temperature": 0.7}])
    note: str
    by: str = Field(examples=["Ada"])
    created_at: datetime

    @staticmethod
    def resolve_kind(version: PromptVersion) -> str:
        return version.template.kind

    @staticmethod
    def resolve_built_in(version: PromptVersion) -> bool:
        return version.template.is_built_in

    @staticmethod
    def resolve_answer(version: PromptVersion) -> dict[str, Any]:
        return version.schema

    @staticmethod
    def resolve_by(version: PromptVersion) -> str:
        return version.author_label


class Share(Body):
    version_id: int = Field(examples=[12])
    weight: int = Field(ge=0, le=1000, examples=[70])


class TemplateOut(Schema):
    kind: str = Field(examples=["script"])
    label: str = Field(examples=["Script of a story"])
    built_in: bool = Field(description="The workspace has no template of its own of this kind.")
    active: VersionOut
    staging: VersionOut | None = Field(description="On trial; no work uses it.")
    shares: list[Share] = Field(description="Versions that share the work; empty: the active one does it all.")
    needs_approval: bool
    needs_cases: bool

    @staticmethod
    def resolve_label(template: PromptTemplate) -> str:
        return template.get_kind_display()

    @staticmethod
    def resolve_built_in(template: PromptTemplate) -> bool:
        return template.is_built_in

    @staticmethod
    def resolve_shares(template: PromptTemplate) -> list[dict[str, int]]:
        return [{"version_id": each["version"], "weight": each["weight"]} for each in template.split]


class RulesIn(Body):
    needs_approval: bool | None = Field(None, description="A second person agrees before a version is used.")
    needs_cases: bool | None = Field(None, description="A version passes its test cases before it is used.")


class StageIn(Body):
    version_id: int | None = Field(description="Null: no version is on trial.")


class ActivationOut(Schema):
    id: int = Field(examples=[5])
    version: int = Field(description="Number of the version.", examples=[3])
    version_id: int
    before: int | None = Field(description="Number of the version that it took the place of.", examples=[2])
    state: Literal["waiting", "done", "declined", "undone"]
    asked_by: str = Field(examples=["Ada"])
    decided_by: str = Field(examples=["Grace"])
    created_at: datetime
    decided_at: datetime | None

    @staticmethod
    def resolve_version(row: Activation) -> int:
        return row.version.number

    @staticmethod
    def resolve_before(row: Activation) -> int | None:
        return row.before.number if row.before else None

    @staticmethod
    def resolve_asked_by(row: Activation) -> str:
        return row.asked_label

    @staticmethod
    def resolve_decided_by(row: Activation) -> str:
        return row.decided_label


class EstimateOut(Schema):
    measure: str = Field(examples=["seo_score"])
    count: int = Field(examples=[24])
    mean: float | None = Field(description="Null: not enough results yet.", examples=[81.5])
    low: float | None = Field(description="80% interval of the mean.", examples=[78.0])
    high: float | None = Field(examples=[85.0])
    leads: bool = Field(description="It differs from every other by more than chance; of none: no difference is seen.")


class RankOut(Schema):
    version_id: int
    version: int = Field(examples=[3])
    calls: int
    cost: Decimal | None = Field(description="US dollars; null: unknown.", examples=["0.42"])
    estimates: list[EstimateOut]


class CaseIn(Body):
    name: str = Field(max_length=120, examples=["A sad story"])
    variables: dict[str, Any] = Field(examples=[SAMPLE])
    checks: list[dict[str, Any]] = Field(
        description="check: contains, not_contains, max_length, min_length or no_new_links; field: of the answer; "
        "empty: all of it; value.",
        examples=[[{"check": "contains", "field": "title", "value": "boats"}]],
    )


class CaseOut(CaseIn):
    model_config = ConfigDict(extra="ignore")

    id: int = Field(examples=[4])
    kind: str = Field(examples=["script"])
    by: str = Field(examples=["Ada"])
    created_at: datetime

    @staticmethod
    def resolve_by(case: PromptCase) -> str:
        return case.author_label


class CaseResultOut(Schema):
    case_id: int
    name: str = Field(examples=["A sad story"])
    passed: bool
    failures: list[str] = Field(examples=[["title does not contain “boats”."]])
    engine: str = Field(examples=["openai"])

    @staticmethod
    def resolve_name(result: CaseResult) -> str:
        return result.case.name


class RunIn(Body):
    without_model: bool = Field(False, description="Only see whether variables and form fit; nobody is asked.")


@router.get("/ai/templates", response=list[TemplateOut], summary="List AI templates")
def list_templates(request: HttpRequest) -> QuerySet[PromptTemplate]:
    """One a kind: the workspace's own where it has one, else the built-in."""
    request.actor.require("view_content", request.workspace)
    return queries.templates_of(request.workspace)


@router.post("/ai/templates", response={201: VersionOut}, summary="Add a version")
def add_version(request: HttpRequest, data: NewVersion) -> Status:
    """The next version of that kind; it is used when it is activated. Versions never change."""
    version = services.add_version(
        workspace=request.workspace, kind=data.kind, draft=draft_of(data), actor=request.actor
    )
    return Status(201, version)


@router.get("/ai/templates/{kind}", response=TemplateOut, summary="One AI template")
def get_template(request: HttpRequest, kind: str) -> PromptTemplate:
    request.actor.require("view_content", request.workspace)
    return queries.template_of(request.workspace, kind)


@router.patch("/ai/templates/{kind}", response=TemplateOut, summary="Say what a version needs")
def change_template_rules(request: HttpRequest, kind: str, data: RulesIn) -> PromptTemplate:
    """What must happen before a version of this kind is used. Only what is sent changes."""
    services.set_rules(workspace=request.workspace, kind=kind, actor=request.actor, **data.dict())
    return queries.template_of(request.workspace, kind)


@router.delete("/ai/templates/{kind}", response=TemplateOut, summary="Go back to the built-in template")
def remove_template(request: HttpRequest, kind: str) -> PromptTemplate:
    """The workspace's own versions stay, for what was written with them; the next one counts on."""
    return services.remove_template(workspace=request.workspace, kind=kind, actor=request.actor)


@router.get("/ai/templates/{kind}/active", response=VersionOut, summary="The active version, or the built-in one")
def get_active_version(request: HttpRequest, kind: str) -> PromptVersion:
    request.actor.require("view_content", request.workspace)
    return queries.active_version(kind, request.workspace)


@router.get("/ai/templates/{kind}/versions", response=list[VersionOut], summary="Versions of a kind")
@paginate(CursorPagination)
def list_versions(request: HttpRequest, kind: str) -> QuerySet[PromptVersion]:
    """The workspace's own and the built-in ones, newest first."""
    request.actor.require("view_content", request.workspace)
    return queries.versions_of(request.workspace).filter(template__kind=_kind(request, kind))


@router.put("/ai/templates/{kind}/staging", response=TemplateOut, summary="Put a version on trial")
def stage_version(request: HttpRequest, kind: str, data: StageIn) -> PromptTemplate:
    version = queries.version_of(request.workspace, data.version_id) if data.version_id is not None else None
    services.stage_version(workspace=request.workspace, kind=kind, version=version, actor=request.actor)
    return queries.template_of(request.workspace, kind)


@router.put("/ai/templates/{kind}/shares", response=TemplateOut, summary="Let versions share the work")
def share_work(request: HttpRequest, kind: str, data: list[Share]) -> PromptTemplate:
    """By weight, sticky: the same subject meets the same version. An empty list: the active one does it all."""
    shares = {queries.version_of(request.workspace, each.version_id): each.weight for each in data}
    services.split_work(workspace=request.workspace, kind=kind, shares=shares, actor=request.actor)
    return queries.template_of(request.workspace, kind)


@router.post("/ai/templates/{kind}/rollback", response=TemplateOut, summary="Use the version before again")
def roll_back_template(request: HttpRequest, kind: str) -> PromptTemplate:
    """At once, without approval: it was in use before. 409 when nothing was."""
    activation.roll_back(workspace=request.workspace, kind=kind, actor=request.actor)
    return queries.template_of(request.workspace, kind)


@router.get("/ai/templates/{kind}/activations", response=list[ActivationOut], summary="Which version was used when")
@paginate(CursorPagination)
def list_activations(request: HttpRequest, kind: str) -> QuerySet[Activation]:
    request.actor.require("view_content", request.workspace)
    return queries.activations_of(request.workspace, _kind(request, kind))


@router.get("/ai/templates/{kind}/ranking", response=list[RankOut], summary="Versions by what became of their texts")
def get_ranking(request: HttpRequest, kind: str) -> list[dict[str, Any]]:
    """The best first. What was written without a model, or to try a version, does not count."""
    request.actor.require("view_content", request.workspace)
    ranked = outcomes.ranking(request.workspace, _kind(request, kind))
    leads = {each.measure.name: each.version for each in outcomes.verdicts(ranked)}
    return [_ranked(each, leads) for each in ranked]


@router.get("/ai/templates/{kind}/cases", response=list[CaseOut], summary="Test cases of a kind")
@paginate(CursorPagination)
def list_test_cases(request: HttpRequest, kind: str) -> QuerySet[PromptCase]:
    request.actor.require("view_content", request.workspace)
    return PromptCase.objects.filter(kind=_kind(request, kind))


@router.post("/ai/templates/{kind}/cases", response={201: CaseOut}, summary="Add a test case")
def add_test_case(request: HttpRequest, kind: str, data: CaseIn) -> Status:
    case = cases.add_case(workspace=request.workspace, kind=kind, actor=request.actor, **data.dict())
    return Status(201, case)


@router.put("/ai/templates/cases/{int:case_id}", response=CaseOut, summary="Change a test case")
def change_test_case(request: HttpRequest, case_id: int, data: CaseIn) -> PromptCase:
    """What it has passed so far no longer counts."""
    return cases.change_case(case=_case(case_id), actor=request.actor, **data.dict())


@router.delete("/ai/templates/cases/{int:case_id}", response={204: None}, summary="Remove a test case")
def remove_test_case(request: HttpRequest, case_id: int) -> Status:
    cases.remove_case(case=_case(case_id), actor=request.actor)
    return Status(204, None)


@router.get("/ai/templates/versions/{int:version_id}", response=VersionOut, summary="One version")
def get_version(request: HttpRequest, version_id: int) -> PromptVersion:
    request.actor.require("view_content", request.workspace)
    return queries.version_of(request.workspace, version_id)


@router.post("/ai/templates/versions/{int:version_id}/activate", response=TemplateOut, summary="Activate a version")
def activate_version(request: HttpRequest, version_id: int) -> PromptTemplate:
    """Where the kind asks for a second person, it waits in `activations` and the answer shows the version still in
    use. 409 when its test cases do not pass."""
    version = queries.version_of(request.workspace, version_id)
    activation.activate_version(workspace=request.workspace, version=version, actor=request.actor)
    return queries.template_of(request.workspace, version.template.kind)


@router.post(
    "/ai/templates/versions/{int:version_id}/cases", response=list[CaseResultOut], summary="Run the test cases"
)
def run_test_cases(request: HttpRequest, version_id: int, data: RunIn) -> list[CaseResult]:
    """All cases of its kind; paid for like any text, and an answer that is known costs nothing."""
    version = queries.version_of(request.workspace, version_id)
    return cases.run_cases(
        workspace=request.workspace, version=version, actor=request.actor, without_model=data.without_model
    )


@router.post(
    "/ai/templates/activations/{int:activation_id}/approve", response=TemplateOut, summary="Agree to an activation"
)
def approve_activation(request: HttpRequest, activation_id: int) -> PromptTemplate:
    """403 for the one who asked."""
    asked = _activation(activation_id)
    activation.approve_activation(activation=asked, actor=request.actor)
    return queries.template_of(request.workspace, asked.template.kind)


@router.post(
    "/ai/templates/activations/{int:activation_id}/decline", response=ActivationOut, summary="Decline an activation"
)
def decline_activation(request: HttpRequest, activation_id: int) -> Activation:
    return activation.decline_activation(activation=_activation(activation_id), actor=request.actor)


def draft_of(data: DraftIn) -> Draft:
    options = {name: int(value) if value == int(value) else value for name, value in data.options.items()}
    return Draft(
        instructions=data.instructions,
        text=data.text,
        variables=[_plain(each) for each in data.variables],
        schema=data.answer,
        model=data.model,
        options=options,
        note=data.note,
    )


def _kind(request: HttpRequest, kind: str) -> str:
    """Raises NotFound for a kind that there is not."""
    return queries.template_of(request.workspace, kind).kind


def _case(case_id: int) -> PromptCase:
    return found(PromptCase.objects.all(), case_id, _("There is no such test case."))


def _plain(variable: VariableIn) -> dict[str, Any]:
    """As a version keeps it; what says nothing is left out."""
    kept = variable.dict(exclude_none=True)
    return {name: value for name, value in kept.items() if value is not False or name == "required"}


def _activation(activation_id: int) -> Activation:
    rows = Activation.objects.select_related("template", "version__template", "before", "workspace")
    return found(rows, activation_id, _("There is no such activation."))


def _ranked(each: outcomes.Ranked, leads: dict[str, PromptVersion | None]) -> dict[str, Any]:
    estimates = [
        {
            "measure": found.measure.name,
            "count": found.count,
            "mean": found.mean,
            "low": found.low,
            "high": found.high,
            "leads": leads[found.measure.name] == each.version,
        }
        for found in each.estimates
    ]
    version = each.version
    return {
        "version_id": version.pk,
        "version": version.number,
        "calls": each.calls,
        "cost": each.cost,
        "estimates": estimates,
    }
