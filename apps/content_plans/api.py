"""Content plans over the API: briefs, processing, research and rounds."""

# No postponed annotations here: the pagination's wrapper would look for their names in its own module.

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, File, Query, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.pagination import paginate

from apps.common.errors import NotFound
from apps.common.pagination import CursorPagination
from apps.common.rows import found
from apps.common.schemas import Body, Id, RunRef
from apps.content_plans import queries, services
from apps.content_plans.models import ContentPlan, ResearchPage, Round
from apps.content_plans.services import PlanDraft
from apps.content_plans.services.batches import MOST_BYTES, Report
from apps.lifecycle.services import open_actions

router = Router()

State = Literal["draft", "queued", "researching", "generating", "refining", "ready", "failed"]
Sort = Literal["title", "-title", "score", "-score", "due", "-due", "made", "-made"]
Kind = Literal["research_summary", "outline", "blog_draft", "metadata", "seo_rewrite", "variant"]


class PlanFilter(Schema):
    state: State | None = Field(None, description="Only plans in this state.")
    owner: Id | None = Field(None, description="Only plans of this person.")
    platform: str = Field("", max_length=40, description="Only plans with a variant for this platform.")
    search: str = Field("", max_length=200, description="Words of the brief, or their beginnings.")
    sort: Sort = Field("-made", description="A minus sign turns it around; plans without a score or a day come last.")


class PlanIn(Body):
    title: str = Field(max_length=300, examples=["Rain barrels for a small garden"])
    goal: str = Field("", max_length=5000, examples=["Readers choose a barrel that fits their garden."])
    audience: str = Field("", max_length=5000, examples=["People with their first garden."])
    keyphrase: str = Field("", max_length=120, examples=["rain barrel"])
    secondary: list[str] = Field([], examples=[["water butt"]])
    tone: str = Field("", max_length=120, examples=["friendly, to the point"])
    language: str = Field("", max_length=8, description="Empty: the workspace's.", examples=["en"])
    platforms: list[str] = Field([], description="Platforms that get a variant.", examples=[["bluesky", "wordpress"]])
    accounts: list[Id] = Field([], description="Where the item is scheduled; none: as accounts say.")
    competitor_urls: list[str] = Field([], examples=[["https://example.org/barrels"]])
    skip_research: bool = False
    overrides: dict[Kind, int] = Field(
        {}, description="Version of an AI template by kind, instead of the active one.", examples=[{}]
    )
    due_on: date | None = Field(None, examples=["2027-03-01"])
    owner: int | None = Field(None, description="A member; none: the caller.")

    def draft(self) -> PlanDraft:
        values = self.dict()
        for name in ("secondary", "platforms", "accounts", "competitor_urls"):
            values[name] = tuple(values[name])
        return PlanDraft(**values)


class Said(Schema):
    message: str = Field(examples=["This would pass the month's limit."])
    hint: str = Field(examples=["Raise the limit, or wait for the next month."])


class PlanOut(Schema):
    id: int = Field(examples=[7])
    title: str = Field(examples=["Rain barrels for a small garden"])
    keyphrase: str = Field(examples=["rain barrel"])
    language: str = Field(examples=["en"])
    state: State
    state_at: datetime
    seo_score: int | None = Field(description="Of the text it has, 0 to 100.", examples=[83])
    rounds_done: int = Field(examples=[2])
    edition: int = Field(description="How often it was processed.", examples=[1])
    waiting: Said | None = Field(description="Why it does not go on just now; it will by itself.")
    problem: Said | None = Field(description="Why it failed.")
    due_on: date | None
    owner: int | None = Field(alias="owner_id")
    item: int | None = Field(
        alias="item_id",
        description="The item made from it. Its review is in GET /reviews/; POST /reviews/{review}/decide approves it.",
        examples=[12],
    )
    round: int | None = Field(alias="round_id", description="The round whose text the item has.", examples=[31])
    created_at: datetime
    actions: list[str] = Field(description="What the caller may do with it now.", examples=[["process"]])

    @staticmethod
    def resolve_actions(plan: ContentPlan, context: dict[str, Any]) -> list[str]:
        return [each.action for each in open_actions(plan, context["request"].actor)]


