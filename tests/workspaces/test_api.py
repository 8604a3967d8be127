"""Signing in to the API, and what it says about workspaces, members and tokens."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django_scopes import get_scope

from apps.workspaces import services, tokens
from apps.workspaces.actors import SYSTEM, Actor
from tests.factories.workspaces import PASSWORD, UserFactory, WorkspaceFactory

API = "/api/v1"


@pytest.fixture(autouse=True)
def _fresh_limits(db):
    cache.clear()


def post(client, path: str, data: dict, **headers: str):
    return client.post(API + path, data, content_type="application/json", headers=headers)


def sign_in(client, user, **more: str):
    return post(client, "/auth/token", {"email": user.email, "password": PASSWORD, **more})


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


def test_access_token_opens_the_api_for_five_minutes(client, workspace, member):
    pair = sign_in(client, member("editor")).json()
    listed = client.get(API + "/workspaces/", headers=bearer(pair["access"]))
    assert listed.json() == [
        {"slug": workspace.slug, "name": workspace.name, "language": "en", "timezone": "UTC", "role": "editor"}
    ]
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert client.get(API + "/workspaces/", headers=bearer(pair["access"])).status_code == 401


def test_refresh_token_works_once(client, workspace, member):
    pair = sign_in(client, member("editor")).json()
    fresh = post(client, "/auth/token/refresh", {"refresh": pair["refresh"]})
    assert sorted(fresh.json()) == ["access", "refresh"]
    assert post(client, "/auth/token/refresh", {"refresh": pair["refresh"]}).status_code == 401
    assert post(client, "/auth/token/refresh", {"refresh": fresh.json()["refresh"]}).status_code == 200


def test_verify_says_whether_a_token_is_good(client, workspace, member):
    pair = sign_in(client, member("editor")).json()
    assert post(client, "/auth/token/verify", {"token": pair["access"]}).status_code == 204
    assert post(client, "/auth/token/verify", {"token": "nonsense"}).status_code == 401


def test_wrong_password_and_unknown_person_get_the_same_answer(client, workspace, member):
    answers = [
        post(client, "/auth/token", {"email": email, "password": "nonsense"})
        for email in (member("editor").email, "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_guessing_passwords_is_stopped(client, workspace, member):
    user = member("editor")
    for _attempt in range(5):
        post(client, "/auth/token", {"email": user.email, "password": "nonsense"})
    assert sign_in(client, user).status_code == 429


def test_second_step_is_needed_here_too_and_cannot_be_guessed(client, workspace, member):
    user = member("editor")
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    assert sign_in(client, user).json()["code"] == "wrong_credentials"
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert sign_in(client, user, code=code).status_code == 200
    for _attempt in range(5):
        sign_in(client, user, code="000000")
    assert sign_in(client, user, code=code).status_code == 429


def test_one_time_password_gives_no_token(client, db):
    user, _workspace, once = services.create_owner(email="boss@example.org", workspace="Night desk")
    answer = post(client, "/auth/token", {"email": user.email, "password": once})
    assert (answer.status_code, answer.json()["hint"]) == (403, "Sign in there and choose your own.")


def test_person_of_two_workspaces_names_one(client, workspace, member):
    user, other = member("editor"), WorkspaceFactory(name="Zebra")
    services.add_member(workspace=other, user=user, role="viewer", actor=SYSTEM)
    headers = bearer(sign_in(client, user).json()["access"])
    unnamed = client.get(API + "/workspaces/members", headers=headers)
    assert (unnamed.status_code, unnamed.json()["errors"]) == (422, {"workspace": sorted([workspace.slug, "zebra"])})
    named = client.get(API + "/workspaces/members", headers={**headers, "X-Workspace": "zebra"})
    assert [row["role"] for row in named.json()] == ["owner", "viewer"]
    wrong = client.get(API + "/workspaces/members", headers={**headers, "X-Workspace": "elsewhere"})
    assert wrong.status_code == 404


def test_workspace_token_sees_its_workspace_only(client, workspace, actor):
    admin = actor("admin")
    WorkspaceFactory(name="Zebra")
    _token, secret = tokens.create(workspace=workspace, actor=admin, name="ci", scopes=["view_content"])
    members = client.get(API + "/workspaces/members", headers=bearer(secret))
    assert [row["role"] for row in members.json()] == ["owner", "admin"]
    assert (
        client.get(API + "/workspaces/members", headers={**bearer(secret), "X-Workspace": "zebra"}).status_code == 404
    )
    assert client.get(API + "/workspaces/", headers=bearer(secret)).status_code == 403
    assert post(client, "/workspaces/", {"name": "x"}, **bearer(secret)).status_code == 403


def test_token_is_made_listed_and_revoked_over_the_api(client, workspace, member):
    headers = bearer(sign_in(client, member("editor")).json()["access"])
    made = post(client, "/workspaces/tokens", {"name": "ci", "scopes": ["view_content"]}, **headers)
    secret = made.json()["secret"]
    assert (made.status_code, tokens.authenticate(secret).name) == (201, "ci")
    listed = client.get(API + "/workspaces/tokens", headers=headers).json()
    assert [(row["name"], "secret" in row) for row in listed] == [("ci", False)]
    gone = client.delete(f"{API}/workspaces/tokens/{made.json()['id']}", headers=headers)
    assert (gone.status_code, tokens.authenticate(secret)) == (204, None)
    of_no_zone = {"name": "ci", "scopes": ["view_content"], "expires_at": "2150-01-01T00:00:00"}
    assert post(client, "/workspaces/tokens", of_no_zone, **headers).status_code == 422
    beyond = post(client, "/workspaces/tokens", {"name": "ci", "scopes": ["manage_members"]}, **headers)
    assert (beyond.status_code, beyond.json()["errors"]) == (422, {"scopes": ["Not yours to give: manage_members."]})


def test_session_needs_its_csrf_token_to_write(workspace, member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member("editor"))
    assert client.get(API + "/workspaces/").status_code == 200
    assert post(client, "/workspaces/tokens", {"name": "ci", "scopes": ["view_content"]}).status_code == 403


def test_scope_of_one_request_is_closed_for_the_next(client, workspace, member):
    client.force_login(member("viewer"))
    client.get(API + "/workspaces/members")
    assert get_scope() == {}


def test_deactivated_person_loses_the_api_at_once(client, workspace, member):
    user = member("editor")
    headers = bearer(sign_in(client, user).json()["access"])
    user.is_active = False
    user.save()
    assert client.get(API + "/workspaces/", headers=headers).status_code == 401


def test_workspace_is_created_over_the_api(client, db):
    user = UserFactory()
    headers = bearer(sign_in(client, user).json()["access"])
    made = post(client, "/workspaces/", {"name": "Night desk", "language": "ml"}, **headers)
    assert (made.status_code, made.json()["slug"], made.json()["role"]) == (201, "night-desk", "owner")
    assert Actor.of(user).may("own_workspace", user.memberships.model._base_manager.get().workspace)


@pytest.mark.parametrize(("rows", "queries"), [(1, 4), (3, 4)])
def test_members_take_the_same_queries_for_one_and_three(
    client, workspace, member, rows, queries, django_assert_num_queries
):
    for _each in range(rows):
        user = member("viewer")
    headers = bearer(sign_in(client, user).json()["access"])
    with django_assert_num_queries(queries):
        client.get(API + "/workspaces/members", headers=headers)
