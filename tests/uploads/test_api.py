from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from apps.schedules.models import Post
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for, ready_item
from tests.factories.workspaces import add_person


@pytest.fixture
def account(in_workspace):
    return AccountFactory(workspace=in_workspace, handle="night-stories")


def signed_in(account, role: str) -> Client:
    client = Client()
    client.force_login(add_person(account.workspace, role, is_staff=True))
    return client


def items(answer) -> list[dict]:
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def test_an_item_is_scheduled_moved_and_cancelled(account):
    client, item = signed_in(account, "editor"), ready_item(account.workspace)
    at = (timezone.now() + timedelta(hours=1)).replace(microsecond=0)
    body = {"item": item.pk, "account": account.pk, "at": at.isoformat()}
    made = client.post("/api/v1/schedule/posts", body, content_type="application/json")
    assert made.status_code == 201, made.content
    [post] = made.json()
    assert (post["title"], post["state"], post["actions"]) == ("A story", "scheduled", ["cancel"])
    assert 3500 < post["seconds_until"] <= 3600
    again = client.post("/api/v1/schedule/posts", body, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "needs_force")
    assert [each["id"] for each in items(client.get("/api/v1/schedule/upcoming"))] == [post["id"]]
    address = f"/api/v1/schedule/posts/{post['id']}"
    later = (at + timedelta(days=1)).isoformat()
    moved = client.post(f"{address}/reschedule", {"at": later}, content_type="application/json")
    assert moved.status_code == 200, moved.content
    assert client.post(f"{address}/force").json()["seconds_until"] == 0
    assert client.post(f"{address}/cancel").json()["state"] == "cancelled"
    assert items(client.get("/api/v1/schedule/posts?state=cancelled"))[0]["id"] == post["id"]


def test_a_call_that_began_is_too_late_to_cancel_and_needs_a_word_afterwards(account):
    client = signed_in(account, "editor")
    [post] = posts_for(account)
    address = f"/api/v1/schedule/posts/{post.pk}"
    Post._base_manager.filter(pk=post.pk).update(state="submitting")
    answer = client.post(f"{address}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")
    Post._base_manager.filter(pk=post.pk).update(state="needs_human")
    told = client.post(f"{address}/published", {"url": "https://example.org/9"}, content_type="application/json")
    assert (told.json()["state"], told.json()["url"]) == ("published", "https://example.org/9")
    assert client.get(f"{address}/attempts").json() == []


def test_who_may_only_look_changes_nothing(account):
    client = signed_in(account, "viewer")
    [post] = posts_for(account)
    assert client.get(f"/api/v1/schedule/posts/{post.pk}").json()["actions"] == []
    assert client.post(f"/api/v1/schedule/posts/{post.pk}/cancel").status_code == 403
    [shown] = client.get("/api/v1/accounts/").json()["items"]
    assert (shown["handle"], shown["state"]) == ("night-stories", "active")
    assert "credentials" not in shown


def test_another_workspace_sees_nothing(account):
    [post] = posts_for(account)
    stranger = AccountFactory()
    with scope(workspace=stranger.workspace):
        client = signed_in(stranger, "owner")
    assert client.get(f"/api/v1/schedule/posts/{post.pk}").status_code == 404
    assert client.post(f"/api/v1/schedule/posts/{post.pk}/cancel").status_code == 404
    assert items(client.get("/api/v1/schedule/posts")) == []


def test_the_admin_shows_a_post_with_the_buttons_of_its_state(account):
    client = signed_in(account, "editor")
    [post] = posts_for(account)
    address = reverse("admin:schedules_post_change", args=[post.pk])
    page = client.get(address).content.decode()
    assert "schedules_post_cancel_here" in page
    assert "schedules_post_report_here" not in page
    empty = {"attempts-TOTAL_FORMS": 0, "attempts-INITIAL_FORMS": 0}
    client.post(address, {**empty, "schedules_post_cancel_here": "1"})
    post.refresh_from_db()
    assert post.state == "cancelled"
    assert client.get(reverse("admin:schedules_post_changelist")).status_code == 200


def test_an_account_is_connected_and_paused_in_the_admin(account):
    client = signed_in(account, "admin")
    address = reverse("admin:platforms_account_add") + "?platform=feed"
    answer = client.post(address, {"name": "Day", "handle": "day"})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    made = type(account)._base_manager.get(handle="day")
    assert made.feed.title == "Day"
    changelist = reverse("admin:platforms_account_changelist")
    client.post(changelist, {"action": "pause", "_selected_action": [made.pk]})
    made.refresh_from_db()
    assert made.state == "paused"
    for name in ("platforms_account", "platforms_feedentry", "schedules_slot"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
