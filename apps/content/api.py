"""Items, their revisions and files."""

# No postponed annotations here: the pagination's wrapper would look for their names in its own module.

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Field, File, Form, Query, Router, Schema, Status, UploadedFile
from ninja.pagination import paginate

from apps.common.errors import AdapterError, Conflict, NotFound
from apps.common.pagination import CursorPagination
from apps.common.rows import found
from apps.common.schemas import Body
from apps.content import queries, services
from apps.content.findings import Finding, findings_of
from apps.content.images import LONGEST_ALT, MOST, MOST_BYTES, KeptImage, NewImage, images_of
from apps.content.models import Asset, Item, Revision, Variant
from apps.content.previews import Preview, previews_of
from apps.content.search import matching
from apps.content.search_api import router as search_router
from apps.content.variants import NewVariant, own_variants
from apps.content.voice_api import router as voice_router
from apps.content.writing import Suggestion, suggest
from apps.lifecycle.services import advance, open_actions
from apps.platforms.registry import adapter, platforms

router = Router(tags=["items"])
router.add_router("", search_router)
router.add_router("", voice_router)

State = Literal[
    "draft",
    "in_review",
    "changes_requested",
    "rejected",
    "approved",
    "rendering",
    "failed",
    "ready",
    "scheduled",
    "published",
    "analyzed",
]


class ItemFilter(Schema):
    state: State | None = Field(None, description="Only items in this state.")
    kind: Literal["story", "plan", "clip"] | None = Field(None, description="Only items made from this.")
    format: Literal["video", "text"] | None = None
    search: str = Field("", max_length=200, description="Words of the title or the text, or their beginnings.")


class PartOut(Schema):
    number: int = Field(examples=[1])
    title: str = Field(examples=["The umbrella that came back with letters, part 1 of 2"])
    text: str = Field(examples=["Last spring I took over my grandmother's flower shop…"])


class PartIn(Body):
    title: str = Field("", max_length=300, description="Empty: the title of the whole.")
    text: str = Field(max_length=200_000, examples=["Last spring I took over my grandmother's flower shop…"])


class AssetOut(Schema):
    id: int = Field(examples=[7])
    kind: Literal["narration", "captions", "preview", "video", "thumbnail", "image"]
    part: int = Field(examples=[1])
    position: int = Field(description="Place among the images.", examples=[0])
    alt: str = Field(description="What an image shows, in words.", examples=[""])
    seconds: float | None = Field(examples=[52.4])
    bytes: int = Field(examples=[8_412_331])
    sha256: str
    url: str = Field(
        description="For members who are signed in.", examples=["https://desk.example.org/w/team/assets/7/"]
    )
    created_at: datetime

    @staticmethod
    def resolve_url(asset: Asset, context: dict[str, Any]) -> str:
        request = context["request"]
        return request.build_absolute_uri(reverse("desk:asset", args=[request.workspace.slug, asset.pk]))


class CardOut(Schema):
    title: str = Field("", examples=["Nine nights, one lamp"])
    description: str = Field("", examples=["How an oil lamp brought four people home."])
    picture: int | None = Field(None, description="Place among the images; null: the first.", examples=[0])


class CardIn(Body):
    title: str = Field("", max_length=300)
    description: str = Field("", max_length=1000)
    picture: int | None = Field(None, ge=0, lt=MOST)


class VariantOut(Schema):
    platform: str = Field(examples=["bluesky"])
    part: int = Field(examples=[1])
    title: str
    text: str = Field(examples=["Nine days without power, and one oil lamp."])
    hashtags: list[str] = Field(examples=[["lighthouse"]])


class VariantIn(Body):
    platform: str = Field(max_length=40, examples=["feed"])
    text: str = Field(max_length=200_000, examples=["Nine days without power, and one oil lamp."])
    hashtags: list[str] = Field([], max_length=60)
    title: str = Field("", max_length=300, description="Empty: that of the part.")
    part: int | None = Field(None, ge=1, le=100, description="Null: for all parts.")