class PlanDetail(PlanOut):
    goal: str
    audience: str
    secondary: list[str]
    tone: str
    platforms: list[str]
    accounts: list[int]
    competitor_urls: list[str]
    skip_research: bool
    overrides: dict[str, int]
    summary: str = Field(description="Of the pages that were read.")
    variant_notes: dict[str, str] = Field(description="By platform: what had to be done to make a variant fit.")

    @staticmethod
    def resolve_accounts(plan: ContentPlan) -> list[int]:
        return [account.pk for account in plan.accounts.all()]

    @staticmethod
    def resolve_summary(plan: ContentPlan) -> str:
        return (plan.brief or {}).get("summary", "")


class ReadingOut(Schema):
    hours: int = Field(description="The age at which posts are compared: 1, 24, 48, 168 or 672.", examples=[24])
    age_seconds: float = Field(description="How old the post really was.", examples=[86460.0])
    counts: dict[str, int] = Field(description="What the platform counts.", examples=[{"views": 120, "likes": 7}])
    gone: bool = Field(description="The post was not there any more.")
    read_at: datetime

    @staticmethod
    def resolve_age_seconds(reading: Any) -> float:
        return reading.after.total_seconds()


class ResultOut(Schema):
    post: int = Field(alias="pk", examples=[44])
    item: int = Field(alias="item_id", examples=[12])
    account: int = Field(alias="account_id", examples=[3])
    platform: str = Field(alias="account.platform", examples=["bluesky"])
    state: str = Field(examples=["published"])
    due_at: datetime
    published_at: datetime | None
    url: str = Field(examples=["https://bsky.app/profile/example/post/3k"])
    readings: list[ReadingOut] = Field(description="The latest first.")

    @staticmethod
    def resolve_readings(post: Any) -> list[Any]:
        return list(post.readings.all())


class HeadingOut(Schema):
    level: int = Field(examples=[2])
    text: str = Field(examples=["Why a lid matters"])


class KeywordOut(Schema):
    phrase: str = Field(examples=["rain barrel"])
    count: int = Field(examples=[14])


class PageOut(Schema):
    position: int = Field(description="Number by which claims name it.", examples=[1])
    url: str = Field(examples=["https://example.org/barrels"])
    outcome: Literal["read", "failed"]
    error: str = Field(description="Why it was not read, or not again.")
    title: str = Field(examples=["Barrels compared"])
    words: int = Field(examples=[1240])
    headings: list[HeadingOut]
    questions: list[str] = Field(examples=[["Does a rain barrel freeze?"]])
    keywords: list[KeywordOut]
    images: int = Field(examples=[3])
    links: int = Field(examples=[25])
    read_at: datetime

    @staticmethod
    def resolve_headings(page: Any) -> list[dict[str, Any]]:
        return [{"level": level, "text": text} for level, text in page.headings]

    @staticmethod
    def resolve_keywords(page: Any) -> list[dict[str, Any]]:
        return [{"phrase": phrase, "count": count} for phrase, count in page.keywords]


class GapOut(Schema):
    term: str = Field(examples=["downpipe"])
    sources: int = Field(description="Pages that speak of it.", examples=[3])
    theirs: float = Field(description="Mean count per 1,000 words there.", examples=[4.1])
    ours: int = Field(description="Count in the latest text.", examples=[0])


class ResearchOut(Schema):
    pages: list[PageOut]
    gap: list[GapOut]


