"""Accounts on platforms, connected by the service."""

from __future__ import annotations

import uuid
from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.platforms.models import Account, PendingLogin
from apps.platforms.services import connect_account
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import Membership, Workspace
from tests.factories.workspaces import WorkspaceFactory


class AccountFactory(DjangoModelFactory):
    """A feed account, with its page and default slots."""

    class Meta:
        model = Account

    workspace = factory.SubFactory(WorkspaceFactory)
    platform = "feed"
    name = factory.Sequence(lambda number: f"Account {number}")
    handle = factory.Sequence(lambda number: f"account-{number}")
    actor = SYSTEM

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return connect_account(**kwargs)


def make_pending_login(workspace: Workspace) -> PendingLogin:
    """A login that somebody began on a platform's own page."""
    return PendingLogin.objects.create(
        workspace=workspace,
        state_hash=uuid.uuid4().hex,
        session_hash="canary",
        user=Membership.objects.filter(role="owner").first().user,
        platform="feed",
        expires_at=timezone.now() + timedelta(minutes=5),
    )


TENANT = {"platforms.PendingLogin": make_pending_login}
