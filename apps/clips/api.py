"""Clips: upload, follow, correct. Large files come in pieces, by the tus protocol (`tus.py`)."""

# No postponed annotations here: the pagination's wrapper would look for their names in its own module.

from datetime import datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.pagination import paginate
from pydantic import ConfigDict

from apps.clips import queries, services
from apps.clips.models import Clip, ClipSettings, InboxFile
from apps.clips.services.options import accounts_of
from apps.clips.tus import router as tus
from apps.common.pagination import CursorPagination
from apps.common.rows import found
from apps.common.schemas import Body, Id, RunRef
from apps.content.models import Revision
from apps.lifecycle.services import open_actions

router = Router()
router.add_router("", tus)

State = Literal["waiting", "probing", "transcribing", "describing", "used", "refused", "failed"]


class ClipFilter(Schema):
    state: State | None = Field(None, description="Only clips in this state.")
    search: str = Field("", max_length=200, description="Part of the file's name.")


class ClipProblem(Schema):
    message: str = Field(examples=["The video is coded as msmpeg4v2, which is not supported."])
    hint: str = Field(examples=["Use an MP4, MOV, WebM or MKV video."])


class Remark(Schema):
    name: str = Field(examples=["no_sound"])
    text: str = Field(examples=["It has no sound track, so it gets no captions."])


class ClipOut(Schema):
    id: int = Field(examples=[7])
    title: str = Field(examples=["The key under the bridge"])
    name: str = Field(description="What its file was called.", examples=["IMG_2043.MOV"])
    origin: Literal["folder", "upload"]
    state: State
    state_at: datetime
    bytes: int = Field(examples=[18_204_133])
    seconds: float | None = Field(examples=[42.5])
    width: int | None = Field(examples=[1080])
    height: int | None = Field(examples=[1920])
    language: str = Field(examples=["en"])
    remarks: list[Remark] = Field(description="What is worth knowing, such as that nobody speaks in it.")
    problem: ClipProblem | None = Field(description="Why it was refused, or failed.")
    item: int | None = Field(alias="item_id", description="The item made from it.", examples=[12])
    created_at: datetime
    actions: list[str] = Field(description="What the caller may do with it now.", examples=[["retry"]])

    @staticmethod
    def resolve_remarks(clip: Clip) -> list[dict[str, str]]:
        return [{"name": name, "text": text} for name, text in zip(clip.remarks, clip.remark_texts, strict=True)]

    @staticmethod
    def resolve_actions(clip: Clip, context: dict[str, Any]) -> list[str]:
        return [each.action for each in open_actions(clip, context["request"].actor)]


class Word(Schema):
    text: str = Field(examples=["bridge."])
    start: float = Field(examples=[2.14])
    end: float = Field(examples=[2.61])
    sure: float = Field(description="How sure the recogniser is, 0 to 1.", examples=[0.97])


class ClipDetail(ClipOut):
    words: list[Word] | None = Field(description="What was heard, with seconds; null until somebody listened.")
    heard_by: str = Field(examples=["faster_whisper:whisper-base:145217532"])
    transcript: str = Field(description="As people left it; `PUT …/transcript` corrects it.")
    revision: int | None = Field(description="The item's version that the transcript is of.", examples=[1])
    description: str
    hashtags: list[str]
    sha256: str

    @staticmethod
    def resolve_words(clip: Clip) -> list[dict[str, Any]] | None:
        if clip.heard is None:
            return None
        return [dict(zip(("text", "start", "end", "sure"), word, strict=True)) for word in clip.heard]

    @staticmethod
    def resolve_transcript(clip: Clip) -> str:
        revision = _revision(clip)
        return revision.body if revision else clip.transcript

    @staticmethod
    def resolve_revision(clip: Clip) -> int | None:
        revision = _revision(clip)
        return revision.number if revision else None

    @staticmethod
    def resolve_description(clip: Clip) -> str:
        revision = _revision(clip)
        return revision.description if revision else ""

    @staticmethod
    def resolve_hashtags(clip: Clip) -> list[str]:
        revision = _revision(clip)
        return revision.hashtags if revision else []


class TranscriptIn(Body):
    text: str = Field(max_length=200_000, examples=["She found a key under the old bridge."])
    revision: int = Field(ge=1, description="The version that was corrected. A newer one: 409.", examples=[1])
    note: str = Field("", max_length=240)


class RevisionRef(Schema):
    item: int = Field(alias="item_id", examples=[12])
    revision: int = Field(alias="number", examples=[2])


class DescribeIn(Body):
    template: int | None = Field(None, description="A version of an AI template; none: the chosen or active one.")


class ClipSettingsIn(Body):
    folder_on: bool = Field(description="Take what is dropped into the watched folder.")
    captions_on: bool = Field(description="Write what is said into the picture.")
    caption_preset: str = Field("", max_length=40, description="Empty: the video style's.", examples=["clean"])
    language: str = Field("", max_length=8, description="Empty: found out by listening.", examples=["en"])
    template: Id | None = Field(None, description="A version of an AI template.")
    accounts: list[Id] = Field([], description="Where clips go; none: where accounts take items by themselves.")


