"""Within the own workspace: who lacks the permission of a route is turned away, and who has it is not.

Reading is for every member unless the table says otherwise. Whatever can change something must stand in the table, so
nobody adds a way to change things without deciding who may.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib import admin
from django.db import transaction

from apps.workspaces import tokens
from apps.workspaces.actors import Actor
from apps.workspaces.admin_base import RolePermissions
from apps.workspaces.roles import PERMISSIONS, ROLES, Role
from tests.security import routes
from tests.security.routes import Route
from tests.security.test_walls import ABOVE_WORKSPACES, OPEN_OPERATIONS, operation

pytestmark = pytest.mark.django_db

EVERYBODY = "view_content"
# By name of the page: what posting to it needs. None: what it needs depends on the action named in it, or is one's own.
PAGES = {
    "workspaces:member-role": "manage_members",
    "workspaces:member-remove": None,
    "workspaces:invitation-resend": "manage_members",
    "workspaces:invitation-revoke": "manage_members",
    "workspaces:team": "manage_members",
    "workspaces:settings": "manage_workspace",
    "workspaces:tokens": EVERYBODY,
    "workspaces:token-revoke": None,
    "desk:stories": "write_content",
    "desk:story-action": "write_content",
    "clips:clips": "write_content",
    "clips:options": "manage_workspace",
    "clips:look-again": "write_content",
    "clips:transcript": "write_content",
    "clips:metadata": "write_content",
    "clips:describe": "write_content",
    "clips:retry": "write_content",
    "clips:delete": "write_content",
    "plans:new": "write_content",
    "plans:import": "write_content",
    "plans:options": "manage_workspace",
    "plans:edit": "write_content",
    "plans:process": "write_content",
    "plans:read": "write_content",
    "plans:duplicate": "write_content",
    "plans:delete": "write_content",
    "plans:take": "write_content",
    "desk:item-edit": "write_content",
    "desk:item-check": "write_content",
    "desk:item-write": "write_content",
    "desk:voice": "manage_brand",
    "desk:voice-try": "manage_brand",
    "desk:voice-drop": "manage_brand",
    "desk:item-decide": "approve_content",
    "desk:item-assign": "approve_content",
    "desk:item-action": None,
    "desk:post-action": "publish_content",
    "desk:post-move": "publish_content",
    "desk:schedule-add": "publish_content",
    "desk:schedule-missed": "publish_content",
    "desk:publishing": "publish_content",
    "desk:reservation-drop": "publish_content",
    "desk:slots-add": "manage_accounts",
    "desk:slots-follow": "manage_accounts",
    "desk:slot-remove": "manage_accounts",
    "desk:recurrence-add": "publish_content",
    "desk:recurrence-action": "publish_content",
    "desk:evergreen-set": "publish_content",
    "desk:evergreen-add": "publish_content",
    "desk:evergreen-remove": "publish_content",
    "desk:schedule-files": "publish_content",
    "desk:calendar-make": "manage_workspace",
    "desk:calendar-revoke": "manage_workspace",
    "desk:run-action": "write_content",
    "desk:item-images": "write_content",
    "desk:account-connect": "manage_accounts",
    "desk:account": "manage_accounts",
    "desk:account-login": "manage_accounts",
    "desk:account-action": "manage_accounts",
    "ai:template": "manage_templates",
    "ai:try": "manage_templates",
    "ai:case-add": "manage_templates",
    "ai:case-remove": "manage_templates",
    "ai:cases-run": "manage_templates",
    "ai:act": "manage_templates",
    "ai:decide": "manage_templates",
    "ai:spending": "manage_workspace",
    "ai:provider": "manage_workspace",
    "ai:provider-check": "manage_workspace",
    "ai:provider-remove": "manage_workspace",
    "uploads:attention": "publish_content",
    "uploads:settle-one": "publish_content",
    "uploads:by-hand": "publish_content",
}
# Pages that only show; posting to them changes nothing.
SHOWN = {
    "ai:templates",
    "ai:version",
    "ai:generation",
    "clips:clip",
    "clips:original",
    "clips:still",
    "plans:plans",
    "plans:plan",
    "plans:snapshot",
    "desk:accounts",
    "workspaces:open",
    "desk:dashboard",
    "desk:items",
    "desk:item",
    "desk:asset",
    "desk:review",
    "desk:search",
    "desk:schedule",
    "desk:schedule-slots",
    "desk:schedule-repeats",
    "desk:schedule-export",
    "desk:schedule-template",
    "uploads:post",
    "uploads:evidence",
    "uploads:problems",
}
OPERATIONS = {
    "POST /api/v1/ai/templates": "manage_templates",
    "PATCH /api/v1/ai/templates/{kind}": "manage_workspace",
    "DELETE /api/v1/ai/templates/{kind}": "manage_templates",
    "PUT /api/v1/ai/templates/{kind}/staging": "manage_templates",
    "PUT /api/v1/ai/templates/{kind}/shares": "manage_templates",
    "POST /api/v1/ai/templates/{kind}/rollback": "manage_templates",
    "POST /api/v1/ai/templates/{kind}/cases": "manage_templates",
    "PUT /api/v1/ai/templates/cases/{case_id}": "manage_templates",
    "DELETE /api/v1/ai/templates/cases/{case_id}": "manage_templates",
    "POST /api/v1/ai/templates/versions/{version_id}/activate": "manage_templates",
    "POST /api/v1/ai/templates/versions/{version_id}/cases": "manage_templates",
    "POST /api/v1/ai/templates/activations/{activation_id}/approve": "manage_templates",
    "POST /api/v1/ai/templates/activations/{activation_id}/decline": "manage_templates",
    "POST /api/v1/ai/test-prompt": "manage_templates",
    "PUT /api/v1/ai/budget": "manage_workspace",
    "PUT /api/v1/ai/provider": "manage_workspace",
    "DELETE /api/v1/ai/provider": "manage_workspace",
    "POST /api/v1/ai/provider/check": "manage_workspace",
    "POST /api/v1/items/{item_id}/images": "write_content",
    "PUT /api/v1/items/{item_id}/images": "write_content",
    "PUT /api/v1/brand-voices/": "manage_brand",
    "DELETE /api/v1/brand-voices/{language}": "manage_brand",
    "POST /api/v1/plans/": "write_content",
    "POST /api/v1/plans/import": "write_content",
    "PUT /api/v1/plans/{plan_id}": "write_content",
    "DELETE /api/v1/plans/{plan_id}": "write_content",
    "POST /api/v1/plans/{plan_id}/process": "write_content",
    "POST /api/v1/plans/{plan_id}/retry": "write_content",
    "POST /api/v1/plans/{plan_id}/research": "write_content",
    "POST /api/v1/plans/{plan_id}/duplicate": "write_content",
    "POST /api/v1/plans/{plan_id}/rounds/{round_id}/approve": "write_content",
    "POST /api/v1/clips/": "write_content",
    "PUT /api/v1/clips/settings": "manage_workspace",
    "DELETE /api/v1/clips/{clip_id}": "write_content",
    "POST /api/v1/clips/{clip_id}/retry": "write_content",
    "PUT /api/v1/clips/{clip_id}/transcript": "write_content",
    "POST /api/v1/clips/{clip_id}/metadata": "write_content",
    "OPTIONS /api/v1/clips/uploads/": EVERYBODY,
    "POST /api/v1/clips/uploads/": "write_content",
    "HEAD /api/v1/clips/uploads/{upload_id}": "write_content",
    "PATCH /api/v1/clips/uploads/{upload_id}": "write_content",
    "DELETE /api/v1/clips/uploads/{upload_id}": "write_content",
    "POST /api/v1/accounts/": "manage_accounts",
    "PATCH /api/v1/accounts/{account_id}": "manage_accounts",
    "PUT /api/v1/accounts/{account_id}/credentials": "manage_accounts",
    "POST /api/v1/accounts/{account_id}/pause": "publish_content",
    "POST /api/v1/accounts/{account_id}/resume": "publish_content",
    "POST /api/v1/accounts/{account_id}/check": "manage_accounts",
    "DELETE /api/v1/accounts/{account_id}": "manage_accounts",
    "POST /api/v1/pipeline/runs/{run_id}/cancel": "write_content",
    "POST /api/v1/pipeline/runs/{run_id}/retry": "write_content",
    "POST /api/v1/live/tickets": EVERYBODY,
    "POST /api/v1/workspaces/tokens": EVERYBODY,
    "DELETE /api/v1/workspaces/tokens/{token_id}": None,
    "POST /api/v1/stories/": "write_content",
    "POST /api/v1/stories/import": "write_content",
    "POST /api/v1/stories/{story_id}/shortlist": "write_content",
    "POST /api/v1/stories/{story_id}/reject": "write_content",
    "POST /api/v1/stories/{story_id}/restore": "write_content",
    "POST /api/v1/stories/{story_id}/script": "write_content",
    "POST /api/v1/sources/": "manage_sources",
    "PUT /api/v1/sources/{source_id}": "manage_sources",
    "DELETE /api/v1/sources/{source_id}": "manage_sources",
    "POST /api/v1/sources/{source_id}/fetch": "manage_sources",
    "POST /api/v1/items/{item_id}/revisions": "write_content",
    "POST /api/v1/items/{item_id}/suggestions": "write_content",
    "POST /api/v1/items/{item_id}/submit": "write_content",
    "POST /api/v1/items/{item_id}/restore": "approve_content",
    "POST /api/v1/items/{item_id}/retry": "write_content",
    "POST /api/v1/reviews/{review_id}/decide": "approve_content",
    "PUT /api/v1/reviews/{review_id}/assignee": "approve_content",
    "PUT /api/v1/reviews/policy": "manage_workspace",
    "POST /api/v1/schedule/posts": "publish_content",
    "PATCH /api/v1/schedule/posts/{post_id}": "publish_content",
    "POST /api/v1/schedule/posts/{post_id}/restore": "publish_content",
    "POST /api/v1/schedule/posts/{post_id}/send": "publish_content",
    "POST /api/v1/schedule/check": EVERYBODY,
    "POST /api/v1/schedule/batch": "publish_content",
    "POST /api/v1/schedule/missed/send": "publish_content",
    "POST /api/v1/schedule/pause": "publish_content",
    "POST /api/v1/schedule/resume": "publish_content",
    "POST /api/v1/schedule/slots": "manage_accounts",
    "PATCH /api/v1/schedule/slots/{slot_id}": "manage_accounts",
    "DELETE /api/v1/schedule/slots/{slot_id}": "manage_accounts",
    "POST /api/v1/schedule/recurrences": "publish_content",
    "PATCH /api/v1/schedule/recurrences/{recurrence_id}": "publish_content",
    "DELETE /api/v1/schedule/recurrences/{recurrence_id}": "publish_content",
    "PUT /api/v1/schedule/evergreen": "publish_content",
    "POST /api/v1/schedule/evergreen/{evergreen_pool_id}/items": "publish_content",
    "DELETE /api/v1/schedule/evergreen/items/{evergreen_entry_id}": "publish_content",
    "POST /api/v1/schedule/import": "publish_content",
    "POST /api/v1/schedule/calendars": "manage_workspace",
    "DELETE /api/v1/schedule/calendars/{calendar_feed_id}": "manage_workspace",
    "POST /api/v1/schedule/posts/{post_id}/reschedule": "publish_content",
    "POST /api/v1/schedule/posts/{post_id}/cancel": "publish_content",
    "POST /api/v1/schedule/posts/{post_id}/force": "publish_content",
    "POST /api/v1/schedule/posts/{post_id}/published": "publish_content",
    "POST /api/v1/dead-letters/replay": "publish_content",
    "POST /api/v1/dead-letters/drop": "publish_content",
    "POST /api/v1/dead-letters/{post_id}/replay": "publish_content",
    "POST /api/v1/dead-letters/{post_id}/drop": "publish_content",
    "POST /api/v1/manual-uploads/{post_id}": "publish_content",
}


# What a form must hold before its page asks who sent it.
FORMS = {"desk:item-decide": {"verdict": "approve", "revision": 1}}


@contextmanager
def undone() -> Iterator[None]:
    """What one person does must not be in the way of the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def operations() -> list[Route]:
    return [each for each in routes.api_routes() if operation(each) not in OPEN_OPERATIONS | ABOVE_WORKSPACES]


