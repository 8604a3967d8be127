"""What was tried with a post, and the word of a person about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema
from pydantic import HttpUrl

from apps.schedules.api import PostOut, find_post
from apps.schedules.models import Post
from apps.uploads import queries, services

router = Router(tags=["schedule"])


class AttemptOut(Schema):
    number: int = Field(examples=[1])
    kind: str = Field(examples=["publish"])
    outcome: str = Field(description="Empty while it is under way.", examples=["published"])
    started_at: datetime
    intent_at: datetime | None = Field(description="When the call began.")
    finished_at: datetime | None
    error: dict[str, Any] | None


class PublishedIn(Schema):
    url: HttpUrl | None = Field(None, description="Where it is online.", examples=["https://example.org/posts/9"])


@router.get("/schedule/posts/{int:post_id}/attempts", response=list[AttemptOut], summary="Attempts of a post")
def list_attempts(request: HttpRequest, post_id: int) -> Any:
    """Every try, oldest first."""
    request.actor.require("view_content", request.workspace)
    return queries.attempts_of(find_post(request, post_id))


@router.post("/schedule/posts/{int:post_id}/published", response=PostOut, summary="Report a post as online")
def report_published(request: HttpRequest, post_id: int, body: PublishedIn) -> Post:
    """For a post that waits for a person's decision, when it is online after all or was posted by hand."""
    post = find_post(request, post_id)
    services.report_published(post=post, actor=request.actor, url=str(body.url or ""))
    return find_post(request, post_id)
