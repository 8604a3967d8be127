"""Stories and their sources."""

# No postponed annotations here: the pagination's wrapper would look for their names in its own module.

from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, File, Query, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.pagination import paginate

from apps.common.pagination import CursorPagination
from apps.common.rows import found
from apps.common.schemas import Body, Id, RunRef
from apps.content.search import matching
from apps.lifecycle.services import advance, open_actions
from apps.stories import queries, services
from apps.stories.models import Source, Story
from apps.stories.services import SourceDraft

router = Router()

State = Literal["new", "shortlisted", "used", "rejected"]


class StoryFilter(Schema):
    state: State | None = Field(None, description="Only stories in this state.")
    source: Id | None = Field(None, description="Only from this source.")
    min_words: int | None = Field(None, ge=0)
    max_words: int | None = Field(None, ge=0)
    min_score: int | None = None
    search: str = Field("", max_length=200, description="Words of the title or the text, or their beginnings.")


class StoryOut(Schema):
    id: int = Field(examples=[12])
    title: str = Field(examples=["The umbrella that came back with letters"])
    state: State
    state_at: datetime
    origin: Literal["reddit", "feed", "pasted", "file"]
    source: int | None = Field(alias="source_id")
    community: str = Field(examples=["tales"])
    author: str = Field(examples=["storyteller"])
    url: str
    score: int | None = Field(examples=[512])
    flair: str
    nsfw: bool
    language: str = Field(examples=["en"])
    words: int = Field(examples=[354])
    spoken_seconds: float = Field(examples=[128.4])
    posted_at: datetime | None
    fetched_at: datetime
    item: int | None = Field(alias="item_id", description="The item made from it, once its script is written.")
    actions: list[str] = Field(
        description="What the caller may do with it now; `use` is `POST …/script`.", examples=[["shortlist", "reject"]]
    )

    @staticmethod
    def resolve_actions(story: Story, context: dict[str, Any]) -> list[str]:
        return [each.action for each in open_actions(story, context["request"].actor)]


class StoryDetail(StoryOut):
    text: str


class StoryIn(Body):
    text: str = Field(max_length=200_000, examples=["Last spring I took over my grandmother's flower shop…"])
    title: str = Field("", max_length=300, description="Empty: the first line of the text.")
    url: str = Field("", max_length=1000)
    author: str = Field("", max_length=120)
    language: str = Field("", max_length=8, description="Empty: the workspace's.")


class StoryRowOut(Schema):
    number: int = Field(examples=[1])
    title: str
    words: int
    problem: str = Field(description="Why it is left out; empty when it is good.")
    duplicate: bool


class StoryImportOut(Schema):
    imported: bool
    rows: list[StoryRowOut]


class SourceIn(Body):
    kind: Literal["reddit", "feed"]
    name: str = Field(max_length=120, examples=["r/tales, best of the day"])
    settings: dict[str, Any] = Field(
        examples=[{"subreddit": "tales", "sort": "top", "window": "day", "min_score": 100}]
    )
    every_minutes: int = Field(60, examples=[60])
    enabled: bool = True

    def draft(self) -> SourceDraft:
        return SourceDraft(**self.dict())


class SourceOut(Schema):
    id: int = Field(examples=[3])
    kind: Literal["reddit", "feed"]
    name: str
    settings: dict[str, Any]
    every_minutes: int | None
    enabled: bool
    health: Literal["new", "good", "shaky", "bad"]
    fetched_at: datetime | None
    result: dict[str, Any]
    problem: dict[str, Any] | None


def _story(pk: int) -> Story:
    return found(queries.stories(), pk, _("There is no such story."))


def _source(pk: int) -> Source:
    return found(queries.sources(), pk, _("There is no such source."))


