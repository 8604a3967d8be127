"""What platforms counted of posts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.analytics.models import Reading
from apps.schedules.models import Post
from apps.workspaces.models import Workspace
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import PostFactory


def make_published(workspace: Workspace, *, hours: float = 2, **fields: Any) -> Post:
    """A post that went out so many hours ago."""
    post = PostFactory(account=fields.pop("account", None) or AccountFactory(workspace=workspace), **fields)
    at = timezone.now() - timedelta(hours=hours)
    said = {"state": "published", "published_at": at, "external_id": str(post.key), "wake_at": None}
    Post._base_manager.filter(pk=post.pk).update(**said)
    return Post._base_manager.select_related("workspace", "account__workspace").get(pk=post.pk)


def make_reading(post: Post, **fields: Any) -> Reading:
    return Reading._base_manager.create(
        workspace=post.workspace, post=post, **{"hours": 1, "counts": {"views": 12}, **fields}
    )


TENANT = {
    "analytics.Reading": lambda workspace: make_reading(make_published(workspace, title=f"{workspace.name} post")),
}
