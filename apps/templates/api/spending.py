"""Spending, the provider, and what was generated."""

# No postponed annotations here: the pagination's wrapper would look for their names in its own module.

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema
from ninja.pagination import paginate

from apps.common.errors import AdapterError
from apps.common.pagination import CursorPagination
from apps.common.rows import found
from apps.common.schemas import Body
from apps.templates import money, queries
from apps.templates.models import Generation

router = Router(tags=["ai"])


class DayOut(Schema):
    day: date
    kind: str = Field(examples=["script"])
    cost: Decimal = Field(examples=["0.12"])
    calls: int = Field(examples=[3])


class BudgetOut(Schema):
    begins: date = Field(description="The month, in UTC.")
    spent: Decimal = Field(examples=["1.20"])
    reserved: Decimal = Field(description="Set aside for calls under way.", examples=["0"])
    soft_limit: Decimal | None = Field(description="US dollars at which a notice goes out.", examples=["20"])
    hard_limit: Decimal | None = Field(description="US dollars at which text waits.", examples=["30"])
    left: Decimal | None = Field(examples=["28.80"])
    state: Literal["within", "near", "over"]
    calls: int
    reused: int = Field(description="Answers that were known, and cost nothing.")
    unpriced: int = Field(description="Calls whose cost nobody knows; give the provider's prices.")


class BudgetIn(Body):
    soft_limit: Decimal | None = Field(None, ge=0, max_digits=12, decimal_places=6, examples=["20"])
    hard_limit: Decimal | None = Field(None, ge=0, max_digits=12, decimal_places=6, examples=["30"])


@router.get("/ai/budget", response=BudgetOut, summary="What is spent this month")
def get_budget(request: HttpRequest) -> money.Month:
    request.actor.require("view_content", request.workspace)
    return money.month(request.workspace)


@router.put("/ai/budget", response=BudgetOut, summary="Set the month's limits")
def set_budget(request: HttpRequest, data: BudgetIn) -> money.Month:
    """US dollars a calendar month; null: no limit. Over the hard one, text waits."""
    money.set_budget(workspace=request.workspace, actor=request.actor, **data.dict())
    return money.month(request.workspace)


@router.get("/ai/budget/days", response=list[DayOut], summary="Spending by day and kind, the last 30 days")
def list_spending(request: HttpRequest) -> list[money.Day]:
    request.actor.require("view_content", request.workspace)
    return money.days(request.workspace)


class ProviderHealthOut(Schema):
    state: Literal["unused", "answers", "failing", "resting"] = Field(
        description="“resting”: it asked for it, or did not answer five times in a row; work waits until then."
    )
    until: datetime | None = Field(examples=[None])
    failures: int = Field(description="Calls without an answer since the last one with.", examples=[0])
    said: str = Field(description="Why the last of them had none.", examples=[""])
    running: int = Field(description="Calls under way.", examples=[1])
    last_minute: int = Field(description="Calls begun in the last minute.", examples=[4])
    answered_at: datetime | None


class PriceOut(Schema):
    input: Decimal = Field(description="US dollars per million tokens read.", examples=["0.25"])
    output: Decimal = Field(examples=["2"])


class ProviderOut(Schema):
    own: bool = Field(description="False: the installation's provider is asked.")
    engine: str = Field(description="“extractive”: no model is used.", examples=["openai"])
    base_url: str = Field(description="Of the workspace's own provider.", examples=["https://llm.example.org/v1"])
    model: str = Field(examples=["gpt-5-mini"])
    has_key: bool = Field(description="The key itself is never given back.")
    input_price: Decimal | None = Field(description="US dollars per million tokens.", examples=["0.25"])
    output_price: Decimal | None = Field(examples=["2"])
    concurrency: int = Field(examples=[2])
    calls_per_minute: int = Field(examples=[0])
    price: PriceOut | None = Field(
        description="What counts against the budget; null: nobody knows, and with a hard limit nothing is asked."
    )
    health: ProviderHealthOut


class ProviderIn(Body):
    engine: Literal["openai", "extractive"] = "openai"
    base_url: str = Field(
        "", max_length=200, description="Empty: OpenAI's own.", examples=["https://llm.example.org/v1"]
    )
    model: str = Field("", max_length=120, examples=["gpt-5-mini"])
    api_key: str | None = Field(
        None,
        max_length=500,
        description="Never given back. Null keeps the present one, unless the address changes; empty forgets it.",
        examples=["sk-example"],
    )
    input_price: Decimal | None = Field(None, ge=0, max_digits=12, decimal_places=6, examples=["0.25"])
    output_price: Decimal | None = Field(None, ge=0, max_digits=12, decimal_places=6, examples=["2"])
    concurrency: int = Field(2, ge=1, le=64)
    calls_per_minute: int = Field(0, ge=0, le=10_000, description="0: no limit.")


