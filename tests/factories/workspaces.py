"""People, workspaces, and the registry of factories: one for each model of a tenant."""

from __future__ import annotations

import factory
from django_scopes import scope
from factory.django import DjangoModelFactory

from apps.workspaces import services
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import User, Workspace
from apps.workspaces.roles import Role

PASSWORD = "correct-horse-battery"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"person{number}@example.org")
    name = factory.Sequence(lambda number: f"Person {number}")
    password = PASSWORD

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return model_class.objects.create_user(*args, **kwargs)


class WorkspaceFactory(DjangoModelFactory):
    """A workspace made by the service, so with an owner, permissions and an audit row."""

    class Meta:
        model = Workspace

    name = factory.Sequence(lambda number: f"Workspace {number}")
    owner = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return services.create_workspace(**kwargs)


def add_person(workspace: Workspace, role: str = Role.OWNER, **fields) -> User:
    """A new person with that role in the workspace."""
    user = UserFactory(**fields)
    with scope(workspace=workspace):
        services.add_member(workspace=workspace, user=user, role=role, actor=SYSTEM)
    return user
