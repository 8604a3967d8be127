"""What was tried with posts, what failed for good, and posting by hand."""

# Annotations are real here, not postponed: @paginate resolves them in its own module.
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema
from ninja.pagination import paginate
from pydantic import HttpUrl

from apps.common.errors import Invalid, NotFound
from apps.common.pagination import CursorPagination
from apps.common.schemas import Body, Id
from apps.platforms.api import find_account
from apps.schedules.api import PostOut, find_post
from apps.schedules.models import Post
from apps.uploads import by_hand, dead_letters, queries, services, usage
from apps.uploads.models import Attempt, Evidence
from apps.uploads.problems import TABLE, Problem, explain

router = Router(tags=["publishing"])


class ProblemOut(Schema):
    code: str = Field(examples=["captcha"])
    sentence: str = Field(examples=["The platform wants to see a person: it shows a puzzle."])
    hint: str = Field(description="What a person does about it.", examples=["Post it by hand."])
    then: str = Field(description="What Rundown does by itself.", examples=["Nothing is tried again."])

    @staticmethod
    def resolve_sentence(row: Problem) -> str:
        return str(row.sentence)

    @staticmethod
    def resolve_hint(row: Problem) -> str:
        return str(row.hint)

    @staticmethod
    def resolve_then(row: Problem) -> str:
        return str(row.then)


class EvidenceOut(Schema):
    id: int = Field(examples=[5])
    name: str = Field(examples=["The page as it was"])
    content_type: str = Field(examples=["image/png"])
    bytes: int = Field(examples=[48211])
    url: str = Field(description="For members who may publish.", examples=["/w/night-desk/evidence/5/"])

    @staticmethod
    def resolve_url(row: Evidence, context: dict[str, Any]) -> str:
        return reverse("uploads:evidence", args=[context["request"].workspace.slug, row.pk])


class AttemptOut(Schema):
    number: int = Field(examples=[1])
    kind: Literal["publish", "resend", "look"] = Field(description="A call, the same call again, or a look.")
    outcome: str = Field(description="Empty while it is under way.", examples=["published"])
    percent: int = Field(description="How much had been sent when it last said so.", examples=[100])
    started_at: datetime
    intent_at: datetime | None = Field(description="When the call began.")
    finished_at: datetime | None
    seconds: float | None = Field(description="How long it took.", examples=[4.2])
    error: dict[str, Any] | None = Field(
        examples=[{"code": "captcha", "message": "The platform shows a puzzle.", "hint": "Post it by hand."}]
    )
    evidence: list[EvidenceOut]

    @staticmethod
    def resolve_seconds(attempt: Attempt) -> float | None:
        return attempt.took.total_seconds() if attempt.took is not None else None

    @staticmethod
    def resolve_evidence(attempt: Attempt) -> list[Evidence]:
        return list(attempt.evidence.all())


class PublishedIn(Body):
    url: HttpUrl | None = Field(None, description="Where it is online.", examples=["https://example.org/posts/9"])


class PostedIn(Body):
    url: str = Field(
        "",
        max_length=1000,
        description="Where it is online; may be empty where posts have no address, or one that Rundown cannot know.",
        examples=["https://example.org/posts/9"],
    )


class DeadLetterOut(PostOut):
    problem: dict[str, Any] = Field(
        description="Why: code, message and hint.",
        examples=[{"code": "refused", "message": "The platform refused the post.", "hint": "Change what it names."}],
    )

    @staticmethod
    def resolve_problem(post: Post) -> dict[str, Any]:
        return explain(post)


class FileOut(Schema):
    kind: str = Field(examples=["video"])
    name: str = Field(examples=["The lighthouse keeper.mp4"])
    bytes: int = Field(examples=[8211340])
    url: str = Field(
        description="Gives the file without signing in, for 7 days and while the post waits; empty without the right "
        "to publish.",
        examples=["https://desk.example.org/by-hand/…"],
    )


class ManualOut(DeadLetterOut):
    maybe_online: bool = Field(description="It may be public although nobody has seen it: look first.")


