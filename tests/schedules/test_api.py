"""The schedule over the API."""

from __future__ import annotations

from datetime import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.lifecycle.services import advance
from apps.platforms.models import Account
from apps.schedules.models import EvergreenEntry, Post, Recurrence
from apps.workspaces.actors import SYSTEM
from tests.api.conftest import ApiClient
from tests.factories.schedules import make_pool, posts_for, ready_item
from tests.schedules.conftest import at

pytestmark = pytest.mark.usefixtures("monday")


class Client(ApiClient):
    def send(self, method: str, path: str, body=None):
        return getattr(self._client, method)(
            f"/api/v1{path}", body, content_type="application/json", headers=self.headers
        )


@pytest.fixture
def client(member) -> Client:
    return Client(member("admin"))


def ok(answer, status: int = 200):
    assert answer.status_code == status, answer.content.decode()
    return answer.json() if answer.content else None


def test_the_countdown_is_the_servers_and_costs_one_look_at_its_clock(account, client):
    posts_for(account, at=at(23, 13))
    with CaptureQueriesContext(connection) as one:
        [post] = ok(client.get("/schedule/upcoming"))["items"]
    assert (post["seconds_until"], post["now"]) == (3600.0, "2026-11-23T12:00:00Z")
    assert ok(client.get(f"/schedule/posts/{post['id']}"))["seconds_until"] == 3600.0
    for hour in (14, 15):
        posts_for(account, at=at(23, hour))
    with CaptureQueriesContext(connection) as three:
        assert [each["seconds_until"] for each in ok(client.get("/schedule/upcoming"))["items"]] == [3600, 7200, 10800]
    assert len(one) == len(three)


def test_pages_follow_each_other_by_cursor_and_filters_hold(account, client):
    posts = [posts_for(account, at=at(24, hour))[0] for hour in range(8, 13)]
    first = ok(client.get("/schedule/upcoming", limit=2))
    second = ok(client.get("/schedule/upcoming", limit=2, cursor=first["next"]))
    assert [each["id"] for each in first["items"] + second["items"]] == [post.pk for post in posts[:4]]
    window = {"due_after": at(24, 9).isoformat(), "due_before": at(24, 11).isoformat()}
    found = ok(client.get("/schedule/posts", account=account.pk, state="scheduled", **window))["items"]
    assert [each["id"] for each in found] == [posts[2].pk, posts[1].pk]
    assert ok(client.get("/schedule/posts", state="published"))["items"] == []


def test_what_speaks_against_a_post_is_named_and_overruled(account, client):
    Account._base_manager.update(quiet_from=time(22), quiet_until=time(7))
    item = ready_item(account.workspace)
    body = {"item": item.pk, "account": account.pk, "at": "2026-11-23T23:00:00Z"}
    [concern] = ok(client.post("/schedule/check", body))
    assert (concern["code"], concern["at"]) == ("quiet", "2026-11-24T07:00:00Z")
    refused = ok(client.post("/schedule/posts", body), 409)
    assert (refused["code"], [each["code"] for each in refused["concerns"]]) == ("needs_force", ["quiet"])
    [post] = ok(client.post("/schedule/posts", {**body, "force": True}), 201)
    moved = {"due_at": "2026-11-24T03:00:00Z"}
    assert ok(client.send("patch", f"/schedule/posts/{post['id']}", moved), 409)["code"] == "needs_force"
    assert (
        ok(client.send("patch", f"/schedule/posts/{post['id']}", {**moved, "force": True}))["due_at"] == moved["due_at"]
    )
    assert [each["code"] for each in ok(client.post("/schedule/check", {**body, "at": None}))] == ["item"]


def test_a_post_sent_twice_with_one_key_is_made_once(account, client):
    body = {"item": ready_item(account.workspace).pk, "account": account.pk}
    first, second = (client.post("/schedule/posts", body, idempotency_key="k") for _each in range(2))
    assert ok(first, 201) == ok(second, 201)
    assert Post.objects.count() == 1