def writes() -> list[Route]:
    return [each for each in operations() if each.methods != ("get",)]


def test_every_way_to_change_something_says_what_it_needs():
    pages = [str(each) for each in routes.web_routes() if each.name not in PAGES.keys() | SHOWN]
    changing = [str(each) for each in writes() if str(each) not in OPERATIONS]
    assert not pages, f"Say in PAGES what posting to these needs, or put them in SHOWN: {pages}"
    assert not changing, f"Say in OPERATIONS what these need: {changing}"
    assert {each for each in [*PAGES.values(), *OPERATIONS.values()] if each} <= set(PERMISSIONS)


def test_no_row_of_the_table_outlives_its_route():
    pages = {each.name for each in routes.web_routes()}
    assert (PAGES.keys() | SHOWN) - pages == set()
    assert OPERATIONS.keys() - {str(each) for each in writes()} == set()


@pytest.mark.parametrize("route", [each for each in routes.web_routes() if PAGES.get(each.name)], ids=str)
def test_page_turns_away_who_lacks_its_permission(town, route):
    path = route.fill(town.ours.slug, town.our_objects)
    for role, user in town.people.items():
        with undone():
            before = town.our_traces()
            answer = town.client(user).post(path, FORMS.get(route.name, {}))
            unchanged = town.our_traces() == before
        lacks = PAGES[route.name] not in ROLES[role]
        what = f"{role}: {path} answered {answer.status_code}"
        # A page about several things may go on and say what it could not do, as long as it did nothing.
        assert (answer.status_code == 403) == lacks or (lacks and answer.status_code == 302), what
        assert unchanged or not lacks, f"{what} and changed something"