class CountOut(Schema):
    name: Literal["text", "bytes", "title", "hashtags", "pictures"]
    length: int = Field(examples=[185])
    most: int = Field(description="0: no limit.", examples=[300])


class PartOnPlatform(Schema):
    part: int = Field(alias="draft.part", examples=[1])
    text: str = Field(alias="said", description="As it is posted.")
    own: bool = Field(description="Whether somebody wrote it for this platform.")
    counts: list[CountOut]
    problems: list[str]
    left_out: list[str] = Field(description="What the post will not hold, although it can go out.")

    @staticmethod
    def resolve_own(seen: Preview) -> bool:
        return seen.own is not None

    @staticmethod
    def resolve_problems(seen: Preview) -> list[str]:
        return [str(problem.message) for problem in seen.problems]

    @staticmethod
    def resolve_left_out(seen: Preview) -> list[str]:
        return [str(problem.message) for problem in seen.left_out]


class OnPlatform(PartOnPlatform):
    """The first part's post; `parts` has each."""

    platform: str = Field(examples=["bluesky"])
    parts: list[PartOnPlatform] = Field(description="Each part is a post by itself.")


class FindingOut(Schema):
    code: Literal["banned", "reading", "near", "alt"]
    tone: Literal["bad", "waiting", "neutral", "good"]
    message: str = Field(examples=["A banned phrase is used"])
    details: list[str]
    near: list[int] = Field(description="Items that share its wording, the closest first.")

    @staticmethod
    def resolve_near(finding: Finding) -> list[int]:
        return [each.item for each in finding.near]


class RevisionOut(Schema):
    number: int = Field(examples=[2])
    title: str = Field(examples=["The umbrella that came back with letters"])
    hook: str
    parts: list[PartOut]
    call_to_action: str
    description: str
    hashtags: list[str] = Field(examples=[["storytime", "umbrella"]])
    card: CardOut = Field(description="What a shared link shows (OpenGraph); empty: what the text says.")
    variants: list[VariantOut] = Field(description="What it says on single platforms.")
    note: str = Field(description="What its author says has changed.")
    author: str = Field(alias="author_label", examples=["Asha"])
    created_at: datetime

    @staticmethod
    def resolve_variants(revision: Revision) -> list[Variant]:
        return list(revision.variants.all())


class ItemOut(Schema):
    id: int = Field(examples=[12])
    title: str = Field(examples=["The umbrella that came back with letters"])
    kind: Literal["story", "plan", "clip"]
    format: Literal["video", "text"]
    language: str = Field(examples=["en"])
    state: State
    state_at: datetime
    step: str = Field(alias="pipeline_step", description="upload, caption, schedule, post or analyze.")
    revision: int = Field(alias="current_revision.number", examples=[2])
    approved_revision: int | None = Field(description="The one that was approved, if any.", examples=[2])
    created_at: datetime
    actions: list[str] = Field(
        description="What the caller may do with it now. Verdicts are `POST /reviews/{review}/decide`, `schedule` is "
        "`POST /schedule/posts`, `unschedule` the cancelling of its posts, `reopen` `POST …/revisions`.",
        examples=[["approve", "reject"]],
    )

    @staticmethod
    def resolve_approved_revision(item: Item) -> int | None:
        return item.approved_revision.number if item.approved_revision else None

    @staticmethod
    def resolve_actions(item: Item, context: dict[str, Any]) -> list[str]:
        return [each.action for each in open_actions(item, context["request"].actor)]


class ItemDetail(ItemOut):
    source_title: str
    source_url: str
    current: RevisionOut = Field(alias="current_revision")
    assets: list[AssetOut]
    findings: list[FindingOut] = Field(description="What code found in the text, worst first.")
    platforms: list[OnPlatform] = Field(description="How it would stand on each platform, and what does not fit.")

    @staticmethod
    def resolve_findings(item: Item) -> list[Finding]:
        return list(findings_of(item).all)

    @staticmethod
    def resolve_platforms(item: Item) -> list[Preview]:
        revision = item.current_revision
        return previews_of(item, services.text_of(revision), own_variants(revision))

    @staticmethod
    def resolve_assets(item: Item) -> list[Asset]:
        return queries.assets_of(item.current_revision)


