"""The pages of the schedule: what they show, what their buttons do, and at what cost."""

from __future__ import annotations

import re
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.lifecycle.services import advance
from apps.platforms.models import Account
from apps.schedules import queries
from apps.schedules.intake import note_unscheduled
from apps.schedules.models import CalendarFeed, EvergreenEntry, EvergreenPool, Post, Recurrence, Slot
from apps.schedules.recurring import fill_recurrences
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import AuditEntry, Workspace
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import make_pool, make_recurrence, make_reservation, posts_for, ready_item
from tests.schedules.conftest import MONDAY, at

pytestmark = pytest.mark.usefixtures("monday")
PAGES = ("schedule/", "schedule/?state=all", "schedule/slots/", "schedule/repeats/", "schedule/files/")


@pytest.fixture
def enter(client, member):
    def sign_in(role: str = "owner", **fields: str):
        client.force_login(member(role, **fields))
        return client

    return sign_in


@pytest.fixture
def url(in_workspace):
    return lambda path="": f"/w/{in_workspace.slug}/{path}"


def shown(answer, status: int = 200) -> str:
    """What a person reads, without tags."""
    assert answer.status_code == status, answer.content.decode()[:500]
    text = re.sub(r"<(script|template|head).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def said(answer) -> str:
    return " ".join(str(message) for message in answer.wsgi_request._messages)


def fill(account) -> None:
    """One more of everything that the pages list."""
    posts_for(account, at=at(24, 10))
    [missed] = posts_for(account, at=at(22, 10))
    advance(missed, "miss", actor=SYSTEM)
    note_unscheduled(item=ready_item(account.workspace), account=account, reason="Full.")
    make_reservation(account, ready_item(account.workspace), at=at(25, 8))
    make_recurrence(account)
    other = AccountFactory(workspace=account.workspace)
    make_pool(other, ready_item(account.workspace))
    CalendarFeed.objects.create(workspace=account.workspace, name="x", key_hash=str(CalendarFeed.objects.count()))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_costs_the_same_for_one_row_and_for_three(account, enter, url, path):
    client = enter()
    fill(account)
    shown(client.get(url(path)))
    with CaptureQueriesContext(connection) as one:
        client.get(url(path))
    fill(account)
    fill(account)
    with CaptureQueriesContext(connection) as three:
        shown(client.get(url(path)))
    assert len(three) == len(one), "\n".join(each["sql"][:200] for each in three)


def test_two_hundred_posts_cost_no_more_queries_than_one(account, enter, url):
    client = enter()
    [post] = posts_for(account, at=at(24, 10))
    shown(client.get(url("schedule/")))
    with CaptureQueriesContext(connection) as one:
        client.get(url("schedule/"))
    values = {
        field.attname: getattr(post, field.attname)
        for field in Post._meta.concrete_fields
        if field.name not in {"id", "key"}
    }
    Post.objects.bulk_create(
        Post(**{**values, "repeat": f"again:{n}", "due_at": at(24, 10) + timedelta(minutes=n)}) for n in range(199)
    )
    with CaptureQueriesContext(connection) as many:
        assert "1 / 4" in shown(client.get(url("schedule/")))
    assert len(many) == len(one)


def test_posts_stand_by_day_at_the_workspaces_time_and_count_down_from_the_servers_clock(account, enter, url):
    Workspace.objects.filter(pk=account.workspace_id).update(timezone="Asia/Kolkata")
    Account._base_manager.update(timezone=ZoneInfo("America/New_York"))
    posts_for(account, title="Tonight", at=at(23, 20))
    posts_for(account, title="Soon", at=at(23, 13))
    answer = enter("viewer").get(url("schedule/"))
    text = shown(answer)
    today, tomorrow = text.index("Today Monday, 23 November"), text.index("Tomorrow Tuesday, 24 November")
    assert today < text.index("18:30 Soon") < tomorrow < text.index("01:30 Tonight")
    assert "15:00 in America/New_York" in text
    html = answer.content.decode()
    assert '<meta name="server-now" content="2026-11-23T12:00:00+00:00">' in html
    assert 'data-countdown="2026-11-23T13:00:00+00:00"' in html
    assert "Post now" not in text


def test_an_empty_schedule_says_what_to_do_next(in_workspace, enter, url):
    client = enter()
    assert "Connect one, and it gets three slots a day" in shown(client.get(url("schedule/")))
    assert "Connect an account" in shown(client.get(url("schedule/slots/")))
    account = AccountFactory(workspace=in_workspace)
    assert "Approve something to begin" in shown(client.get(url("schedule/")))
    ready_item(in_workspace)
    assert "What is ready waits below" in shown(client.get(url("schedule/")))
    assert "No post matches" in shown(client.get(url(f"schedule/?account={account.pk}")))
    assert client.get(url("schedule/?account=²")).status_code == 200
    assert "An approved item can go out every Monday" in shown(client.get(url("schedule/repeats/")))


def test_a_form_that_cannot_be_used_says_why_and_leads_back_to_its_page(account, enter, url):
    client, page = enter("editor"), f"http://testserver{url('schedule/')}"
    form = {"account": account.pk, "when": "slot"}
    html = client.post(url("schedule/add/"), form, headers={"referer": page}).content.decode()
    assert ("Choose what goes out." in html, f'href="{page}">Go back</a>' in html) == (True, True)
    html = client.post(url("schedule/add/"), form, headers={"referer": "https://elsewhere.example/"}).content.decode()
    assert "Go back" not in html


def test_items_are_put_into_slots_at_a_time_or_spread(account, enter, url):
    client = enter("editor")
    one, two, three, four = (ready_item(account.workspace, title=f"Item {n}") for n in range(4))
    client.post(url("schedule/add/"), {"item": one.pk, "account": account.pk, "when": "slot"})
    client.post(url("schedule/add/"), {"item": two.pk, "account": account.pk, "when": "at", "at": "2026-11-25T07:15"})
    spread = {"item": [three.pk, four.pk], "account": account.pk, "when": "spread", "hours": "4", "start": ""}
    answer = client.post(url("schedule/add/"), spread)
    assert said(answer).endswith("2 items are on the schedule.")
    found = Post.objects.order_by("item_id").values_list("due_at", flat=True)
    assert list(found) == [at(23, 18), at(25, 7, 15), at(23, 12), at(23, 14)]
    assert shown(client.post(url("schedule/add/"), {"account": account.pk}), 422)
    twice = client.post(url("schedule/add/"), {"item": [one.pk, two.pk], "account": account.pk, "when": "slot"})
    assert "on the schedule of" in said(twice)
    assert client.get(url("schedule/add/")).status_code == 302


def test_a_doubtful_time_is_asked_about_and_done_all_the_same(account, enter, url):
    Account._base_manager.update(quiet_from=time(22), quiet_until=time(7))
    client, [post] = enter("editor", name="Asha"), posts_for(account, at=at(24, 9))
    form = {"at": "2026-11-24T23:00", "next": url("schedule/?state=all")}
    answer = client.post(url(f"posts/{post.pk}/move/"), form)
    assert "is in the quiet hours of" in shown(answer, 409)
    hidden = dict(re.findall(r'type="hidden" name="(at|force|next)" value="([^"]+)"', answer.content.decode()))
    assert hidden == {**form, "force": "1"}
    assert client.post(url(f"posts/{post.pk}/move/"), hidden)["Location"] == form["next"]
    post.refresh_from_db()
    assert (post.due_at, post.forced_by) == (at(24, 23), "Asha")


def test_a_cancelled_post_offers_to_undo_that(account, enter, url):
    client, [post] = enter("editor"), posts_for(account, at=at(24, 9))
    client.post(url(f"posts/{post.pk}/cancel/"))
    assert "Cancelled Undo" in shown(client.get(url("schedule/")))
    client.post(url(f"posts/{post.pk}/restore/"))
    post.refresh_from_db()
    assert post.state == "scheduled"


def test_a_part_that_waits_for_another_counts_down_to_nothing(account, enter, url):
    [post] = posts_for(account, at=at(24, 9))
    client = enter("viewer")
    assert "data-countdown" in client.get(url("schedule/")).content.decode()
    Post.objects.filter(pk=post.pk).update(waiting_for="part")
    page = client.get(url("schedule/"))
    assert "An earlier part goes first" in shown(page)
    assert "data-countdown" not in page.content.decode()


def test_missed_posts_are_sent_or_dropped_by_one_click(account, enter, url):
    Account._base_manager.update(minimum_gap=15)
    client = enter("approver")
    posts = [posts_for(account, at=at(22, hour))[0] for hour in (8, 9, 10)]
    for post in posts:
        advance(post, "miss", actor=SYSTEM)
    assert "3 posts were missed." in shown(client.get(url("schedule/")))
    assert "Move it Send Drop" in shown(client.get(url("schedule/?state=attention")))
    assert 'aria-current="true">Missed</a>' in client.get(url("schedule/?state=missed")).content.decode()
    client.post(url(f"posts/{posts[0].pk}/send/"))
    assert said(client.post(url(f"posts/{posts[1].pk}/cancel/"))) == "1 post is dropped."
    client.post(url("schedule/missed/"))
    found = Post.objects.order_by("pk").values_list("state", "due_at")
    assert list(found) == [("scheduled", MONDAY), ("cancelled", at(22, 9)), ("scheduled", at(23, 12, 15))]


def test_everything_is_paused_and_resumed(account, enter, url):
    client = enter("editor")
    client.post(url("schedule/publishing/pause/"))
    assert "Publishing is paused." in shown(client.get(url("schedule/")))
    client.post(url("schedule/publishing/resume/"))
    assert "Pause everything" in shown(client.get(url("schedule/")))
    assert client.post(url("schedule/publishing/fly/")).status_code == 404


def test_the_week_of_slots_is_edited(account, enter, url):
    client = enter("admin")
    client.post(url("schedule/slots/add/"), {"account": account.pk, "time": "07:45", "weekday": ["0", "6"]})
    text = shown(client.get(url(f"schedule/slots/?account={account.pk}")))
    assert text.count("07:45 ×") == 2
    assert "Monday, 23 November, 18:00" in text
    slot = Slot.objects.filter(account=account, weekday=6, time=time(7, 45)).get()
    client.post(url(f"schedule/slots/{slot.pk}/remove/"))
    assert not Slot.objects.filter(pk=slot.pk).exists()
    assert shown(client.post(url("schedule/slots/add/"), {"account": account.pk, "time": "late"}), 422)
    elsewhere = {"account": account.pk, "time": "18:00", "weekday": ["0"], "timezone": "Asia/Kolkata"}
    client.post(url("schedule/slots/add/"), elsewhere)
    assert "Slots in Asia/Kolkata do not go by the clock" in shown(client.get(url("schedule/slots/")))
    assert shown(client.post(url("schedule/slots/add/"), {**elsewhere, "timezone": "Mars/Base"}), 422)
    slots, before = Slot.objects.filter(account=account), Slot.objects.filter(account=account, timezone="UTC").count()
    # The account posts at 18:00 of Mondays already, so that one is not kept twice.
    client.post(url("schedule/slots/follow/"), {"account": account.pk})
    assert [str(slot.timezone) for slot in slots] == ["UTC"] * before
    assert "×" not in shown(enter("viewer").get(url("schedule/slots/")))


def test_items_recur_and_pools_fill_from_the_page(account, enter, url):
    client, item = enter("editor"), ready_item(account.workspace, title="Evening prayer")
    rule = {"item": item.pk, "account": account.pk, "rule": "week", "weekday": ["1"], "time": "19:00", "count": "3"}
    client.post(url("schedule/repeats/add/"), rule)
    recurrence = Recurrence.objects.get()
    assert fill_recurrences() == 1
    text = shown(client.get(url("schedule/repeats/")))
    assert "Tuesday 19:00 (UTC) · at most 3 times Next: Tue 24 Nov, 19:00" in text
    client.post(url(f"schedule/repeats/{recurrence.pk}/stop/"))
    assert "Stopped" in shown(client.get(url("schedule/repeats/")))
    client.post(url(f"schedule/repeats/{recurrence.pk}/remove/"))
    assert not Recurrence.objects.exists()
    pool = {"account": account.pk, "minimum_days": "10", "ahead_hours": "24", "active": "1"}
    client.post(url("schedule/evergreen/"), pool)
    made = EvergreenPool.objects.get()
    client.post(url(f"schedule/evergreen/{made.pk}/add/"), {"item": item.pk})
    assert "Evening prayer" in shown(client.get(url("schedule/repeats/")))
    entry = EvergreenEntry.objects.get()
    client.post(url(f"schedule/evergreen/items/{entry.pk}/remove/"))
    assert (EvergreenEntry.objects.count(), made.minimum_days) == (0, 10)


def test_a_file_is_looked_at_and_then_imported(account, enter, url):
    client, item = enter("editor"), ready_item(account.workspace, title="From a sheet")
    content = f"item,account,at\n{item.pk},{account.handle},2026-11-24 09:30\n"
    file = SimpleUploadedFile("plan.csv", content.encode(), "text/csv")
    looked = client.post(url("schedule/files/"), {"file": file})
    assert "From a sheet" in shown(looked)
    assert "All can be imported" in shown(looked)
    assert not Post.objects.exists()
    assert client.post(url("schedule/files/"), {"content": content, "import": "1"})["Location"] == url("schedule/")
    assert Post.objects.get().due_at == at(24, 9, 30)
    again = client.post(url("schedule/files/"), {"content": content})
    assert "Look again, and do doubtful rows all the same" in shown(again)
    bad = SimpleUploadedFile("plan.csv", b"text\ncaf\xe9\n", "text/csv")
    assert "It is not UTF-8 text." in shown(client.post(url("schedule/files/"), {"file": bad}), 422)
    # The mark tells Excel that it is UTF-8.
    exported = client.get(url("schedule/files/export.csv")).content.decode()
    assert (exported[0], "From a sheet" in exported) == ("\ufeff", True)
    assert client.get(url("schedule/files/template.csv")).content.decode().startswith("\ufeffitem,title,text")


def test_a_calendar_address_is_shown_once_and_revoked(account, enter, url):
    client = enter("admin")
    answer = client.post(url("schedule/calendars/"), {"name": "Phone"})
    address = re.search(r'id="calendar-address">([^<]+)<', answer.content.decode())[1]
    assert answer["Cache-Control"] == "no-store, private"
    assert client.get("/calendar/" + address.rpartition("/")[2]).status_code == 200
    assert "calendar-address" not in client.get(url("schedule/files/")).content.decode()
    client.post(url(f"schedule/calendars/{CalendarFeed.objects.get().pk}/revoke/"))
    assert client.get("/calendar/" + address.rpartition("/")[2]).status_code == 404


def test_a_kept_time_is_given_up(account, enter, url):
    kept = make_reservation(account, ready_item(account.workspace, title="Later"), at=at(25, 8), problem="Too close.")
    client = enter("editor")
    assert "25 Nov, 08:00 Later" in shown(client.get(url("schedule/")))
    client.post(url(f"schedule/reservations/{kept.pk}/drop/"))
    assert "Later" not in shown(client.get(url("schedule/"))).partition("Schedule something")[0]
    assert not queries.reservations().exists()


# --- The admin -------------------------------------------------------------------------------------------------------
POSTS = "/admin/schedules/post/"


def test_the_admin_lists_posts_with_the_time_left_and_filters_them(account, enter):
    client = enter("editor")
    posts_for(account, title="Alpha", at=at(23, 14))
    posts_for(AccountFactory(workspace=account.workspace), title="Beta", at=at(24, 12))
    text = shown(client.get(POSTS))
    assert ("2 hours" in text, "1 day" in text) == (True, True)
    assert "Beta" not in shown(client.get(POSTS, {"account__id__exact": account.pk}))
    with CaptureQueriesContext(connection) as two:
        client.get(POSTS)
    posts_for(account, title="Gamma", at=at(23, 15))
    with CaptureQueriesContext(connection) as three:
        client.get(POSTS)
    assert len(three) == len(two)


def test_the_admin_shows_what_comes_next_first(account, enter):
    client = enter("editor")
    for title, when in (("Gone", at(22, 9)), ("Gone lately", at(23, 9)), ("Later", at(25, 9)), ("Next", at(24, 9))):
        posts_for(account, title=title, at=when)
    Post.objects.filter(due_at__lt=MONDAY).update(state="published")

    def titles(**view: str) -> list[str]:
        return [post.variant.title for post in client.get(POSTS, view).context["cl"].result_list]

    assert titles() == ["Next", "Later", "Gone lately", "Gone"]
    assert (titles(view="upcoming"), titles(view="attention")) == (["Next", "Later"], [])


def test_the_admin_moves_sends_drops_and_undoes(account, enter):
    Account._base_manager.update(quiet_from=time(22), quiet_until=time(7))
    client, [post] = enter("editor", name="Asha"), posts_for(account, at=at(24, 9))

    def act(action: str, *posts: Post):
        return client.post(POSTS, {"action": action, "_selected_action": [each.pk for each in posts]}, follow=True)

    def save(**fields: str):
        empty = {"attempts-TOTAL_FORMS": "0", "attempts-INITIAL_FORMS": "0", "_save": "1"}
        answer = client.post(f"{POSTS}{post.pk}/change/", {**empty, **fields}, follow=True)
        post.refresh_from_db()
        return shown(answer)

    assert "is in the quiet hours of" in save(due_at_0="2026-11-24", due_at_1="23:00:00")
    assert post.due_at == at(24, 9)
    save(due_at_0="2026-11-24", due_at_1="23:00:00", force="on")
    assert (post.due_at, post.forced_by) == (at(24, 23), "Asha")
    act("cancel", post)
    act("undo", post)
    post.refresh_from_db()
    assert post.state == "scheduled"
    advance(post, "miss", actor=SYSTEM)
    act("send", post)
    post.refresh_from_db()
    assert (post.state, post.due_at) == ("scheduled", MONDAY)


def test_the_admin_pauses_a_whole_workspace_without_choosing_a_post(account, enter):
    client = enter("editor")
    posts_for(account)
    client.post(POSTS, {"action": "pause_everything"})
    assert Workspace.objects.get(pk=account.workspace_id).paused_at == MONDAY
    client.post(POSTS, {"action": "resume_everything"})
    assert Workspace.objects.get(pk=account.workspace_id).paused_at is None
    assert client.post(POSTS, {"action": "cancel"}).status_code in {200, 302}
    assert Post.objects.get().state == "scheduled"


def test_the_admin_shows_and_stops_what_repeats(account, enter):
    client = enter("editor")
    rule, pool = make_recurrence(account), make_pool(account, ready_item(account.workspace))
    calendar = CalendarFeed.objects.create(workspace=account.workspace, name="Phone", key_hash="x")
    assert "2026-11-24 09:00" in shown(client.get("/admin/schedules/recurrence/"))
    client.post("/admin/schedules/recurrence/", {"action": "stop", "_selected_action": [rule.pk]})
    rule.refresh_from_db()
    assert rule.active is False
    entry = pool.entries.get()
    form = {"active": "on", "minimum_days": "9", "ahead_hours": "6"}
    form |= {"entries-TOTAL_FORMS": "1", "entries-INITIAL_FORMS": "1", "entries-MIN_NUM_FORMS": "0"}
    form |= {"entries-0-id": entry.pk, "entries-0-pool": pool.pk, "entries-0-item": entry.item_id}
    other = ready_item(account.workspace, title="Another")
    page = f"/admin/schedules/evergreenpool/{pool.pk}/change/"
    assert client.post(page, {**form, "entries-0-item": other.pk}).status_code == 302
    entry = pool.entries.get()
    assert entry.item == other
    form |= {"entries-0-id": entry.pk, "entries-0-item": other.pk, "entries-0-DELETE": "on", "_save": "1"}
    assert client.post(page, form).status_code == 302
    pool.refresh_from_db()
    assert (pool.minimum_days, pool.entries.count()) == (9, 0)
    client = enter("admin")
    slot = {"account": account.pk, "weekday": "2", "time": "09:30", "timezone": "Asia/Kolkata"}
    assert client.post("/admin/schedules/slot/add/", slot).status_code == 302
    assert "already exists" in client.post("/admin/schedules/slot/add/", slot).content.decode()
    assert AuditEntry.objects.filter(action="slot.add").count() == 1
    client.post("/admin/schedules/calendarfeed/", {"action": "revoke", "_selected_action": [calendar.pk]})
    calendar.refresh_from_db()
    assert calendar.revoked_at == MONDAY