@pytest.mark.parametrize("route", routes.web_routes(), ids=str)
def test_page_can_be_looked_at_by_who_may(town, route):
    path = route.fill(town.ours.slug, town.our_objects)
    for role, user in town.people.items():
        status = town.client(user).get(path).status_code
        settings = {"workspaces:settings", "clips:options", "plans:options"}
        needed = "manage_workspace" if route.name in settings else EVERYBODY
        if route.name in {"desk:item-edit", "desk:item-images", "plans:new", "plans:import", "plans:edit"}:
            needed = "write_content"
        if route.name == "uploads:evidence":
            needed = "publish_content"
        if route.name == "desk:account-connect":
            needed = "manage_accounts"
        expected = {200, 302, 404, 405} if needed in ROLES[role] else {403}
        assert status in expected, f"{role}: {path} answered {status}"


@pytest.mark.parametrize("route", [each for each in writes() if OPERATIONS.get(str(each))], ids=str)
def test_operation_turns_away_who_lacks_its_permission(town, route):
    path, body = route.fill("", town.our_objects), routes.body_of(route, town.our_objects)
    more = body.arguments() if body else {}
    for role, user in town.people.items():
        headers = town.bearer(user, town.ours)
        with undone():
            answer = getattr(town.client(None), route.methods[0])(path, headers=headers, **more)
        lacks = OPERATIONS[str(route)] not in ROLES[role]
        what = f"{role}: {route} answered {answer.status_code} {answer.content.decode()[:200]}"
        assert (answer.status_code == 403) == lacks, what
        assert answer.status_code < 500 or answer.status_code == 503, what