class ClipSettingsOut(ClipSettingsIn):
    model_config = ConfigDict(extra="ignore")

    @staticmethod
    def resolve_template(options: ClipSettings) -> int | None:
        return options.template_id

    @staticmethod
    def resolve_accounts(options: ClipSettings) -> list[int]:
        return [account.pk for account in accounts_of(options)]


class InboxFileOut(Schema):
    path: str = Field(examples=["holiday/beach.mp4"])
    size: int
    outcome: Literal["", "taken", "duplicate", "refused"] = Field(description="Empty while it is being watched.")
    reason: str
    clip: int | None = Field(alias="clip_id")
    settled_at: datetime | None


def _revision(clip: Clip) -> Revision | None:
    return clip.item.current_revision if clip.item else None


def _clip(pk: int) -> Clip:
    return found(queries.clips(), pk, _("There is no such clip."))


@router.get("/clips/", response=list[ClipOut], tags=["clips"], summary="List clips")
@paginate(CursorPagination, ordering=("-created_at", "-id"))
def list_clips(request: HttpRequest, filters: Query[ClipFilter]) -> QuerySet[Clip]:
    request.actor.require("view_content", request.workspace)
    rows = queries.clips()
    rows = rows.filter(state=filters.state) if filters.state else rows
    return rows.filter(name__icontains=filters.search) if filters.search else rows


@router.post("/clips/", response={201: ClipOut}, tags=["clips"], summary="Upload a small clip in one request")
def upload_clip(request: HttpRequest, file: File[UploadedFile], language: Form[str] = "") -> Status:
    """For large files use `POST /clips/uploads/`. The same file again: 409, with the id of the clip that is here."""
    clip = services.add_uploaded(
        workspace=request.workspace, actor=request.actor, file=file, language=language.strip()[:8]
    )
    return Status(201, _clip(clip.pk))


@router.get("/clips/settings", response=ClipSettingsOut, tags=["clips"], summary="What happens to clips")
def get_clip_settings(request: HttpRequest) -> ClipSettings:
    request.actor.require("view_content", request.workspace)
    return services.settings_of(request.workspace)


@router.put("/clips/settings", response=ClipSettingsOut, tags=["clips"], summary="Change what happens to clips")
def put_clip_settings(request: HttpRequest, data: ClipSettingsIn) -> ClipSettings:
    """It holds for clips that come in, and are produced, from now on."""
    return services.set_settings(workspace=request.workspace, actor=request.actor, **data.dict())


@router.get("/clips/folder", response=list[InboxFileOut], tags=["clips"], summary="Files in the watched folder")
@paginate(CursorPagination, ordering=("-since", "-id"))
def list_inbox_files(request: HttpRequest) -> QuerySet[InboxFile]:
    request.actor.require("view_content", request.workspace)
    return queries.inbox_files()


@router.get("/clips/{int:clip_id}", response=ClipDetail, tags=["clips"], summary="One clip with its transcript")
def get_clip(request: HttpRequest, clip_id: int) -> Clip:
    request.actor.require("view_content", request.workspace)
    return _clip(clip_id)


@router.delete("/clips/{int:clip_id}", response={204: None}, tags=["clips"], summary="Delete a clip")
def delete_clip(request: HttpRequest, clip_id: int) -> Status:
    """What was published from it stays; the file that it was copied from is not touched."""
    services.delete_clip(clip=_clip(clip_id), actor=request.actor)
    return Status(204, None)


@router.post("/clips/{int:clip_id}/retry", response=ClipOut, tags=["clips"], summary="Try again with a clip")
def retry_clip(request: HttpRequest, clip_id: int) -> Clip:
    """What was heard before is not listened to again."""
    return services.retry_clip(clip=_clip(clip_id), actor=request.actor)


@router.put("/clips/{int:clip_id}/transcript", response=RevisionRef, tags=["clips"], summary="Correct a transcript")
def put_transcript(request: HttpRequest, clip_id: int, data: TranscriptIn) -> Revision:
    """A new version of the item, which is reviewed again; only its captions are made anew."""
    return services.edit_transcript(
        clip=_clip(clip_id), actor=request.actor, text=data.text, base=data.revision, note=data.note
    )


@router.post(
    "/clips/{int:clip_id}/metadata", response={202: RunRef}, tags=["clips"], summary="Write title and tags anew"
)
def describe_clip(request: HttpRequest, clip_id: int, data: DescribeIn) -> Status:
    """By an AI template of your choice. The result is a new version of the item, which is reviewed again."""
    run = services.describe_again(clip=_clip(clip_id), actor=request.actor, version=data.template)
    return Status(202, {"run": run.pk})
