"""Reviews that wait, and the policies they follow."""

from __future__ import annotations

from typing import Any

from apps.approvals.models import ApprovalPolicy, Review
from apps.approvals.services import open_review
from apps.workspaces.models import Workspace
from tests.factories.content import make_item


def make_review(workspace: Workspace, **fields: Any) -> Review:
    """An open review of an item that waits for a decision on its text."""
    item = make_item(workspace, state="in_review", **fields)
    review = open_review(item=item)
    assert review is not None
    return review


def make_policy(workspace: Workspace, **fields: Any) -> ApprovalPolicy:
    values = {"when": "before", "approvers": 1, "author_may_approve": True, **fields}
    return ApprovalPolicy._base_manager.create(workspace=workspace, **values)