def test_a_post_is_cancelled_restored_and_sent_now(account, client):
    [post] = posts_for(account, at=at(24, 9))
    address = f"/schedule/posts/{post.pk}"
    cancelled = ok(client.post(f"{address}/cancel"))
    assert (cancelled["state"], cancelled["actions"], cancelled["seconds_until"]) == ("cancelled", ["restore"], None)
    assert ok(client.post(f"{address}/restore"))["state"] == "scheduled"
    Account._base_manager.update(quiet_from=time(11), quiet_until=time(13))
    assert ok(client.post(f"{address}/force"))["seconds_until"] == 0
    Post.objects.update(state="submitting")
    assert ok(client.post(f"{address}/cancel"), 409)["code"] == "too_late"
    assert ok(client.send("patch", address, {"due_at": "2026-11-25T09:00:00Z"}), 409)["code"] == "too_late"


def test_missed_posts_are_sent_one_by_one_or_all_at_once(account, client):
    Account._base_manager.update(minimum_gap=15)
    posts = [posts_for(account, at=at(22, hour))[0] for hour in (8, 9, 10)]
    for post in posts:
        advance(post, "miss", actor=SYSTEM)
    assert ok(client.post(f"/schedule/posts/{posts[0].pk}/send"))["due_at"] == "2026-11-23T12:00:00Z"
    assert ok(client.post(f"/schedule/posts/{posts[1].pk}/cancel"))["state"] == "cancelled"
    assert ok(client.post("/schedule/missed/send", {})) == {"sent": 1, "refused": []}
    assert Post.objects.get(pk=posts[2].pk).due_at == at(23, 12, 15)


def test_a_batch_is_spread_and_each_item_answers_for_itself(account, client):
    items = [ready_item(account.workspace).pk for _ in range(2)]
    done = ok(client.post("/schedule/batch", {"items": items, "account": account.pk, "hours": 4}), 201)
    assert [each["posts"][0]["due_at"] for each in done] == ["2026-11-23T12:00:00Z", "2026-11-23T14:00:00Z"]
    again = ok(client.post("/schedule/batch", {"items": items[:1], "account": account.pk, "hours": 4}), 201)
    assert "on the schedule of" in again[0]["problem"]
    assert ok(client.post("/schedule/batch", {"items": [9999], "account": account.pk, "hours": 4}), 404)


def test_slots_are_added_moved_and_removed(account, client):
    body = {"account": account.pk, "weekdays": [0, 1], "time": "09:00", "timezone": "UTC"}
    assert ok(client.post("/schedule/slots", body), 201) == []
    made = ok(client.post("/schedule/slots", {**body, "time": "10:30:20", "timezone": "Asia/Kolkata"}), 201)
    assert [(each["weekday"], each["time"], each["timezone"]) for each in made] == [
        (0, "10:30:00", "Asia/Kolkata"),
        (1, "10:30:00", "Asia/Kolkata"),
    ]
    address = f"/schedule/slots/{made[0]['id']}"
    assert ok(client.send("patch", address, {"weekday": 5}))["weekday"] == 5
    taken = ok(client.send("patch", address, {"weekday": 1}), 409)
    assert taken["detail"] == "The account has that slot already."
    ok(client.send("delete", address), 204)
    assert ok(client.get(address), 404)
    assert ok(client.post("/schedule/slots", {**body, "timezone": "Mars/Base"}), 422)["errors"].keys() == {"timezone"}
    assert len(ok(client.get("/schedule/slots", account=account.pk, limit=200))["items"]) == 15


def test_the_next_free_slots_and_what_is_taken(account, client):
    posts_for(account, at=at(23, 18))
    free = ok(client.get("/schedule/slots/next-free", account=account.pk, count=2))
    assert [(each["at"], each["seconds_until"]) for each in free] == [
        ("2026-11-24T09:00:00Z", 21 * 3600),
        ("2026-11-24T18:00:00Z", 30 * 3600),
    ]
    assert [each["account"] for each in ok(client.get("/schedule/slots/next-free"))] == [account.pk]

    def taken(moment: str, **more):
        return ok(client.get("/schedule/slots/is-taken", account=account.pk, at=moment, **more))["taken"]

    assert [taken("2026-11-23T18:00:00Z"), taken("2026-11-23T18:04:00Z")] == [True, False]
    assert taken("2026-11-23T18:04:00Z", tolerance_minutes=5)


