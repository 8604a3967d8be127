"""Attempts, as a claim leaves them, and what hangs on them."""

from __future__ import annotations

import uuid

import factory
from django.core.files.base import ContentFile
from factory.django import DjangoModelFactory

from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.uploads.models import Attempt, DeadLetter, Evidence, Notice
from apps.workspaces.models import Workspace
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import PostFactory

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


class AttemptFactory(DjangoModelFactory):
    class Meta:
        model = Attempt

    post = factory.SubFactory(PostFactory)
    workspace = factory.SelfAttribute("post.workspace")
    number = 1
    token = factory.LazyFunction(uuid.uuid4)


def make_evidence(attempt: Attempt, *, name: str = "Page") -> Evidence:
    return Evidence._base_manager.create(
        workspace=attempt.workspace,
        attempt=attempt,
        name=name,
        file=ContentFile(PNG, name="evidence.png"),
        content_type="image/png",
        bytes=len(PNG),
    )


def _post(workspace: Workspace) -> Post:
    account: Account = AccountFactory(workspace=workspace, name=f"{workspace.name} account")
    return PostFactory(account=account, title=f"{workspace.name} post")


def _dead(workspace: Workspace) -> DeadLetter:
    post = _post(workspace)
    Post._base_manager.filter(pk=post.pk).update(state="rejected", wake_at=None)
    return DeadLetter._base_manager.get(pk=post.pk)


TENANT = {
    "uploads.Evidence": lambda workspace: make_evidence(AttemptFactory(post=_post(workspace)), name=workspace.name),
    "uploads.Notice": lambda workspace: Notice._base_manager.create(
        workspace=workspace, post=(post := _post(workspace)), cause="captcha", told_at=post.state_at
    ),
    "uploads.DeadLetter": _dead,
}
