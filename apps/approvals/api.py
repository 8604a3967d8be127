"""The review queue, decisions, and the policy they follow."""

# No postponed annotations here: the pagination's wrapper would look for their names in its own module.

from datetime import datetime
from typing import Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status
from ninja.pagination import paginate

from apps.approvals import queries, services
from apps.approvals.models import ApprovalPolicy, Decision, Review
from apps.common.errors import Conflict, Invalid
from apps.common.pagination import CursorPagination
from apps.common.rows import found
from apps.common.schemas import Body
from apps.content.models import Item

router = Router(tags=["reviews"])

Verdict = Literal["approve", "request_changes", "reject"]


class ReviewFilter(Schema):
    stage: Literal["text", "final"] | None = Field(None, description="Only reviews of the text, or of the result.")
    mine: bool = Field(False, description="Only those that wait for the caller, or for any approver.")


class ReviewOut(Schema):
    id: int = Field(examples=[5])
    item: int = Field(alias="item_id", examples=[12])
    title: str = Field(alias="item.title", examples=["The umbrella that came back with letters"])
    stage: Literal["text", "final"]
    revision: int = Field(alias="item.current_revision.number", description="Name it when deciding.", examples=[2])
    assignee: str | None = Field(description="Empty: any approver.", examples=["asha@example.org"])
    approved: int = Field(description="Approvals of this revision so far.", examples=[0])
    opened_at: datetime

    @staticmethod
    def resolve_assignee(review: Review) -> str | None:
        return review.assignee.email if review.assignee else None


class DecisionIn(Body):
    verdict: Verdict
    revision: int = Field(
        ge=1, description="The revision that was read. If it is not the current one: 409.", examples=[2]
    )
    comment: str = Field("", max_length=5000, description="Needed when you request changes.")


class AssigneeIn(Body):
    assignee: str | None = Field(
        description="Address of somebody who may approve here; null: any approver.", examples=["asha@example.org"]
    )


class DecisionOut(Schema):
    item: int = Field(alias="review.item_id", examples=[12])
    verdict: Verdict
    revision: int = Field(alias="revision.number", examples=[2])
    comment: str
    by: str = Field(alias="actor_label", examples=["Asha"])
    at: datetime


class PolicyBody(Body):
    when: Literal["before", "after", "both"] = Field(description="Review the text, the finished video, or both.")
    approvers: int = Field(ge=1, le=9, description="How many people must approve.", examples=[1])
    author_may_approve: bool = Field(description="False asks for a second pair of eyes.")
    review_clips: bool = Field(True, description="False lets clips go out without anybody having looked.")


@router.get("/reviews/", response=list[ReviewOut], summary="What waits for a decision")
@paginate(CursorPagination, ordering=("opened_at", "id"))
def list_reviews(request: HttpRequest, filters: Query[ReviewFilter]) -> QuerySet[Review]:
    """The longest wait first."""
    request.actor.require("view_content", request.workspace)
    rows = queries.review_queue(assignee=request.actor.user if filters.mine else None)
    rows = rows.visible_to(request.actor.user)
    return rows.filter(stage=filters.stage) if filters.stage else rows


@router.post("/reviews/{int:review_id}/decide", response={201: DecisionOut}, summary="Decide on a revision")
def decide_review(request: HttpRequest, review_id: int, data: DecisionIn) -> Status:
    """With several approvers, the item moves on when the last of them has approved."""
    review = _review(request, review_id)
    decision = services.decide(item=review.item, actor=request.actor, **data.dict())
    return Status(201, decision)


@router.put("/reviews/{int:review_id}/assignee", response=ReviewOut, summary="Say whom a review waits for")
def assign_review(request: HttpRequest, review_id: int, data: AssigneeIn) -> Review:
    """It is shown to them as theirs; every approver may still decide."""
    review = _review(request, review_id)
    request.actor.require("approve_content", request.workspace)
    person = None
    if data.assignee:
        person = queries.approvers_of(request.workspace).filter(email__iexact=data.assignee).first()
        if person is None:
            raise Invalid(_("No approver here has this address."), assignee=[_("Choose an approver.")])
    return services.assign_review(review=review, assignee=person, actor=request.actor)


@router.get("/items/{int:item_id}/decisions", response=list[DecisionOut], summary="An item's decisions")
@paginate(CursorPagination, ordering=("-at", "-id"))
def list_decisions(request: HttpRequest, item_id: int) -> QuerySet[Decision]:
    request.actor.require("view_content", request.workspace)
    item = found(Item.objects.all(), item_id, _("There is no such item."))
    return queries.decisions_of(item.pk).visible_to(request.actor.user)


@router.get("/reviews/policy", response=PolicyBody, summary="The approval policy")
def get_review_policy(request: HttpRequest) -> ApprovalPolicy:
    request.actor.require("view_content", request.workspace)
    return services.policy_of(request.workspace)


@router.put("/reviews/policy", response=PolicyBody, summary="Change the approval policy")
def set_review_policy(request: HttpRequest, data: PolicyBody) -> ApprovalPolicy:
    """It holds for reviews that open, and are decided, from now on."""
    return services.set_policy(workspace=request.workspace, actor=request.actor, **data.dict())


def _review(request: HttpRequest, review_id: int) -> Review:
    waiting = queries.review_queue().visible_to(request.actor.user).filter(pk=review_id).first()
    if waiting is None:
        found(Review.objects.visible_to(request.actor.user), review_id, _("There is no such review."))
        raise Conflict(_("This review is over."), hint=_("GET /api/v1/reviews/ lists what waits for a decision."))
    return waiting