class RevisionIn(Body):
    base: int = Field(ge=1, description="The revision that was edited. If a newer one exists: 409.", examples=[1])
    title: str = Field(max_length=300, examples=["The umbrella that came back with letters"])
    parts: list[PartIn] = Field(min_length=1, max_length=100)
    hook: str = Field("", max_length=2000)
    call_to_action: str = Field("", max_length=2000)
    description: str = Field("", max_length=10_000)
    hashtags: list[str] = Field([], max_length=60, examples=[["storytime", "umbrella"]])
    card: CardIn | None = Field(None, description="What a shared link shows; null: as before.")
    variants: list[VariantIn] | None = Field(
        None, max_length=200, description="Words for single platforms; null: as before, []: none."
    )
    note: str = Field("", max_length=240, description="What has changed.")

    def text(self) -> services.Text:
        return services.Text(**self.dict(exclude={"base", "note", "variants"}))

    def own(self) -> list[NewVariant] | None:
        return None if self.variants is None else [NewVariant(**each.dict()) for each in self.variants]


class SuggestionIn(Body):
    platform: str = Field(max_length=40, examples=["bluesky"])
    part: int = Field(1, ge=1, le=100, description="Which post, where the item has several.")
    fresh: bool = Field(False, description="Have another one written, though this was asked before.")


class SuggestionOut(Schema):
    platform: str = Field(alias="prepared.platform", examples=["bluesky"])
    title: str = Field(alias="prepared.title")
    text: str = Field(alias="prepared.text", examples=["Nine days without power, and one oil lamp."])
    hashtags: list[str] = Field(alias="prepared.hashtags", examples=[["lighthouse"]])
    alt_text: str = Field(alias="prepared.alt", description="What the picture shows.", examples=[""])
    note: str = Field(alias="prepared.note", description="What was done to make it fit.", examples=[""])
    new_links: list[str] = Field(alias="generation.new_links", description="What it names and the text did not.")
    engine: str = Field(alias="generation.engine", description="“extractive”: no model wrote it.", examples=["openai"])
    model: str = Field(alias="generation.model", examples=["gpt-5-mini"])
    cost: Decimal | None = Field(alias="generation.cost", description="US dollars; null: unknown or nothing.")
    generation_id: int = Field(alias="generation.pk", examples=[41])


class ImageIn(Body):
    id: int = Field(description="An image of the revision `base`.", examples=[7])
    alt: str = Field("", max_length=LONGEST_ALT, examples=["An umbrella on a wet counter"])


class ImagesIn(Body):
    base: int = Field(ge=1, description="The revision that was edited. If a newer one exists: 409.", examples=[1])
    images: list[ImageIn] = Field(max_length=MOST, description="Those that stay, in their new order.")


@router.get("/items/", response=list[ItemOut], summary="List items")
@paginate(CursorPagination, ordering=("-created_at", "-id"))
def list_items(request: HttpRequest, filters: Query[ItemFilter]) -> QuerySet[Item]:
    """Newest first."""
    request.actor.require("view_content", request.workspace)
    wanted = {
        "state": filters.state,
        "kind": filters.kind,
        "format": filters.format,
        "pk__in": matching("item", filters.search) if filters.search else None,
    }
    rows = queries.items().visible_to(request.actor.user).select_related("approved_revision")
    return rows.filter(**{name: value for name, value in wanted.items() if value is not None})


@router.get("/items/{int:item_id}", response=ItemDetail, summary="One item with its text and files")
def get_item(request: HttpRequest, item_id: int) -> Item:
    request.actor.require("view_content", request.workspace)
    return find_item(request, item_id)