class ManualDetailOut(ManualOut):
    text: str = Field(
        alias="kit.text",
        description="As the platform would show it, hashtags included.",
        examples=["Rain. #storytime"],
    )
    hashtags: str = Field(alias="kit.hashtags", examples=["#storytime"])
    upload_page: str = Field(
        alias="kit.upload_page", description="Where a person posts it.", examples=["https://example.org/upload"]
    )
    files: list[FileOut]

    @staticmethod
    def resolve_files(post: Any, context: dict[str, Any]) -> list[dict[str, Any]]:
        request = context["request"]
        may = post.needs_person and request.actor.may("publish_content", request.workspace)
        return [
            {
                "kind": asset.kind,
                "name": by_hand.file_name(asset, post),
                "bytes": asset.bytes,
                "url": by_hand.link_to(asset, post) if may else "",
            }
            for asset in post.kit.files
        ]


class CauseFilter(Schema):
    cause: str = Field("", max_length=40, description="Only this code of `/schedule/problems`.")


class BulkIn(Body):
    posts: list[Id] = Field(
        default_factory=list, max_length=dead_letters.AT_ONCE, description="Their ids.", examples=[[17, 18]]
    )
    cause: str = Field("", max_length=40, description="Instead of ids: all with this code.", examples=[""])


class RefusedOut(Schema):
    post: int = Field(examples=[18])
    code: str = Field(examples=["too_late"])
    message: str = Field(examples=["It is too late: this is published."])


class SettledOut(Schema):
    done: list[int] = Field(examples=[[17]])
    refused: list[RefusedOut]


@router.get("/schedule/problems", response=list[ProblemOut], summary="What can go wrong with a post")
def list_problems(request: HttpRequest) -> Any:
    """Every error code, what happened, what to do, and what happens by itself."""
    request.actor.require("view_content", request.workspace)
    return list(TABLE)


@router.get("/schedule/posts/{int:post_id}/attempts", response=list[AttemptOut], summary="Attempts of a post")
def list_attempts(request: HttpRequest, post_id: int) -> Any:
    """Every try, oldest first."""
    request.actor.require("view_content", request.workspace)
    return list(queries.attempts_of(find_post(request, post_id)))


@router.post("/schedule/posts/{int:post_id}/published", response=PostOut, summary="Report a post as online")
def report_post_published(request: HttpRequest, post_id: int, body: PublishedIn) -> Post:
    """For a post that waits for a person's decision, when it is online after all or was posted by hand."""
    post = find_post(request, post_id)
    services.report_published(post=post, actor=request.actor, url=str(body.url or ""))
    return find_post(request, post_id)


@router.get("/dead-letters/", response=list[DeadLetterOut], summary="List dead letters")
@paginate(CursorPagination, ordering=("-state_at", "-id"))
def list_dead_letters(request: HttpRequest, filters: Query[CauseFilter]) -> Any:
    """Posts that failed for good, latest first: refused, missed, or tried as often as they may be."""
    request.actor.require("view_content", request.workspace)
    return queries.dead_letters(cause=filters.cause).visible_to(request.actor.user)


@router.post("/dead-letters/replay", response=SettledOut, summary="Send dead letters again")
def replay_dead_letters(request: HttpRequest, body: BulkIn) -> SettledOut:
    """At most 500 at once, by id or by cause. What cannot be sent again is named, and the others are."""
    request.actor.require("publish_content", request.workspace)
    return _settled(dead_letters.replay_all(posts=_chosen(request, body), actor=request.actor), body)


@router.post("/dead-letters/drop", response=SettledOut, summary="Drop dead letters")
def drop_dead_letters(request: HttpRequest, body: BulkIn) -> SettledOut:
    """At most 500 at once, by id or by cause."""
    request.actor.require("publish_content", request.workspace)
    return _settled(dead_letters.drop_all(posts=_chosen(request, body), actor=request.actor), body)