@router.get("/stories/", response=list[StoryOut], tags=["stories"], summary="List stories")
@paginate(CursorPagination, ordering=("-fetched_at", "-id"))
def list_stories(request: HttpRequest, filters: Query[StoryFilter]) -> QuerySet[Story]:
    request.actor.require("view_content", request.workspace)
    wanted = {
        "state": filters.state,
        "source": filters.source,
        "words__gte": filters.min_words,
        "words__lte": filters.max_words,
        "score__gte": filters.min_score,
        "pk__in": matching("story", filters.search) if filters.search else None,
    }
    return queries.stories().filter(**{name: value for name, value in wanted.items() if value is not None})


@router.post("/stories/", response={201: StoryDetail}, tags=["stories"], summary="Add a story from text")
def create_story(request: HttpRequest, data: StoryIn) -> Status:
    story = services.add_story(workspace=request.workspace, actor=request.actor, **data.dict())
    return Status(201, _story(story.pk))


@router.post("/stories/import", response=StoryImportOut, tags=["stories"], summary="Import a CSV, JSON or ZIP file")
def import_stories(request: HttpRequest, file: File[UploadedFile], dry_run: bool = True) -> services.Report:
    """With `dry_run` (the default) the file is only looked at."""
    return services.import_stories(
        workspace=request.workspace,
        actor=request.actor,
        name=file.name or "",
        content=file.read(settings.MAX_UPLOAD_BYTES),
        dry_run=dry_run,
    )


@router.get("/stories/{int:story_id}", response=StoryDetail, tags=["stories"], summary="One story with its text")
def get_story(request: HttpRequest, story_id: int) -> Story:
    request.actor.require("view_content", request.workspace)
    return _story(story_id)


@router.post("/stories/{int:story_id}/shortlist", response=StoryOut, tags=["stories"], summary="Shortlist a story")
def shortlist_story(request: HttpRequest, story_id: int) -> Story:
    """Its script is written next, by itself."""
    return advance(_story(story_id), "shortlist", actor=request.actor)


@router.post("/stories/{int:story_id}/reject", response=StoryOut, tags=["stories"], summary="Reject a story")
def reject_story(request: HttpRequest, story_id: int) -> Story:
    return advance(_story(story_id), "reject", actor=request.actor)


@router.post("/stories/{int:story_id}/restore", response=StoryOut, tags=["stories"], summary="Restore a rejected story")
def restore_story(request: HttpRequest, story_id: int) -> Story:
    return advance(_story(story_id), "restore", actor=request.actor)


@router.post(
    "/stories/{int:story_id}/script", response={202: RunRef}, tags=["stories"], summary="Write a story's script"
)
def script_story(request: HttpRequest, story_id: int) -> Status:
    story = _story(story_id)
    run = services.request_script(story=story, actor=request.actor)
    return Status(202, {"run": run.pk})


@router.get("/sources/", response=list[SourceOut], tags=["stories"], summary="List sources")
@paginate(CursorPagination, ordering=("name", "id"))
def list_sources(request: HttpRequest) -> QuerySet[Source]:
    request.actor.require("view_content", request.workspace)
    return queries.sources()


@router.post("/sources/", response={201: SourceOut}, tags=["stories"], summary="Add a source")
def create_source(request: HttpRequest, data: SourceIn) -> Status:
    source = services.save_source(workspace=request.workspace, actor=request.actor, draft=data.draft())
    return Status(201, source)


@router.put("/sources/{int:source_id}", response=SourceOut, tags=["stories"], summary="Change a source")
def change_source(request: HttpRequest, source_id: int, data: SourceIn) -> Source:
    source = _source(source_id)
    return services.save_source(workspace=request.workspace, actor=request.actor, draft=data.draft(), source=source)


@router.delete("/sources/{int:source_id}", response={204: None}, tags=["stories"], summary="Delete a source")
def delete_source(request: HttpRequest, source_id: int) -> Status:
    """Its stories stay."""
    services.delete_source(source=_source(source_id), actor=request.actor)
    return Status(204, None)


@router.post(
    "/sources/{int:source_id}/fetch", response={202: RunRef}, tags=["stories"], summary="Fetch from a source now"
)
def fetch_source(request: HttpRequest, source_id: int) -> Status:
    run = services.request_fetch(source=_source(source_id), actor=request.actor)
    return Status(202, {"run": run.pk})
