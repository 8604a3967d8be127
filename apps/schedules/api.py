"""The schedule: what goes out when, and changing it."""

# Annotations are real here, not postponed: @paginate resolves them in its own module, where PostFilter is unknown.
from datetime import datetime, timedelta
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import AwareDatetime

from apps.common.errors import NotFound
from apps.common.pagination import CursorPagination
from apps.content.models import Item
from apps.lifecycle.services import open_actions
from apps.platforms.models import Account
from apps.schedules import queries, services
from apps.schedules.models import Post

router = Router(tags=["schedule"])
_LARGEST_ID = 2**63 - 1

PostState = Literal[
    "scheduled", "claimed", "submitting", "unknown", "published", "rejected", "needs_human", "missed", "cancelled"
]


class PostFilter(Schema):
    state: PostState | None = Field(None, description="Only posts in this state.")
    account: int | None = Field(None, ge=1, le=_LARGEST_ID, description="Only posts of this account.")
    item: int | None = Field(None, ge=1, le=_LARGEST_ID, description="Only posts of this item.")
    due_after: AwareDatetime | None = Field(None, description="Only posts due at this time or later.")
    due_before: AwareDatetime | None = Field(None, description="Only posts due before this time.")


class PostOut(Schema):
    id: int = Field(examples=[17])
    key: str = Field(examples=["4f2c8f0e-5d3f-4a76-9d0c-0c6a2f1f4c11"])
    item: int = Field(alias="item_id", examples=[12])
    account: int = Field(alias="account_id", examples=[3])
    title: str = Field(examples=["The lighthouse keeper"])
    part: int = Field(examples=[1])
    state: PostState
    state_at: datetime
    due_at: datetime
    wake_at: datetime | None = Field(description="When the system next looks at it; null when it rests.")
    seconds_until: float | None = Field(description="Until it is tried, by the server's clock.", examples=[5400.0])
    waiting_for: str = Field(description="Why a due post has not gone out.", examples=["", "part", "gap"])
    tries: int = Field(examples=[0])
    url: str = Field(examples=["https://desk.example.org/feeds/night-stories/the-lighthouse-keeper/"])
    published_at: datetime | None
    error: dict[str, Any] | None
    actions: list[str] = Field(description="What the caller may do with it now.", examples=[["cancel"]])

    @staticmethod
    def resolve_key(post: Post) -> str:
        return str(post.key)

    @staticmethod
    def resolve_title(post: Post) -> str:
        return post.variant.title

    @staticmethod
    def resolve_seconds_until(post: Post) -> float | None:
        return queries.seconds_until(post)

    @staticmethod
    def resolve_actions(post: Post, context: dict[str, Any]) -> list[str]:
        return [each.action for each in open_actions(post, context["request"].actor)]


class ScheduleIn(Schema):
    item: int = Field(ge=1, le=_LARGEST_ID, examples=[12])
    account: int = Field(ge=1, le=_LARGEST_ID, examples=[3])
    at: AwareDatetime | None = Field(None, description="When; empty takes the account's next free slots.")
    spacing_minutes: int | None = Field(None, ge=0, le=60 * 24 * 30, description="Between parts; with `at` only.")


class RescheduleIn(Schema):
    at: AwareDatetime = Field(examples=["2026-12-01T18:00:00+05:30"])


@router.get("/schedule/upcoming", response=list[PostOut], summary="What goes out next")
@paginate(CursorPagination, ordering=("due_at", "id"))
def upcoming(request: HttpRequest) -> Any:
    """Scheduled posts, soonest first, with the seconds until each."""
    request.actor.require("view_content", request.workspace)
    return queries.upcoming().visible_to(request.actor.user)


@router.get("/schedule/posts", response=list[PostOut], summary="List posts")
@paginate(CursorPagination, ordering=("-due_at", "-id"))
def list_posts(request: HttpRequest, filters: Query[PostFilter]) -> Any:
    request.actor.require("view_content", request.workspace)
    names = {"due_after": "due_at__gte", "due_before": "due_at__lt"}
    wanted = {names.get(name, name): value for name, value in filters.dict(exclude_none=True).items()}
    return queries.posts().visible_to(request.actor.user).filter(**wanted)


@router.post("/schedule/posts", response={201: list[PostOut]}, summary="Schedule an item")
def create_posts(request: HttpRequest, body: ScheduleIn) -> Status:
    """One post for each part of the item's approved revision. Answers 409 when it is on that schedule already."""
    request.actor.require("publish_content", request.workspace)
    item = Item.objects.visible_to(request.actor.user).select_related("workspace").filter(pk=body.item).first()
    account = Account.objects.visible_to(request.actor.user).filter(pk=body.account).first()
    if item is None or account is None:
        raise NotFound(_("There is no such item or account."))
    spacing = None if body.spacing_minutes is None else timedelta(minutes=body.spacing_minutes)
    posts = services.schedule_item(item=item, account=account, actor=request.actor, at=body.at, spacing=spacing)
    return Status(201, list(queries.posts().filter(pk__in=[post.pk for post in posts]).order_by("part")))


@router.get("/schedule/posts/{int:post_id}", response=PostOut, summary="One post")
def get_post(request: HttpRequest, post_id: int) -> Post:
    request.actor.require("view_content", request.workspace)
    return find_post(request, post_id)


@router.post("/schedule/posts/{int:post_id}/reschedule", response=PostOut, summary="Move a post")
def reschedule(request: HttpRequest, post_id: int, body: RescheduleIn) -> Post:
    """Answers 409 `too_late` once the call to the platform has begun."""
    services.reschedule(post=find_post(request, post_id), at=body.at, actor=request.actor)
    return find_post(request, post_id)


@router.post("/schedule/posts/{int:post_id}/cancel", response=PostOut, summary="Cancel a post")
def cancel(request: HttpRequest, post_id: int) -> Post:
    """Answers 409 `too_late` once the call to the platform has begun."""
    services.cancel_post(post=find_post(request, post_id), actor=request.actor)
    return find_post(request, post_id)


@router.post("/schedule/posts/{int:post_id}/force", response=PostOut, summary="Post now")
def force(request: HttpRequest, post_id: int) -> Post:
    """Due at once; approval, order of parts, pauses and limits still hold."""
    services.post_now(post=find_post(request, post_id), actor=request.actor)
    return find_post(request, post_id)


def find_post(request: HttpRequest, post_id: int) -> Post:
    """A post that the caller may see; raises NotFound."""
    found = None
    if post_id <= _LARGEST_ID:
        found = queries.posts().visible_to(request.actor.user).filter(pk=post_id).first()
    if found is None:
        raise NotFound(_("There is no such post."))
    return found