class RoundOut(Schema):
    id: int = Field(examples=[31])
    edition: int = Field(examples=[1])
    number: int = Field(description="1 is the draft.", examples=[2])
    seo_score: int = Field(examples=[83])
    readability: int = Field(examples=[90])
    words: int = Field(examples=[910])
    scores: dict[str, int] = Field(description="9 is best, by check.", examples=[{"density": 9}])
    integrity: dict[str, Any] = Field(
        description="Kept apart from the score; what is found goes to a person.",
        examples=[
            {"claims": 4, "sourced": 3, "unsourced": ["It is cheap."], "new_links": [], "links": [], "twins": []}
        ],
    )
    asked: list[str] = Field(description="What was to be mended.")
    engine: str = Field(examples=["openai"])
    model: str = Field(examples=["gpt-5-mini"])
    cost: Decimal | None = Field(description="US dollars; null when unknown.", examples=["0.0031"])
    calls: int = Field(description="Questions that were not answered before.", examples=[2])
    created_at: datetime


class ChangeOut(Schema):
    kind: Literal["same", "added", "removed"]
    text: str = Field(examples=["However, "])


class RoundDetail(RoundOut):
    markdown: str
    metadata: dict[str, Any]
    claims: list[dict[str, Any]]
    diff: list[ChangeOut] = Field(description="To the round before.")

    @staticmethod
    def resolve_diff(found: Any) -> list[dict[str, str]]:
        return [{"kind": kind, "text": text} for kind, text in found.diff]


class PlanRowOut(Schema):
    number: int = Field(examples=[1])
    title: str
    problem: str = Field(description="Why it is left out; empty when it is good.")
    note: str = Field(description="What else there is to know, such as a title that a plan has already.")


class PlanImportOut(Schema):
    imported: bool
    rows: list[PlanRowOut]


def _plan(pk: int) -> ContentPlan:
    return found(queries.plans().prefetch_related("accounts"), pk, _("There is no such plan."))


@router.get("/plans/", response=list[PlanOut], tags=["plans"], summary="List plans")
@paginate(CursorPagination, ordering=None)
def list_plans(request: HttpRequest, filters: Query[PlanFilter]) -> QuerySet[ContentPlan]:
    """A cursor goes on in the order that its page was asked for."""
    request.actor.require("view_content", request.workspace)
    return queries.find_plans(
        state=filters.state or "",
        search=filters.search,
        owner=filters.owner,
        platform=filters.platform,
        sort=filters.sort,
    )


@router.post("/plans/", response={201: PlanDetail}, tags=["plans"], summary="Make a plan")
def create_plan(request: HttpRequest, data: PlanIn) -> Status:
    """Where the workspace wants it so, it is processed at once; else `POST …/process` starts it."""
    plan = services.create_plan(workspace=request.workspace, actor=request.actor, draft=data.draft())
    return Status(201, _plan(plan.pk))


@router.post("/plans/import", response=PlanImportOut, tags=["plans"], summary="Make plans from a CSV file")
def import_plans(request: HttpRequest, file: File[UploadedFile], dry_run: bool = True) -> Report:
    """With `dry_run` (the default) the file is only looked at."""
    content = file.read(MOST_BYTES + 1)
    return services.import_plans(workspace=request.workspace, actor=request.actor, content=content, dry_run=dry_run)


@router.get("/plans/{int:plan_id}", response=PlanDetail, tags=["plans"], summary="One plan")
def get_plan(request: HttpRequest, plan_id: int) -> ContentPlan:
    request.actor.require("view_content", request.workspace)
    return _plan(plan_id)


@router.put("/plans/{int:plan_id}", response=PlanDetail, tags=["plans"], summary="Change a plan's brief")
def change_plan(request: HttpRequest, plan_id: int, data: PlanIn) -> ContentPlan:
    """It holds from the next processing on; 409 while the plan is processed."""
    services.edit_plan(plan=_plan(plan_id), actor=request.actor, draft=data.draft())
    return _plan(plan_id)


@router.delete("/plans/{int:plan_id}", response={204: None}, tags=["plans"], summary="Delete a plan")
def delete_plan(request: HttpRequest, plan_id: int) -> Status:
    """The item made from it stays."""
    services.delete_plan(plan=_plan(plan_id), actor=request.actor)
    return Status(204, None)


