"""Posts: what goes out when, and changing it."""

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
from apps.common.rows import found
from apps.common.schemas import Body, Id, Moment
from apps.content.models import Item
from apps.lifecycle.services import open_actions
from apps.platforms.models import Account
from apps.schedules import pausing, queries, services
from apps.schedules.api.finding import account_and_item, now_of, one
from apps.schedules.batches import send_all_again, space_items
from apps.schedules.models import Post, Waiting

router = Router(tags=["schedule"])

PostState = Literal[
    "scheduled", "claimed", "submitting", "unknown", "published", "rejected", "needs_human", "missed", "cancelled"
]


class PostFilter(Schema):
    state: PostState | None = Field(None, description="Only posts in this state.")
    account: Id | None = Field(None, description="Only posts of this account.")
    item: Id | None = Field(None, description="Only posts of this item.")
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
    now: datetime = Field(description="The server's clock, from which `seconds_until` counts.")
    repeat: str = Field(description="Empty for an ordinary post.", examples=["", "recurrence:4:2026-11-23T09:00Z"])
    waiting_for: str = Field(description="Why a due post has not gone out.", examples=["", "part", "gap", "quiet"])
    forced_by: str = Field(
        description="Who wants it out at this very time, whatever the account's quiet hours, gap and daily limit say.",
        examples=["", "Asha"],
    )
    tries: int = Field(examples=[0])
    url: str = Field(examples=["https://desk.example.org/feeds/night-stories/the-lighthouse-keeper/"])
    published_at: datetime | None
    error: dict[str, Any] | None
    actions: list[str] = Field(
        description="What the caller may do now; `retry` is `POST …/send`, `report_published` is `POST …/published`.",
        examples=[["cancel"]],
    )

    @staticmethod
    def resolve_key(post: Post) -> str:
        return str(post.key)

    @staticmethod
    def resolve_title(post: Post) -> str:
        return post.variant.title

    @staticmethod
    def resolve_seconds_until(post: Post, context: dict[str, Any]) -> float | None:
        return queries.seconds_until(post, now_of(context["request"]))

    @staticmethod
    def resolve_waiting_for(post: Post, context: dict[str, Any]) -> str:
        """What is paused is not even taken up, so its row says nothing."""
        due = post.state == "scheduled" and post.due_at <= now_of(context["request"])
        paused = post.workspace.paused_at or not post.account.is_open
        return Waiting.PAUSE if due and paused else post.waiting_for

    @staticmethod
    def resolve_now(post: Post, context: dict[str, Any]) -> datetime:
        return now_of(context["request"])

    @staticmethod
    def resolve_actions(post: Post, context: dict[str, Any]) -> list[str]:
        return [each.action for each in open_actions(post, context["request"].actor)]


class ScheduleIn(Body):
    item: Id = Field(examples=[12])
    account: Id = Field(examples=[3])
    at: Moment | None = Field(None, description="When; empty takes the account's next free slots.")
    spacing_minutes: int | None = Field(None, ge=0, le=60 * 24 * 30, description="Between parts; with `at` only.")
    force: bool = Field(False, description="Do it although something speaks against it (409 `needs_force`).")


class RescheduleIn(Body):
    at: Moment = Field(examples=["2026-12-01T18:00:00+05:30"])
    force: bool = Field(False, description="At that very time, also in quiet hours, close to a post, on a full day.")


class PostPatch(Body):
    due_at: Moment = Field(examples=["2026-12-01T18:00:00+05:30"])
    force: bool = Field(False, description="At that very time, also in quiet hours, close to a post, on a full day.")


class ConcernOut(Schema):
    code: Literal["quiet", "gap", "limit", "minute", "text", "item", "media"] = Field(
        description="What speaks against it."
    )
    message: str = Field(examples=["“Night stories” has a post at 18:10, and keeps 30 minutes between posts."])
    post: int | None = Field(description="The post that it collides with.", examples=[17])
    at: datetime | None


class CheckIn(Body):
    item: Id = Field(examples=[12])
    account: Id = Field(examples=[3])
    at: Moment | None = Field(None, description="When; empty looks at the text only.")


