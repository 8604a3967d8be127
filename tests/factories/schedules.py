"""Items that are ready, and posts of them, made the way the product makes them."""

from __future__ import annotations

from datetime import datetime

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.content.models import Item
from apps.content.services import Text, create_item, submit_item
from apps.lifecycle.services import advance
from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.schedules.services import schedule_item
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import Workspace
from tests.factories.platforms import AccountFactory


def ready_item(workspace: Workspace, *, title: str = "A story", parts: int = 1) -> Item:
    """A text item whose first revision is approved."""
    texts = [{"title": title if parts == 1 else f"{title} {n}", "text": f"Text {n}."} for n in range(1, parts + 1)]
    item = create_item(
        workspace=workspace, actor=SYSTEM, kind=Item.Kind.STORY, format=Item.Format.TEXT, text=Text(title, texts)
    )
    submit_item(item=item, actor=SYSTEM)
    advance(item, "approve", actor=SYSTEM, fields={"approved_revision": item.current_revision})
    return advance(item, "complete", actor=SYSTEM)


def posts_for(account: Account, *, title: str = "A story", parts: int = 1, at: datetime | None = None) -> list[Post]:
    """Posts due at `at` (now), one for each part."""
    item = ready_item(account.workspace, title=title, parts=parts)
    return schedule_item(item=item, account=account, actor=SYSTEM, at=at or timezone.now())


class PostFactory(DjangoModelFactory):
    class Meta:
        model = Post

    account = factory.SubFactory(AccountFactory)
    title = factory.Sequence(lambda number: f"Story {number}")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return posts_for(**kwargs)[0]