@router.post("/plans/{int:plan_id}/process", response={202: PlanOut}, tags=["plans"], summary="Process a plan")
def process_plan(request: HttpRequest, plan_id: int) -> Status:
    """Begin, begin anew, or look again whether there is money. What was paid for is not asked again."""
    return Status(202, services.process(plan=_plan(plan_id), actor=request.actor))


@router.post("/plans/{int:plan_id}/retry", response={202: PlanOut}, tags=["plans"], summary="Try a failed plan again")
def retry_plan(request: HttpRequest, plan_id: int) -> Status:
    """It goes on with what is there already."""
    return Status(202, services.retry_plan(plan=_plan(plan_id), actor=request.actor))


@router.post("/plans/{int:plan_id}/duplicate", response={201: PlanDetail}, tags=["plans"], summary="Copy a plan")
def duplicate_plan(request: HttpRequest, plan_id: int) -> Status:
    copy = services.duplicate_plan(plan=_plan(plan_id), actor=request.actor)
    return Status(201, _plan(copy.pk))


@router.get("/plans/{int:plan_id}/research", response=ResearchOut, tags=["plans"], summary="What was read for a plan")
def get_research(request: HttpRequest, plan_id: int) -> dict[str, Any]:
    request.actor.require("view_content", request.workspace)
    plan = _plan(plan_id)
    last = queries.rounds_of(plan).last()
    names = ("term", "sources", "theirs", "ours")
    return {
        "pages": list(ResearchPage.objects.filter(plan=plan).defer("text").order_by("position")),
        "gap": [dict(zip(names, each, strict=True)) for each in last.gap] if last else [],
    }


@router.post("/plans/{int:plan_id}/research", response={202: RunRef}, tags=["plans"], summary="Read pages again")
def read_research_again(request: HttpRequest, plan_id: int, position: int | None = None) -> Status:
    """All of them, or the one with that number. The text stays; processing the plan again uses what is found."""
    plan = _plan(plan_id)
    request.actor.require("write_content", request.workspace)
    page = None if position is None else ResearchPage.objects.filter(plan=plan, position=position).first()
    if position is not None and page is None:
        raise NotFound(_("There is no such page."))
    return Status(202, {"run": services.read_again(plan=plan, actor=request.actor, page=page).pk})


@router.get("/plans/{int:plan_id}/results", response=list[ResultOut], tags=["plans"], summary="What became of a plan")
def get_plan_results(request: HttpRequest, plan_id: int) -> list[Any]:
    """The posts of everything made from it, with what their platforms counted at which age."""
    request.actor.require("view_content", request.workspace)
    return queries.results_of(queries.items_of(_plan(plan_id)))


@router.get("/plans/{int:plan_id}/rounds", response=list[RoundOut], tags=["plans"], summary="The rounds of a plan")
@paginate(CursorPagination, ordering=("edition", "number", "id"))
def list_rounds(request: HttpRequest, plan_id: int) -> QuerySet[Round]:
    request.actor.require("view_content", request.workspace)
    return Round.objects.filter(plan=_plan(plan_id))


@router.get(
    "/plans/{int:plan_id}/rounds/{int:round_id}",
    response=RoundDetail,
    tags=["plans"],
    summary="One round with its text",
)
def get_round(request: HttpRequest, plan_id: int, round_id: int) -> Round:
    request.actor.require("view_content", request.workspace)
    return _round(plan_id, round_id)


def _round(plan_id: int, round_id: int) -> Round:
    return found(Round.objects.filter(plan=_plan(plan_id)), round_id, _("There is no such round."))


@router.post(
    "/plans/{int:plan_id}/rounds/{int:round_id}/approve",
    response={202: RunRef},
    tags=["plans"],
    summary="Take a round",
)
def approve_round(request: HttpRequest, plan_id: int, round_id: int) -> Status:
    """The item gets its text, as a new version, which is reviewed like any.

    When the run is done it is in `GET /reviews/`; `POST /reviews/{review}/decide` approves the text itself.
    """
    chosen = _round(plan_id, round_id)
    run = services.take_round(plan=chosen.plan, found=chosen, actor=request.actor)
    return Status(202, {"run": run.pk})