@pytest.mark.parametrize("route", [each for each in operations() if each.methods == ("get",)], ids=str)
def test_every_member_may_read_what_is_no_secret(town, route):
    path = route.fill("", town.our_objects)
    for role, user in town.people.items():
        answer = town.client(None).get(path, headers=town.bearer(user, town.ours))
        assert answer.status_code == 200, f"{role}: {route} answered {answer.status_code}"


@pytest.mark.parametrize("route", [each for each in writes() if OPERATIONS.get(str(each)) != EVERYBODY], ids=str)
def test_token_that_may_only_read_changes_nothing_even_for_an_owner(town, route):
    owner = Actor.of(town.people[Role.OWNER])
    _token, secret = tokens.create(workspace=town.ours, actor=owner, name="reader", scopes=["view_content"])
    path, body = route.fill("", town.our_objects), routes.body_of(route, town.our_objects)
    more = body.arguments() if body else {}
    headers = {"Authorization": f"Bearer {secret}"}
    answer = getattr(town.client(None), route.methods[0])(path, headers=headers, **more)
    # Of a token that its bearer may not see, nothing is said.
    assert answer.status_code in ({403, 404} if OPERATIONS[str(route)] is None else {403}), str(answer.content)


@pytest.mark.parametrize(
    "model_admin",
    [each for each in admin.site._registry.values() if isinstance(each, RolePermissions)],
    ids=lambda each: each.model._meta.label,
)
def test_admin_list_opens_for_who_may_see_it_and_for_nobody_else(town, model_admin):
    path = f"/admin/{model_admin.opts.app_label}/{model_admin.opts.model_name}/"
    for role, user in town.people.items():
        may = model_admin.view_permission in ROLES[role] or model_admin.change_permission in ROLES[role]
        status = town.client(user).get(path).status_code
        assert status in ({200, 302} if may else {403}), f"{role}: {path} answered {status}"
        if model_admin.add_permission not in ROLES[role]:
            assert town.client(user).get(f"{path}add/").status_code == 403, f"{role} may add to {path}"
