"""Items that are ready, and posts of them, made the way the product makes them."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from itertools import count
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.content.models import Item
from apps.content.services import Text, create_item, submit_item
from apps.lifecycle.services import advance
from apps.platforms.models import Account
from apps.schedules.models import CalendarFeed, EvergreenEntry, EvergreenPool, Post, Recurrence, Reservation
from apps.schedules.services import schedule_item
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import Membership, Workspace
from tests.factories.platforms import AccountFactory

_numbers = count(1)


def ready_item(workspace: Workspace, *, title: str = "A story", parts: int = 1) -> Item:
    """A text item whose first revision is approved; no two say the same."""
    number = next(_numbers)
    texts = [
        {"title": title if parts == 1 else f"{title} {n}", "text": f"Text {n} of story {number}."}
        for n in range(1, parts + 1)
    ]
    item = create_item(
        workspace=workspace, actor=SYSTEM, kind=Item.Kind.STORY, format=Item.Format.TEXT, text=Text(title, texts)
    )
    submit_item(item=item, actor=SYSTEM)
    advance(item, "approve", actor=SYSTEM, fields={"approved_revision": item.current_revision})
    return advance(item, "complete", actor=SYSTEM)


def posts_for(account: Account, *, title: str = "A story", parts: int = 1, at: datetime | None = None) -> list[Post]:
    """Posts due at `at` (now), one for each part, wherever that is; nobody insists on it when the time comes."""
    item = ready_item(account.workspace, title=title, parts=parts)
    owner = Membership._base_manager.filter(workspace=account.workspace, role="owner").first()
    now = timezone.now()
    early = max(now - at, timedelta()) if at else timedelta()
    posts = schedule_item(item=item, account=account, actor=Actor.of(owner.user), at=max(at or now, now), force=True)
    for post in posts:
        # Nobody may ask for a time that has passed; these are what an outage leaves behind.
        fields = {"forced_by": "", "due_at": post.due_at - early, "wake_at": post.wake_at - early}
        Post._base_manager.filter(pk=post.pk).update(**fields)
        for name, value in fields.items():
            setattr(post, name, value)
    return posts


class PostFactory(DjangoModelFactory):
    class Meta:
        model = Post

    account = factory.SubFactory(AccountFactory)
    title = factory.Sequence(lambda number: f"Story {number}")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return posts_for(**kwargs)[0]


def make_recurrence(account: Account, *, item: Item | None = None, **fields: Any) -> Recurrence:
    """An item that goes out on the account every day at nine by the account's wall, unless the fields say otherwise."""
    rule = {"time": time(9), "weekdays": list(range(7))} if "every_hours" not in fields else {}
    return Recurrence._base_manager.create(
        workspace=account.workspace,
        account=account,
        item=item or ready_item(account.workspace),
        **{"timezone": account.timezone, "starts_at": timezone.now(), "made_by": "Owner", **rule, **fields},
    )


def make_pool(account: Account, *items: Item, **fields: Any) -> EvergreenPool:
    pool = EvergreenPool._base_manager.create(workspace=account.workspace, account=account, **fields)
    for item in items:
        EvergreenEntry._base_manager.create(workspace=account.workspace, pool=pool, item=item, added_by="Owner")
    return pool


def make_reservation(account: Account, item: Item, *, at: datetime, **fields: Any) -> Reservation:
    return Reservation._base_manager.create(
        workspace=account.workspace, item=item, account=account, due_at=at, made_by="Owner", **fields
    )


def _account(workspace: Workspace) -> Account:
    return AccountFactory(workspace=workspace, name=f"{workspace.name} account")


def _titled(workspace: Workspace) -> Item:
    return ready_item(workspace, title=f"{workspace.name} item")


def _calendar(workspace: Workspace) -> CalendarFeed:
    return CalendarFeed._base_manager.create(
        workspace=workspace, name=f"{workspace.name} calendar", key_hash=uuid.uuid4().hex, made_by=workspace.name
    )


TENANT = {
    "schedules.Recurrence": lambda workspace: make_recurrence(_account(workspace), item=_titled(workspace)),
    "schedules.EvergreenPool": lambda workspace: make_pool(_account(workspace)),
    "schedules.EvergreenEntry": lambda workspace: make_pool(_account(workspace), _titled(workspace)).entries.first(),
    "schedules.Reservation": lambda workspace: make_reservation(
        _account(workspace), _titled(workspace), at=timezone.now() + timedelta(days=1)
    ),
    "schedules.CalendarFeed": _calendar,
}
