"""Accounts on platforms, connected by the service."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from apps.platforms.models import Account
from apps.platforms.services import connect_account
from apps.workspaces.actors import SYSTEM
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
