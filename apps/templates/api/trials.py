"""Trying a version or a draft."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from apps.common.schemas import Body
from apps.templates import queries, services
from apps.templates.api.versions import SAMPLE, DraftIn, draft_of
from apps.templates.models import PromptVersion
from apps.templates.samples import sample_values
from apps.templates.trials import Trial, try_version, unsaved_version

router = Router(tags=["ai"])


class TrialIn(Body):
    kind: str = Field(
        "script", max_length=24, description="Where neither version nor draft is given.", examples=["script"]
    )
    version_id: int | None = Field(None, description="Null: the draft, else the active version of the kind.")
    draft: DraftIn | None = Field(None, description="A version that is not kept.", examples=[None])
    against: int | None = Field(None, description="A second version, to compare.", examples=[None])
    variables: dict[str, Any] | None = Field(
        None,
        description="Null: of the item, else made up. Those that a version does not know are left out.",
        examples=[SAMPLE],
    )
    item_id: int | None = Field(None, description="An item whose values are taken.")
    fresh: bool = Field(False, description="Ask again, even if the answer is known and paid for.")
    without_model: bool = Field(False, description="Ask nobody; answer from the variables alone.")


class UsedOut(Schema):
    input_tokens: int = Field(0, examples=[512])
    output_tokens: int = Field(0, examples=[130])


class TriedOut(Schema):
    version_id: int | None = Field(description="Null: a draft.")
    instructions: str = Field(description="As asked, placeholders filled.")
    prompt: str
    output: dict[str, Any] | None
    valid: bool
    problem: str = Field(description="Why there is no output, and the way out.", examples=[""])
    new_links: list[str] = Field(description="Links and mentions that it was not given.", examples=[[]])
    engine: str = Field(description="“extractive”: no model wrote it.", examples=["openai"])
    model: str = Field(examples=["gpt-5-mini"])
    usage: UsedOut
    cost: Decimal | None = Field(description="US dollars; null: unknown.", examples=["0.0012"])
    seconds: float = Field(examples=[2.4])
    reused: bool = Field(description="Known already; nothing was asked or paid.")
    generation_id: int | None


class TrialOut(Schema):
    variables: dict[str, Any]
    results: list[TriedOut] = Field(description="One, or two where two versions are compared.")


@router.post("/ai/test-prompt", response=TrialOut, summary="Try a version or a draft")
def test_prompt(request: HttpRequest, data: TrialIn) -> dict[str, Any]:
    """Asks within the budget, and shows everything: the filled prompt, the answer, tokens, cost and time."""
    request.actor.require("manage_templates", request.workspace)
    versions = _versions_to_try(request, data)
    variables = data.variables
    if variables is None:
        variables = sample_values(request.workspace, versions[0].variables, item_id=data.item_id)
    tried = [
        try_version(
            workspace=request.workspace,
            version=version,
            variables=variables,
            actor=request.actor,
            fresh=data.fresh,
            without_model=data.without_model,
        )
        for version in versions
    ]
    return {"variables": variables, "results": [_tried(each) for each in tried]}


def _versions_to_try(request: HttpRequest, data: TrialIn) -> list[PromptVersion]:
    if data.draft is not None:
        first = unsaved_version(workspace=request.workspace, kind=data.kind, draft=draft_of(data.draft))
    elif data.version_id is not None:
        first = queries.version_of(request.workspace, data.version_id)
    else:
        first = queries.active_version(data.kind, request.workspace)
    if data.against is None:
        return [first]
    second = queries.version_of(request.workspace, data.against)
    services.check_kind(request.workspace, first.template.kind, second)
    return [first, second]


def _tried(trial: Trial) -> dict[str, Any]:
    row = trial.generation
    return {
        "version_id": trial.version.pk,
        "instructions": trial.prompt.instructions,
        "prompt": trial.prompt.text,
        "output": trial.output,
        "valid": trial.is_valid,
        "problem": trial.problem,
        "new_links": row.new_links if row else [],
        "engine": row.engine if row else "",
        "model": row.model if row else "",
        "usage": row.usage if row else {},
        "cost": row.cost if row else None,
        "seconds": row.seconds if row else 0,
        "reused": bool(row and row.reused_id),
        "generation_id": row.pk if row else None,
    }