class ConnectionOut(Schema):
    answers: bool
    problem: str = Field(description="Why it does not answer, and the way out.", examples=[""])
    models: list[str] = Field(description="What the provider offers.", examples=[["gpt-5-mini"]])
    model: str = Field(examples=["gpt-5-mini"])
    has_model: bool = Field(description="The chosen model is among them.")


@router.get("/ai/provider", response=ProviderOut, summary="Who is asked for text")
def get_provider(request: HttpRequest) -> dict[str, Any]:
    request.actor.require("view_content", request.workspace)
    return money.shown_provider(request.workspace)


@router.put("/ai/provider", response=ProviderOut, summary="Set the workspace's own provider")
def set_provider(request: HttpRequest, data: ProviderIn) -> dict[str, Any]:
    fields = data.dict()
    key = fields.pop("api_key")
    money.set_provider(workspace=request.workspace, actor=request.actor, fields=fields, api_key=key)
    return money.shown_provider(request.workspace)


@router.delete("/ai/provider", response=ProviderOut, summary="Ask the installation's provider again")
def remove_provider(request: HttpRequest) -> dict[str, Any]:
    """The key is forgotten."""
    money.remove_provider(workspace=request.workspace, actor=request.actor)
    return money.shown_provider(request.workspace)


@router.post("/ai/provider/check", response=ConnectionOut, summary="See whether the provider answers")
def check_provider(request: HttpRequest) -> dict[str, Any]:
    """Asks which models there are; nothing is spent."""
    try:
        connection = money.check_provider(workspace=request.workspace, actor=request.actor)
    except AdapterError as error:
        problem = f"{error.message} {error.hint}".strip()
        return {"answers": False, "problem": problem, "models": [], "model": "", "has_model": False}
    return {"answers": True, "problem": "", **vars(connection), "has_model": connection.has_model}


class GenerationOut(Schema):
    id: int = Field(examples=[41])
    kind: str = Field(examples=["script"])
    version_id: int | None = Field(description="Null: a draft that was tried.")
    subject: str = Field(description="What it was for.", examples=["stories.story:7"])
    engine: str = Field(description="“extractive”: no model wrote it.", examples=["openai"])
    model: str = Field(examples=["gpt-5-mini"])
    outcome: str = Field(examples=["parsed"])
    note: str = Field(description="What the engine said instead of an answer.", examples=[""])
    usage: dict[str, Any] = Field(examples=[{"input_tokens": 512, "output_tokens": 130}])
    cost: Decimal | None = Field(description="US dollars; null: unknown or nothing.", examples=["0.0012"])
    seconds: float
    reused_id: int | None = Field(description="The call whose answer this one took; it cost nothing.")
    trial: bool
    new_links: list[str]
    seo_score: int | None
    edit_share: float | None = Field(description="How much people changed, 0 to 1.")
    engagement: float | None
    by: str = Field(examples=["Ada"])
    created_at: datetime

    @staticmethod
    def resolve_by(row: Generation) -> str:
        return row.actor


class GenerationFull(GenerationOut):
    data: dict[str, Any] | None = Field(description="The answer.")


class GenerationFilter(Schema):
    kind: str = Field("", max_length=24)
    outcome: str = Field("", max_length=12)
    engine: str = Field("", max_length=40)
    subject: str = Field("", max_length=80)
    trial: bool | None = None
    flagged: bool | None = Field(None, description="With links that it was not given.")


@router.get("/ai/generations", response=list[GenerationOut], summary="Calls to text engines")
@paginate(CursorPagination)
def list_generations(request: HttpRequest, filters: Query[GenerationFilter]) -> QuerySet[Generation]:
    """Newest first."""
    request.actor.require("view_content", request.workspace)
    return queries.filtered_generations(**filters.dict())


@router.get("/ai/generations/{int:generation_id}", response=GenerationFull, summary="One call, with its answer")
def get_generation(request: HttpRequest, generation_id: int) -> Generation:
    request.actor.require("view_content", request.workspace)
    return found(queries.generations(), generation_id, _("There is no such generation."))
