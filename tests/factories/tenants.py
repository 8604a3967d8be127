"""One object of every model of a tenant, for the walk that looks for holes in the walls between workspaces.

What has a title bears the workspace's name, so that a page which shows it is found out.

A new model needs a line here, or a dict `TENANT` (model label -> factory that takes a workspace) in its app's module of
this package.
"""

from __future__ import annotations

import importlib
import pkgutil
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import models
from django.utils import timezone
from django_scopes import scope

import tests.factories
from apps.approvals.models import ApprovalPolicy, Decision, Review
from apps.approvals.services import open_review
from apps.content.models import Asset, Item, Revision
from apps.content.services import Text, create_item, make_variants, submit_item
from apps.lifecycle.models import Event, LiveTicket, StoredAnswer
from apps.lifecycle.runs import start_run
from apps.platforms.models import Feed, FeedEntry
from apps.renders.models import Footage, VideoStyle
from apps.stories.models import RedditCredentials
from apps.workspaces import invitations, tokens
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import AuditEntry, Membership, Workspace
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import PostFactory
from tests.factories.stories import make_reddit_keys, make_source, make_story
from tests.factories.templates import make_generation, make_version
from tests.factories.uploads import AttemptFactory

Make = Callable[[Workspace], models.Model]


def _owner(workspace: Workspace) -> Actor:
    return Actor.of(Membership.objects.filter(role="owner").first().user)


def _item(workspace: Workspace) -> Item:
    text = Text(f"{workspace.name} item", [{"title": f"{workspace.name} item", "text": "One. Two."}])
    return create_item(workspace=workspace, actor=SYSTEM, kind=Item.Kind.STORY, format=Item.Format.TEXT, text=text)


def _review(workspace: Workspace) -> Review:
    item = _item(workspace)
    submit_item(item=item, actor=SYSTEM)
    return Review.objects.filter(item=item).first() or open_review(item=item)


def _asset(workspace: Workspace) -> Asset:
    revision = Revision.objects.get(item=_item(workspace))
    file = ContentFile(b"canary", name="canary.txt")
    return Asset.objects.create(workspace=workspace, revision=revision, kind="preview", key="canary", file=file)


def _decision(workspace: Workspace) -> Decision:
    review = _review(workspace)
    revision = review.item.current_revision
    return Decision.objects.create(
        workspace=workspace, review=review, revision=revision, verdict="approve", actor_label=workspace.name
    )


def _invitation(workspace: Workspace) -> models.Model:
    return invitations.invite(
        workspace=workspace, actor=_owner(workspace), email=f"{workspace.slug}@example.org", role="viewer"
    )


def _token(workspace: Workspace) -> models.Model:
    owner = _owner(workspace)
    return tokens.create(workspace=workspace, actor=owner, name=f"{workspace.name} token", scopes=["view_content"])[0]


def _feed(workspace: Workspace) -> Feed:
    return Feed.objects.get(account=AccountFactory(workspace=workspace, name=f"{workspace.name} account"))


def _entry(workspace: Workspace) -> FeedEntry:
    return FeedEntry.objects.create(
        workspace=workspace,
        feed=_feed(workspace),
        post_key=uuid.uuid4(),
        slug="canary",
        title=f"{workspace.name} entry",
    )


def _ticket(workspace: Workspace) -> LiveTicket:
    until = timezone.now() + timedelta(minutes=1)
    return LiveTicket.objects.create(
        workspace=workspace, key_hash=uuid.uuid4().hex, user=_owner(workspace).user, expires_at=until
    )


def _answer(workspace: Workspace) -> StoredAnswer:
    owner = _owner(workspace).user
    return StoredAnswer.objects.create(workspace=workspace, user=owner, key="canary", fingerprint="c" * 64)


def _keys(workspace: Workspace) -> RedditCredentials:
    make_reddit_keys(workspace)
    return RedditCredentials.objects.get()


def _slot(workspace: Workspace) -> models.Model:
    account = AccountFactory(workspace=workspace, name=f"{workspace.name} account")
    slots = account._meta.apps.get_model("schedules.Slot").objects
    return slots.filter(account=account).first() or slots.create(
        workspace=workspace, account=account, weekday=1, time="12:00", timezone="UTC"
    )


MAKERS: dict[str, Make] = {
    "workspaces.AuditEntry": lambda workspace: AuditEntry.objects.first(),
    "workspaces.Membership": lambda workspace: Membership.objects.first(),
    "workspaces.Invitation": _invitation,
    "workspaces.ApiToken": _token,
    "lifecycle.Event": lambda workspace: Event.objects.create(
        workspace=workspace, seq=1_000_000, type="canary", at=timezone.now(), subject="canary:1"
    ),
    "lifecycle.Run": lambda workspace: start_run(workspace=workspace, kind="canary", subject="canary:1"),
    "lifecycle.LiveTicket": _ticket,
    "lifecycle.StoredAnswer": _answer,
    "platforms.Account": lambda workspace: AccountFactory(workspace=workspace, name=f"{workspace.name} account"),
    "platforms.Feed": _feed,
    "platforms.FeedEntry": _entry,
    "prompt_templates.Generation": lambda workspace: make_generation(workspace),
    "prompt_templates.PromptVersion": lambda workspace: make_version(workspace),
    "prompt_templates.PromptTemplate": lambda workspace: make_version(workspace, active=False).template,
    "content.Item": _item,
    "content.Revision": lambda workspace: Revision.objects.get(item=_item(workspace)),
    "content.Variant": lambda workspace: make_variants(
        revision=Revision.objects.get(item=_item(workspace)), platform="feed"
    )[0],
    "content.Asset": _asset,
    "stories.RedditCredentials": _keys,
    "stories.Source": lambda workspace: make_source(workspace, name=f"{workspace.name} source"),
    "stories.Story": lambda workspace: make_story(workspace, title=f"{workspace.name} story"),
    "approvals.ApprovalPolicy": lambda workspace: ApprovalPolicy.objects.get_or_create(workspace=workspace)[0],
    "approvals.Review": _review,
    "approvals.Decision": _decision,
    "renders.VideoStyle": lambda workspace: VideoStyle.objects.get_or_create(workspace=workspace)[0],
    "renders.Footage": lambda workspace: Footage.objects.create(
        workspace=workspace, name=f"{workspace.name} footage", original=ContentFile(b"canary", name="canary.mp4")
    ),
    "schedules.Slot": _slot,
    "schedules.Post": lambda workspace: PostFactory(
        account=AccountFactory(workspace=workspace, name=f"{workspace.name} account"), title=f"{workspace.name} post"
    ),
    "uploads.Attempt": lambda workspace: AttemptFactory(
        post=PostFactory(account=AccountFactory(workspace=workspace, name=f"{workspace.name} account"))
    ),
}


def makers() -> dict[str, Make]:
    """Every factory by model label, those that other modules of this package add included."""
    found = dict(MAKERS)
    for module in pkgutil.iter_modules(tests.factories.__path__):
        found.update(getattr(importlib.import_module(f"tests.factories.{module.name}"), "TENANT", {}))
    return found


def furnish(workspace: Workspace) -> dict[str, Any]:
    """One object of every model in the workspace, by model label."""
    with scope(workspace=workspace):
        return {label: make(workspace) for label, make in makers().items()}
