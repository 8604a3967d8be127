from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django_scopes import scopes_disabled
from ninja_jwt.tokens import AccessToken

from apps.lifecycle.models import EventHead
from apps.workspaces.models import AuditHead, User, Workspace
from apps.workspaces.roles import Role
from tests.factories.tenants import furnish
from tests.factories.workspaces import UserFactory, WorkspaceFactory, add_person


@dataclass
class Town:
    """Two workspaces: ours, with a person of every role, and theirs, with an object of every kind."""

    ours: Workspace
    theirs: Workspace
    people: dict[str, User]
    strangers: dict[str, User]
    our_objects: dict[str, Any]
    their_objects: dict[str, Any]
    _clients: dict[Any, Client] = field(default_factory=dict)

    def client(self, user: User | None) -> Client:
        """A browser in which that person is signed in; the same one every time, because signing in is slow."""
        if user not in self._clients:
            self._clients[user] = Client()
            if user is not None:
                self._clients[user].force_login(user)
        return self._clients[user]

    def bearer(self, user: User, workspace: Workspace) -> dict[str, str]:
        token = AccessToken.for_user(user)
        return {"Authorization": f"Bearer {token}", "X-Workspace": workspace.slug}

    def their_traces(self) -> list[Any]:
        return _rows(self._their_queries)

    def our_traces(self) -> list[Any]:
        return _rows(self._our_queries)

    @cached_property
    def _their_queries(self) -> list[Query]:
        return _queries(self.theirs, self.their_objects)

    @cached_property
    def _our_queries(self) -> list[Query]:
        return _queries(self.ours, self.our_objects)


Query = tuple[str, tuple[Any, ...]]


def _queries(workspace: Workspace, objects: dict[str, Any]) -> list[Query]:
    """For rows of which one moves when anything is done to the workspace; as SQL, for they are asked very often."""
    with scopes_disabled():
        heads = [model.objects.filter(workspace=workspace) for model in (AuditHead, EventHead)]
    rows = [
        type(each)._base_manager.filter(pk=each.pk)
        for each in objects.values()
        if each._meta.label != "workspaces.ApiToken"
    ]
    return [each.values().query.sql_with_params() for each in heads + rows]


def _rows(queries: list[Query]) -> list[Any]:
    with connection.cursor() as cursor:
        return [cursor.execute(*query).fetchall() for query in queries]


@pytest.fixture
def _django_db_helper() -> None:
    """The tests here are marked `django_db`, so that the database is made, but `built` keeps the transactions.

    pytest-django's own would close the connection after each test, and with it the module's transaction.
    """


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker) -> Iterator[Town]:
    """Building takes a second or two, so a module does it once, in a transaction that is rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        ours = WorkspaceFactory(name="Our workspace")
        theirs = WorkspaceFactory(name="Kingfisher workspace", owner=UserFactory(name="Kingfisher Owner"))
        people = {role: add_person(ours, role) for role in Role.values}
        strangers = {"nobody's": UserFactory(), "superuser": UserFactory(is_superuser=True, is_staff=True)}
        built = Town(ours, theirs, people, strangers, furnish(ours), furnish(theirs))
        for user in (None, *people.values(), *strangers.values()):
            built.client(user)
        yield built
        transaction.set_rollback(True)


@pytest.fixture
def town(built, django_db_blocker) -> Iterator[Town]:
    """The two workspaces; what a test does to them is undone after it."""
    cache.clear()
    with django_db_blocker.unblock(), transaction.atomic():
        yield built
        transaction.set_rollback(True)