@router.post("/dead-letters/{int:post_id}/replay", response=PostOut, summary="Send a dead letter again")
def replay_dead_letter(request: HttpRequest, post_id: int) -> Post:
    """Due at once. Its attempts are kept, and its tries count anew."""
    dead_letters.replay(post=_waiting(request, post_id), actor=request.actor)
    return find_post(request, post_id)


@router.post("/dead-letters/{int:post_id}/drop", response=PostOut, summary="Drop a dead letter")
def drop_dead_letter(request: HttpRequest, post_id: int) -> Post:
    """It is cancelled; the parts after it go on."""
    dead_letters.drop(post=_waiting(request, post_id), actor=request.actor)
    return find_post(request, post_id)


@router.get("/manual-uploads/", response=list[ManualOut], summary="List what waits for a person")
@paginate(CursorPagination, ordering=("state_at", "id"))
def list_manual_uploads(request: HttpRequest) -> Any:
    """Posts that a person posts by hand or decides about, longest waiting first."""
    request.actor.require("view_content", request.workspace)
    return queries.by_hand().visible_to(request.actor.user)


@router.get("/manual-uploads/{int:post_id}", response=ManualDetailOut, summary="Everything to post it by hand")
def get_manual_upload(request: HttpRequest, post_id: int) -> Post:
    """The text as it should read, the files, and where to post them."""
    request.actor.require("view_content", request.workspace)
    post = find_post(request, post_id)
    post.kit = by_hand.kit_of(post)
    return post


@router.post("/manual-uploads/{int:post_id}", response=PostOut, summary="Report it as posted")
def report_manual_upload(request: HttpRequest, post_id: int, body: PostedIn) -> Post:
    """Its link must be one that the platform's posts have. The same report again changes nothing."""
    by_hand.report_posted(post=find_post(request, post_id), actor=request.actor, url=body.url)
    return find_post(request, post_id)


def _waiting(request: HttpRequest, post_id: int) -> Post:
    """A post that waits for a person, and that the caller may see."""
    post = find_post(request, post_id)
    request.actor.require("publish_content", request.workspace)
    if not post.needs_person:
        raise NotFound(_("There is no such dead letter."), hint=_("It may have been settled meanwhile."))
    return post


def _chosen(request: HttpRequest, body: BulkIn) -> list[Post]:
    if body.posts:
        found = queries.for_people().filter(pk__in=body.posts)
    elif body.cause:
        found = queries.dead_letters(cause=body.cause)
    else:
        raise Invalid(_("Say which posts, or which cause."), posts=[_("Name their ids, or send a cause.")])
    return list(found.visible_to(request.actor.user).order_by("state_at", "pk")[: dead_letters.AT_ONCE])


def _settled(settled: dead_letters.Settled, body: BulkIn) -> SettledOut:
    """Every id that was sent is in the answer: also one of no post, or of a post that waits for nobody."""
    done = [post.pk for post in settled.done]
    refused = [RefusedOut(post=post.pk, code=error.code, message=str(error.message)) for post, error in settled.refused]
    answered = {*done, *(each.post for each in refused)}
    said = str(_("There is no post of this number that waits for a person."))
    refused += [RefusedOut(post=pk, code="not_found", message=said) for pk in body.posts if pk not in answered]
    return SettledOut(done=done, refused=refused)


class UsageOut(Schema):
    today: int = Field(description="Posts since midnight of the account's own time zone.", examples=[2])
    of: int = Field(description="Its limit; 0: none.", examples=[5])
    scheduled: int = Field(examples=[7])
    for_people: int = Field(description="Posts that wait for a decision.", examples=[0])
    calls_free_at: datetime | None = Field(description="When the platform allows the next call; null: now.")
    quiet_until: datetime | None = Field(description="The end of the present quiet hours.")
    held_until: datetime | None = Field(description="Until when the platform asked to wait.")
    next_slot: datetime | None = Field(description="The place that the next post would take.")


@router.get("/accounts/{int:account_id}/usage", response=UsageOut, summary="How much of its limits an account has used")
def get_account_usage(request: HttpRequest, account_id: int) -> usage.Usage:
    request.actor.require("view_content", request.workspace)
    return usage.usage_of(find_account(request, account_id))
