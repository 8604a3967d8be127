"""No way leads from one workspace into another.

Every address, operation and socket is taken from the site itself, so a new one is walked without anyone remembering. A
parameter that cannot be filled, an address that fits no rule, or a model without a factory fails with what to add.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin

from apps.workspaces.admin_base import RolePermissions
from apps.workspaces.models import WorkspaceModel
from apps.workspaces.roles import Role
from tests.factories.tenants import makers
from tests.security import routes
from tests.security.routes import Route

pytestmark = pytest.mark.django_db

# Addresses outside of workspaces, and why they are open. By name, or by the beginning of the path.
OPEN = {
    "health": "says whether the service works, nothing else",
    "metrics": "guards itself: numbers of the installation for the collector",
    "/feeds/": "public pages are what a feed is for; ingest asks for its key",
    "/accounts/": "allauth: signing in, and one's own account",
    "/i18n/": "a cookie with the language",
    "language": "a cookie with the language",
    "by-hand-file": "the signed token in the address is the right to one file",
    "invitation": "the key in the address is the right to it",
    "calendar": "the key in the address is the right to it",
    "None": "answers 404 to every unknown address under /api/",
}
PERSONAL = {"home", "profile", "workspace-new", "account-callback"}
ADMIN_SITE = {"index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n"} | {
    "search",
    "app_list",
    "None",
}
# In the name of the other workspace, of its owner and of everything in it.
CANARY = "Kingfisher"
OPEN_OPERATIONS = {"sign_in", "refresh_tokens", "verify_token", "get_health"}
ABOVE_WORKSPACES = {"list_workspaces", "create_workspace"}


def is_open(route: Route) -> bool:
    return route.name in OPEN or any(route.path.startswith(key) for key in OPEN if key.startswith("/"))


def operation(route: Route) -> str:
    return route.name.rpartition("_api_")[2] or route.name


def call(town, user, method: str, path: str, **more: Any):
    return getattr(town.client(user), method)(path, **more)


def assert_shut(answer: Any, allowed: set[int], what: str) -> None:
    body = answer.content.decode(errors="replace") if not answer.streaming else ""
    assert answer.status_code in allowed, f"{what} answered {answer.status_code}: {body[:300]}"
    assert CANARY not in body, f"{what} shows something of another workspace"


def test_every_model_of_a_tenant_has_a_factory_for_this_walk():
    missing = {model._meta.label for model in routes.tenant_models()} - set(makers())
    assert not missing, f"Add a factory to tests/factories/tenants.py for: {', '.join(sorted(missing))}"


def test_every_row_of_the_walk_is_in_the_workspace_it_was_made_for(town):
    for workspace, objects in ((town.ours, town.our_objects), (town.theirs, town.their_objects)):
        wrong = [
            label
            for label, each in objects.items()
            if each is None or getattr(each, "workspace_id", workspace.pk) != workspace.pk
        ]
        assert wrong == []


def test_every_address_fits_a_rule():
    unknown = [str(each) for each in routes.other_routes() if each.name not in PERSONAL and not is_open(each)]
    assert not unknown, f"Put these under /w/<slug>/, or say in OPEN or PERSONAL who may come: {unknown}"
    strange = [str(each) for each in routes.admin_site_routes() if each.name.split(":")[1] not in ADMIN_SITE]
    assert not strange, f"Pages of the admin site that this walk does not know: {strange}"
    assert routes.hidden_operations() == []


@pytest.mark.parametrize("route", routes.web_routes(), ids=str)
def test_web_page_of_another_workspace_does_not_exist(town, route):
    before = town.their_traces()
    theirs = route.fill(town.theirs.slug, town.their_objects)
    for who, user in (town.people | town.strangers).items():
        for method in route.methods:
            assert_shut(call(town, user, method, theirs), {404}, f"{who}: {method} {theirs}")
    for method in route.methods:
        answer = call(town, None, method, theirs)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")
    assert town.their_traces() == before


@pytest.mark.parametrize("route", [each for each in routes.web_routes() if each.object_parameters], ids=str)
def test_web_page_does_not_reach_an_object_of_another_workspace(town, route):
    before = town.their_traces()
    mixed = route.fill(town.ours.slug, town.their_objects)
    for role, user in town.people.items():
        seen = set()
        for method in route.methods:
            allowed = {404, 405} if role == Role.OWNER else {403, 404, 405}
            answer = call(town, user, method, mixed)
            assert_shut(answer, allowed, f"{role}: {method} {mixed}")
            seen.add(answer.status_code)
        assert seen != {405}
    assert town.their_traces() == before


@pytest.mark.parametrize("route", [each for each in routes.web_routes() if not each.object_parameters], ids=str)
def test_web_list_shows_nothing_of_another_workspace(town, route):
    path = route.fill(town.ours.slug, town.our_objects)
    answer = call(town, town.people[Role.OWNER], "get", path)
    assert answer.status_code in {200, 302}
    assert CANARY not in answer.content.decode()


@pytest.mark.parametrize("name", sorted(PERSONAL))
def test_personal_page_asks_to_sign_in(town, name):
    for route in routes.other_routes():
        if route.name == name:
            answer = call(town, None, "get", route.path)
            assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


def tenant_admins() -> list[Any]:
    return [each for model, each in admin.site._registry.items() if issubclass(model, WorkspaceModel)]


def test_every_tenant_model_in_the_admin_asks_for_the_role():
    loose = [each.model._meta.label for each in tenant_admins() if not isinstance(each, RolePermissions)]
    assert not loose, f"Derive these from apps.workspaces.admin_base.WorkspaceAdmin: {loose}"
    inlines = [
        inline.__name__
        for each in tenant_admins()
        for inline in each.inlines
        if not issubclass(inline, RolePermissions)
    ]
    assert not inlines, f"Derive these from apps.workspaces.admin_base.WorkspaceTabularInline: {inlines}"


def _admin_pages(tenant: bool) -> list[Any]:
    return [
        pytest.param(model_admin, route, id=str(route))
        for model_admin, _name, route in routes.admin_routes()
        if isinstance(model_admin, RolePermissions) == tenant
    ]


@pytest.mark.parametrize(("model_admin", "route"), _admin_pages(tenant=True))
def test_admin_page_does_not_reach_an_object_of_another_workspace(town, model_admin, route):
    their = town.their_objects[model_admin.model._meta.label]
    path = route.fill("", town.their_objects, this=their)
    before = town.their_traces()
    names_object = bool(route.object_parameters)
    for who, user in (town.people | town.strangers).items():
        for method in route.methods:
            answer = call(town, user, method, path)
            if who == "nobody's":
                assert answer["Location"].startswith("/admin/login/")
                continue
            allowed = {403, 404, 405} if names_object or who in town.strangers else {200, 302, 403, 405}
            assert_shut(answer, allowed, f"{who}: {method} {path}")
    for method in route.methods:
        answer = call(town, None, method, path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")
    assert town.their_traces() == before


@pytest.mark.parametrize(("model_admin", "route"), _admin_pages(tenant=False))
def test_admin_page_of_the_installation_is_shut_to_members(town, model_admin, route):
    path = routes.PARAMETER.sub("1", route.path)
    for role, user in town.people.items():
        for method in route.methods:
            answer = call(town, user, method, path)
            # Of an object that is not there, Django's own pages say so before they ask who wants to know.
            missing = answer.status_code == 302 and answer["Location"] == "/admin/"
            assert missing or answer.status_code in {403, 404, 405}, f"{role}: {method} {path}: {answer.status_code}"


@pytest.mark.parametrize(
    "route",
    [each for each in routes.api_routes() if operation(each) not in OPEN_OPERATIONS | ABOVE_WORKSPACES],
    ids=str,
)
def test_api_operation_in_another_workspace_does_not_exist(town, route):
    before = town.their_traces()
    path, body = route.fill("", town.their_objects), routes.body_of(route, town.their_objects)
    method = route.methods[0]
    assert getattr(town.client(None), method)(path).status_code == 401, f"{route} answers anybody"
    for who, user in (town.people | town.strangers).items():
        more = body.arguments() if body else {}
        answer = getattr(town.client(None), method)(path, headers=town.bearer(user, town.theirs), **more)
        assert_shut(answer, {404}, f"{who}: {route}")
    assert town.their_traces() == before


@pytest.mark.parametrize("route", [each for each in routes.api_routes() if routes.names_objects(each)], ids=str)
def test_api_operation_does_not_reach_an_object_of_another_workspace(town, route):
    before = town.their_traces()
    path, body = route.fill("", town.their_objects), routes.body_of(route, town.their_objects)
    for role, user in town.people.items():
        allowed = {404} if route.object_parameters else {404, 422}
        allowed |= set() if role == Role.OWNER else {403}
        more = body.arguments() if body else {}
        answer = getattr(town.client(None), route.methods[0])(path, headers=town.bearer(user, town.ours), **more)
        assert_shut(answer, allowed, f"{role}: {route}")
    assert town.their_traces() == before


@pytest.mark.parametrize(
    "route",
    [
        each
        for each in routes.api_routes()
        if each.methods == ("get",) and not each.object_parameters and operation(each) not in OPEN_OPERATIONS
    ],
    ids=str,
)
def test_api_list_shows_nothing_of_another_workspace(town, route):
    headers = town.bearer(town.people[Role.OWNER], town.ours)
    answer = town.client(None).get(route.fill("", town.our_objects), headers=headers)
    assert answer.status_code == 200
    assert CANARY not in answer.content.decode()