@router.get("/items/{int:item_id}/revisions", response=list[RevisionOut], summary="An item's revisions")
@paginate(CursorPagination, ordering=("-number",))
def list_revisions(request: HttpRequest, item_id: int) -> QuerySet[Revision]:
    """Newest first. A revision never changes."""
    request.actor.require("view_content", request.workspace)
    return Revision.objects.filter(item=find_item(request, item_id))


@router.post("/items/{int:item_id}/revisions", response={201: ItemDetail}, summary="Write a revision")
def create_revision(request: HttpRequest, item_id: int, data: RevisionIn) -> Status:
    """An approved item goes back to review: an approval names one revision."""
    item = find_item(request, item_id)
    services.revise_item(
        item=item, actor=request.actor, text=data.text(), base=data.base, note=data.note, variants=data.own()
    )
    return Status(201, find_item(request, item_id))


@router.post("/items/{int:item_id}/suggestions", response=SuggestionOut, summary="Have words for a platform written")
def suggest_words(request: HttpRequest, item_id: int, data: SuggestionIn) -> Suggestion:
    """Within the platform's length, in the brand voice, from the text as it stands. Nothing is saved: send what you
    keep as `variants` of a revision. 409 when the model gives no text, and why."""
    item = find_item(request, item_id)
    if data.platform not in platforms():
        raise NotFound(_("There is no such platform."))
    text, plug = services.text_of(item.current_revision), adapter(data.platform)
    try:
        return suggest(item=item, text=text, plug=plug, actor=request.actor, part=data.part, fresh=data.fresh)
    except AdapterError as error:
        raise Conflict(error.message, hint=error.hint) from error


@router.post("/items/{int:item_id}/images", response={201: ItemDetail}, summary="Add an image")
def add_image(
    request: HttpRequest,
    item_id: int,
    file: File[UploadedFile],
    base: Form[int],
    alt: Form[str] = "",
) -> Status:
    """JPEG, PNG or WebP; it becomes part of a new revision, which an approved item has reviewed again."""
    request.actor.require("write_content", request.workspace)
    item = find_item(request, item_id)
    there = [KeptImage(each.pk, each.alt) for each in images_of(item.current_revision_id)]
    # One byte more tells a file that is too large; no more of it is read.
    added = NewImage(file.read(MOST_BYTES + 1), alt.strip())
    services.revise_item(item=item, actor=request.actor, base=base, images=[*there, added])
    return Status(201, find_item(request, item_id))


@router.put("/items/{int:item_id}/images", response=ItemDetail, summary="Order, describe and remove images")
def change_images(request: HttpRequest, item_id: int, data: ImagesIn) -> Item:
    """Images that are not named are left out of the new revision."""
    request.actor.require("write_content", request.workspace)
    item = find_item(request, item_id)
    images = [KeptImage(each.id, each.alt.strip()) for each in data.images]
    services.revise_item(item=item, actor=request.actor, base=data.base, images=images)
    return find_item(request, item_id)


@router.post("/items/{int:item_id}/submit", response=ItemOut, summary="Submit an item for review")
def submit_item(request: HttpRequest, item_id: int) -> Item:
    return services.submit_item(item=find_item(request, item_id), actor=request.actor)


@router.post("/items/{int:item_id}/restore", response=ItemOut, summary="Take a rejection back")
def restore_item(request: HttpRequest, item_id: int) -> Item:
    return advance(find_item(request, item_id), "restore", actor=request.actor)


@router.post("/items/{int:item_id}/retry", response=ItemOut, summary="Produce a failed item again")
def retry_item(request: HttpRequest, item_id: int) -> Item:
    return advance(find_item(request, item_id), "retry", actor=request.actor)


def find_item(request: HttpRequest, item_id: int) -> Item:
    """An item that the caller may see; raises NotFound."""
    rows = queries.items().visible_to(request.actor.user).select_related("approved_revision")
    return found(rows, item_id, _("There is no such item."))