class BatchIn(Body):
    items: list[Id] = Field(min_length=1, max_length=200, examples=[[12, 13]], description="In the order to go out.")
    account: Id = Field(examples=[3])
    hours: float = Field(gt=0, le=24 * 90, examples=[12], description="They are spread evenly over so many hours.")
    start: Moment | None = Field(None, description="When the first is due; empty means now.")
    force: bool = Field(False, description="Also what says nearly the same as another post.")


class PlacedOut(Schema):
    item: int = Field(examples=[12])
    posts: list[PostOut]
    problem: str = Field(description="Why there are none.", examples=[""])


class AgainIn(Body):
    account: Id | None = Field(None, description="Only what this account missed.")


class AgainOut(Schema):
    sent: int = Field(examples=[3])
    refused: list[str] = Field(description="A sentence for each that could not be sent.")


class PauseIn(Body):
    reason: str = Field("", max_length=240, examples=["The press is here"])


class PauseOut(Schema):
    paused_at: datetime | None = Field(description="Since when nothing of the workspace goes out; null when it does.")


@router.get("/schedule/upcoming", response=list[PostOut], summary="What goes out next")
@paginate(CursorPagination, ordering=("due_at", "id"))
def list_upcoming(request: HttpRequest) -> Any:
    """Scheduled posts, soonest first, with the seconds until each."""
    request.actor.require("view_content", request.workspace)
    return queries.upcoming().visible_to(request.actor.user)


@router.get("/schedule/posts", response=list[PostOut], summary="List posts")
@paginate(CursorPagination, ordering=("-due_at", "-id"))
def list_posts(request: HttpRequest, filters: Query[PostFilter]) -> Any:
    request.actor.require("view_content", request.workspace)
    return queries.posts().visible_to(request.actor.user).filter(**wanted_of(filters))


def wanted_of(filters: PostFilter) -> dict[str, Any]:
    """The filter as arguments of a query."""
    names = {"due_after": "due_at__gte", "due_before": "due_at__lt"}
    return {names.get(name, name): value for name, value in filters.dict(exclude_none=True).items()}


@router.post("/schedule/posts", response={201: list[PostOut]}, summary="Schedule an item")
def create_posts(request: HttpRequest, body: ScheduleIn) -> Status:
    """One post for each part of the item's approved revision.

    Answers 409 `needs_force` with `concerns` when it stands there already, says nearly the same as another post, or its
    time is in quiet hours, too close to another post or on a full day; with `force` it is done all the same.
    """
    request.actor.require("publish_content", request.workspace)
    account, item = account_and_item(request, body.account, body.item)
    spacing = None if body.spacing_minutes is None else timedelta(minutes=body.spacing_minutes)
    posts = services.schedule_item(
        item=item, account=account, actor=request.actor, at=body.at, spacing=spacing, force=body.force
    )
    return Status(201, _shown(posts))


@router.post("/schedule/check", response=list[ConcernOut], summary="Ask what speaks against a post")
def check_post(request: HttpRequest, body: CheckIn) -> Any:
    """Changes nothing; an empty list means that it can be scheduled."""
    request.actor.require("view_content", request.workspace)
    account, item = account_and_item(request, body.account, body.item)
    return queries.concerns_about(item, account, at=body.at)


@router.post("/schedule/batch", response={201: list[PlacedOut]}, summary="Spread several items over hours")
def create_batch(request: HttpRequest, body: BatchIn) -> Status:
    """Each moves on where quiet hours, the gap or the daily limit are in the way; what cannot be scheduled says why."""
    request.actor.require("publish_content", request.workspace)
    account = one(request, Account, body.account)
    items = Item.objects.visible_to(request.actor.user).select_related("workspace").in_bulk(body.items)
    if len(items) < len(set(body.items)):
        raise NotFound(_("There is no such item or account."))
    placed = space_items(
        items=[items[pk] for pk in dict.fromkeys(body.items)],
        account=account,
        actor=request.actor,
        over=timedelta(hours=body.hours),
        start=body.start,
        force=body.force,
    )
    shown = {post.pk: post for post in _shown([post for each in placed for post in each.posts])}
    return Status(
        201,
        [
            {
                "item": each.item.pk,
                "posts": [shown[post.pk] for post in each.posts],
                "problem": str(each.error or ""),
            }
            for each in placed
        ],
    )


