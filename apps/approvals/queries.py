"""What waits for a decision, for how long, and for whom."""

from __future__ import annotations

from django.db.models import Count, F, Prefetch, Q, QuerySet

from apps.approvals.models import Decision, Review
from apps.content.models import Asset
from apps.workspaces.models import User, Workspace
from apps.workspaces.roles import ROLES


def review_queue(*, assignee: User | None = None) -> QuerySet[Review]:
    """Open reviews of the current workspace, the longest wait first; `assignee` narrows to theirs and nobody's."""
    previews = Asset._base_manager.filter(kind__in=["preview", "video", "thumbnail"])
    approvals = Q(decisions__verdict=Decision.Verdict.APPROVE, decisions__revision=F("item__current_revision"))
    queue = (
        Review.objects.filter(closed_at=None, item__state="in_review")
        .select_related("workspace", "assignee", "item__current_revision", "item__author")
        .prefetch_related(Prefetch("item__current_revision__assets", queryset=previews))
        .annotate(approved=Count("decisions", filter=approvals))
        .order_by("opened_at")
    )
    return queue.filter(Q(assignee=None) | Q(assignee=assignee)) if assignee else queue


def approvers_of(workspace: Workspace) -> QuerySet[User]:
    """Who may decide in a workspace, and so can be named as the one that a review waits for."""
    roles = [role for role, permissions in ROLES.items() if "approve_content" in permissions]
    rows = User.objects.filter(memberships__workspace=workspace, memberships__role__in=roles, is_active=True)
    return rows.order_by("name", "email")


def decisions_of(item_id: int) -> QuerySet[Decision]:
    return Decision.objects.filter(review__item_id=item_id).select_related("revision", "user", "review")