def test_items_recur_and_fill_slots(account, client):
    item = ready_item(account.workspace)
    body = {"item": item.pk, "account": account.pk, "weekdays": [1], "time": "10:00", "timezone": "America/New_York"}
    rule = ok(client.post("/schedule/recurrences", body), 201)
    assert (rule["next"][0], rule["timezone"], rule["active"]) == ("2026-11-24T15:00:00Z", "America/New_York", True)
    address = f"/schedule/recurrences/{rule['id']}"
    assert ok(client.send("patch", address, {"active": False}))["active"] is False
    assert ok(client.get("/schedule/recurrences"))["items"][0]["next"] == []
    ok(client.send("delete", address), 204)
    assert not Recurrence.objects.exists()
    pool = ok(client.send("put", "/schedule/evergreen", {"account": account.pk, "minimum_days": 7}))
    entry = ok(client.post(f"/schedule/evergreen/{pool['id']}/items", {"item": item.pk}), 201)
    assert ok(client.get(f"/schedule/evergreen/{pool['id']}/items"))[0]["title"] == item.title
    ok(client.send("delete", f"/schedule/evergreen/items/{entry['id']}"), 204)
    assert not EvergreenEntry.objects.exists()


def test_a_list_of_recurrences_or_pools_costs_the_same_for_one_and_for_three(account, client):
    pool = make_pool(account, ready_item(account.workspace))
    ok(client.get(f"/schedule/evergreen/{pool.pk}/items"))  # what a process asks once and remembers
    with CaptureQueriesContext(connection) as one:
        ok(client.get(f"/schedule/evergreen/{pool.pk}/items"))
    for _ in range(2):
        EvergreenEntry._base_manager.create(
            workspace=account.workspace, pool=pool, item=ready_item(account.workspace), added_by="Owner"
        )
    with CaptureQueriesContext(connection) as three:
        assert len(ok(client.get(f"/schedule/evergreen/{pool.pk}/items"))) == 3
    assert len(one) == len(three)


def test_publishing_is_paused_and_resumed(account, client):
    (post,) = posts_for(account, at=at(23, 12))
    assert ok(client.post("/schedule/pause", {"reason": "The press is here"}))["paused_at"] == "2026-11-23T12:00:00Z"
    assert ok(client.get(f"/schedule/posts/{post.pk}"))["waiting_for"] == "pause"
    assert ok(client.post("/schedule/resume"))["paused_at"] is None


def test_files_go_in_and_out(account, client):
    item = ready_item(account.workspace)
    content = f"item,account,at\n{item.pk},{account.handle},2026-11-24 09:00\n"
    looked = ok(client.post("/schedule/import", {"csv": content}))
    assert (looked["imported"], looked["rows"][0]["line"], looked["rows"][0]["does"]) == (False, 2, "Schedules it")
    assert ok(client.post("/schedule/import", {"csv": content, "dry_run": False}))["imported"] is True
    answer = client.get("/schedule/export", account=account.pk)
    assert (answer["Content-Type"], answer.content.decode().count("\r\n")) == ("text/csv; charset=utf-8", 2)


def test_a_calendar_address_is_shown_once(account, client):
    made = ok(client.post("/schedule/calendars", {"name": "Phone"}), 201)
    assert made["address"].endswith(".ics")
    [listed] = ok(client.get("/schedule/calendars"))["items"]
    assert listed.keys() == {"id", "name", "made_by", "created_at", "last_read_at"}
    ok(client.send("delete", f"/schedule/calendars/{made['id']}"), 204)
    assert ok(client.get("/schedule/calendars"))["items"] == []


def test_who_may_only_look_is_told_so(account, member):
    client = Client(member("viewer"))
    assert ok(client.post("/schedule/check", {"item": ready_item(account.workspace).pk, "account": account.pk})) == []
    assert client.post("/schedule/slots", {"account": account.pk, "weekdays": [0], "time": "09:00"}).status_code == 403


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_time_at_the_ends_of_the_calendar_is_refused_and_breaks_nothing(account, client, year):
    at, item = f"{year}-12-31T23:00:00Z", ready_item(account.workspace)
    rule = {"item": item.pk, "account": account.pk, "every_hours": 24, "starts_at": at}
    answers = [
        client.get(f"/schedule/slots/next-free?account={account.pk}&after={at}"),
        client.get(f"/schedule/slots/is-taken?at={at}&tolerance_minutes=60"),
        client.post("/schedule/recurrences", rule),
        client.post("/schedule/posts", {"item": item.pk, "account": account.pk, "at": at}),
    ]
    assert [each.status_code for each in answers] == [422] * 4