def _shown(posts: list[Post]) -> list[Post]:
    return list(queries.posts().filter(pk__in=[post.pk for post in posts]).order_by("part", "pk"))


@router.get("/schedule/posts/{int:post_id}", response=PostOut, summary="One post")
def get_post(request: HttpRequest, post_id: int) -> Post:
    request.actor.require("view_content", request.workspace)
    return find_post(request, post_id)


@router.patch("/schedule/posts/{int:post_id}", response=PostOut, summary="Change a post's time")
def change_post(request: HttpRequest, post_id: int, body: PostPatch) -> Post:
    """Answers 409 `too_late` once the call to the platform has begun, 409 `needs_force` for a doubtful time."""
    services.reschedule(post=find_post(request, post_id), at=body.due_at, actor=request.actor, force=body.force)
    return find_post(request, post_id)


@router.post("/schedule/posts/{int:post_id}/reschedule", response=PostOut, summary="Move a post")
def reschedule_post(request: HttpRequest, post_id: int, body: RescheduleIn) -> Post:
    """Answers 409 `too_late` once the call to the platform has begun, 409 `needs_force` for a doubtful time."""
    services.reschedule(post=find_post(request, post_id), at=body.at, actor=request.actor, force=body.force)
    return find_post(request, post_id)


@router.post("/schedule/posts/{int:post_id}/cancel", response=PostOut, summary="Cancel a post")
def cancel_post(request: HttpRequest, post_id: int) -> Post:
    """Answers 409 `too_late` once the call to the platform has begun."""
    services.cancel_post(post=find_post(request, post_id), actor=request.actor)
    return find_post(request, post_id)


@router.post("/schedule/posts/{int:post_id}/restore", response=PostOut, summary="Undo a cancellation")
def restore_post(request: HttpRequest, post_id: int) -> Post:
    """While its time is still to come and its place and its text are as they were."""
    services.restore_post(post=find_post(request, post_id), actor=request.actor)
    return find_post(request, post_id)


@router.post("/schedule/posts/{int:post_id}/force", response=PostOut, summary="Post now")
def post_now(request: HttpRequest, post_id: int) -> Post:
    """Due at once, whatever the account's quiet hours, gap and daily limit say; `forced_by` tells who wanted it.

    Approval, the order of parts and pauses still hold, and so does what the platform allows.
    """
    services.post_now(post=find_post(request, post_id), actor=request.actor, force=True)
    return find_post(request, post_id)


@router.post("/schedule/posts/{int:post_id}/send", response=PostOut, summary="Send a missed post")
def send_post(request: HttpRequest, post_id: int) -> Post:
    """As soon as the account's gap, limit and quiet hours allow; for what was missed, refused or waits for a person."""
    services.send_again(post=find_post(request, post_id), actor=request.actor)
    return find_post(request, post_id)


@router.post("/schedule/missed/send", response=AgainOut, summary="Send everything that was missed")
def send_missed(request: HttpRequest, body: AgainIn) -> AgainOut:
    """After an outage; the posts of one account follow each other by its gap."""
    request.actor.require("publish_content", request.workspace)
    missed = queries.missed(account=body.account).visible_to(request.actor.user)
    sent, refused = send_all_again(posts=missed, actor=request.actor)
    return AgainOut(sent=len(sent), refused=[f"{post}: {error}" for post, error in refused])


@router.post("/schedule/pause", response=PauseOut, summary="Pause all publishing")
def pause_publishing(request: HttpRequest, body: PauseIn) -> Any:
    """Nothing of the workspace goes out until it is resumed; a call already begun is not taken back."""
    return pausing.pause_workspace(workspace=request.workspace, actor=request.actor, reason=body.reason)


@router.post("/schedule/resume", response=PauseOut, summary="Resume publishing")
def resume_publishing(request: HttpRequest) -> Any:
    """What is due goes out: what is within its account's grace, one gap apart; older posts count as missed."""
    return pausing.resume_workspace(workspace=request.workspace, actor=request.actor)


def find_post(request: HttpRequest, post_id: int) -> Post:
    """A post that the caller may see; raises NotFound."""
    return found(queries.posts().visible_to(request.actor.user), post_id, _("There is no such post."))
