"""The schedule as a spreadsheet and as a calendar."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from apps.common.errors import Invalid, NotAllowed
from apps.content.models import Item
from apps.lifecycle.models import Event
from apps.platforms.models import Account
from apps.schedules.calendars import make_calendar, render, revoke_calendar
from apps.schedules.models import CalendarFeed, Post, Reservation
from apps.schedules.services import cancel_post
from apps.schedules.spreadsheet import escaped, export_schedule, import_schedule, read, template
from apps.workspaces.actors import SYSTEM
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for, ready_item
from tests.schedules.conftest import MONDAY, at

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def bring(account, person):
    """bring("item,account\\n1,a") imports that file; with its answer."""
    return lambda content, **options: import_schedule(
        workspace=account.workspace, actor=person, content=content, **{"dry_run": False, **options}
    )


def errors(report) -> list[list[str]]:
    return [row.errors for row in report.rows]


def test_rows_with_items_are_scheduled_and_rows_with_texts_go_to_review_and_keep_their_time(account, bring):
    Account._base_manager.update(timezone=ZoneInfo("Asia/Kolkata"))
    item = ready_item(account.workspace)
    report = bring(
        "item,title,text,hashtags,account,at,timezone,at_utc\n"
        f"{item.pk},,,,{account.handle},2026-11-24 09:00,,\n"
        f',Hello,"Good, morning",#a b,{account.handle},2026-11-25 09:00,America/New_York,\n'
        ",,Only a text,,,,,\n"
        f"{ready_item(account.workspace).pk},,,,{account.pk},,,2026-11-26 09:30\n"
    )
    assert (report.imported, errors(report)) == (True, [[], [], [], []])
    assert list(Post.objects.order_by("due_at").values_list("due_at", flat=True)) == [at(24, 3, 30), at(26, 9, 30)]
    kept = Reservation.objects.get()
    assert (kept.due_at, kept.item.title, kept.item.state) == (at(25, 14), "Hello", "in_review")
    assert kept.item.current_revision.hashtags == ["a", "b"]
    assert kept.item.current_revision.description == "Good, morning"
    assert set(Item.objects.filter(state="in_review").values_list("title", flat=True)) == {"Hello", "Only a text"}


def test_a_dry_run_tells_the_same_and_leaves_no_trace(account, bring):
    item = ready_item(account.workspace)
    events = Event.objects.count()
    content = f"item,account,at\n{item.pk},{account.handle},2026-11-24 09:00\n,,\n"
    report = bring(content, dry_run=True)
    assert (report.imported, [(row.number, row.at, row.does) for row in report.rows]) == (
        False,
        [(2, at(24, 9), "Schedules it")],
    )
    assert (Post.objects.count(), Event.objects.count()) == (0, events)
    item.refresh_from_db()
    assert item.state == "ready"


def test_one_handle_on_two_platforms_is_told_apart_and_a_disconnected_account_is_none(account, bring):
    Account._base_manager.filter(pk=account.pk).update(handle="us")
    hook = AccountFactory(workspace=account.workspace, platform="fake_key", handle="us")
    gone = AccountFactory(workspace=account.workspace, platform="fake_key", handle="gone")
    Account._base_manager.filter(pk=gone.pk).update(state="disconnected")
    item = ready_item(account.workspace)
    row = f"{item.pk},us,{{}},2026-11-24 09:00\n".format
    head = "item,account,platform,at\n"
    assert errors(bring(head + row(""))) == [["Several accounts are called “us”; add a column “platform”."]]
    assert errors(bring(f"{head}{item.pk},{gone.handle},,2026-11-24 09:00\n")) == [
        ["There is no account “gone”; there is: us, us."]
    ]
    assert bring(head + row("fake_key")).imported
    assert Post.objects.get().account_id == hook.pk


def test_an_account_is_found_by_the_name_that_people_see_and_a_file_of_excel_is_read(account, bring):
    Account._base_manager.update(name="Night stories")
    item = ready_item(account.workspace)
    report = bring(f"item;account;at\r\n{item.pk};night Stories;2026-11-24 09:00\r\n".encode("utf-16"))
    assert (report.imported, report.rows[0].account) == (True, account)


def test_a_comma_that_cuts_a_text_short_is_an_error_and_not_a_shorter_post(bring):
    report = bring('title,text\nRain,It rained, and rained\nSun,"It shone, at last",\n')
    assert (report.imported, errors(report)) == (
        False,
        [["It has more cells than there are columns. Put a text that has commas into quotes."], []],
    )
    assert [row.values["text"] for row in report.rows] == ["It rained", "It shone, at last"]


def test_an_export_that_was_changed_moves_posts_and_doubles_none(account, bring):
    gone = [posts_for(account, at=at(24, hour))[0] for hour in (9, 18, 20)][-1]
    Post.objects.filter(pk=gone.pk).update(state="published")
    exported = export_schedule(Post.objects.select_related("variant", "account").order_by("pk"))
    report = bring(exported.replace("2026-11-24 09:00,UTC", "2026-11-25 10:30,UTC").replace("20:00", "21:00"))
    assert [(row.does, row.errors) for row in report.rows] == [("Moves it", []), *[("Stays as it is", [])] * 2]
    assert list(Post.objects.order_by("pk").values_list("due_at", flat=True)) == [
        at(25, 10, 30),
        at(24, 18),
        at(24, 20),
    ]
    assert errors(bring("post,text\n999,x\n")) == [["There is no post “999”."]]


def test_rows_are_named_by_the_lines_that_they_begin_at_also_below_the_line_of_excel():
    rows = read('sep=;\r\ntitle;text\r\nA;"one\r\ntwo"\r\n;;\r\nB;bee\r\n')
    assert [(row.number, row.title, row.values["text"]) for row in rows] == [(3, "A", "one\r\ntwo"), (6, "B", "bee")]
    with pytest.raises(Invalid, match="The row that begins at line 3 is broken"):
        read('title,text\nA,bee\n"B,bee\nC,cee\n')
    with pytest.raises(Invalid, match="the column “text” twice"):
        read("text,title,text\nA,B,C\n")


def test_every_row_says_what_is_wrong_and_then_nothing_is_imported(account, bring):
    item, draft = ready_item(account.workspace), ready_item(account.workspace)
    Item._base_manager.filter(pk=draft.pk).update(state="draft")
    report = bring(
        "item;text;account;at;timezone;format\n"
        f"{item.pk};;{account.handle};2026-11-24 09:00;;\n"
        f"{item.pk};x;{account.handle};2026-11-24 09:00;;\n"
        "99999;;nobody;2026-11-24 09:00;;\n"
        ";x;nobody;soon;;\n"
        f"{item.pk};;{account.handle};tomorrow;;\n"
        f"{item.pk};;{account.handle};2026-11-24 09:00;Mars/Base;\n"
        f"{item.pk};;{account.handle};2026-11-22 09:00;;\n"
        f"{draft.pk};;{account.handle};2026-11-24 09:00;;\n"
        f";x;{account.handle};;;\n"
        ";x;;;;film\n"
        f"{item.pk};;{account.handle};2011-12-30 09:00;Pacific/Apia;\n"
    )
    assert (report.imported, Post.objects.count(), Reservation.objects.count()) == (False, 0, 0)
    assert errors(report) == [
        [],
        ["Give either an item or a text."],
        [f"There is no account “nobody”; there is: {account.handle}."],
        [
            f"There is no account “nobody”; there is: {account.handle}.",
            "“soon” is no time such as 2026-12-01 18:30.",
        ],
        ["“tomorrow” is no time such as 2026-12-01 18:30."],
        ["“Mars/Base” is not the name of a time zone, such as Asia/Kolkata."],
        ["Its time has passed."],
        ["Only what is ready can be scheduled; this is: Draft. Approve it and let production finish first."],
        ["Give both an account and a time, or neither."],
        ["The format is “text” or “video”."],
        ["That day does not exist in that time zone."],
    ]


def test_rows_that_collide_with_each_other_need_force(account, bring):
    Account._base_manager.update(minimum_gap=30)
    one, other = ready_item(account.workspace), ready_item(account.workspace)
    content = (
        f"item,account,at\n{one.pk},{account.handle},2026-11-24 09:00\n{other.pk},{account.handle},2026-11-24 09:10\n"
    )
    report = bring(content)
    assert report.imported is False
    assert "keeps 30 minutes between posts" in errors(report)[1][0]
    report = bring(content, force=True)
    assert (report.imported, report.doubtful, Post.objects.count()) == (True, 1, 2)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfex", "It is not UTF-8 text."),
        ("text\ncafé\n".encode("cp1252"), "It is not UTF-8 text."),
        ("a,b\n1,2\n", "names no column"),
        ("item\n" + "1\n" * 501, "It has 501 rows that name no post; at most 500"),
        ("post,item\n" + "1,1\n" * 10_001, "It has 10001 rows; from 1 to 10000 fit"),
        ("item\n", "It has 0 rows"),
        ("x" * 4_000_001, "larger than 4 MB"),
        ('item\n"1', "is broken"),
    ],
)
def test_a_file_that_is_no_schedule_is_refused(bring, content, why):
    with pytest.raises(Invalid, match=why):
        bring(content)


def test_only_who_may_publish_imports(account, actor):
    with pytest.raises(NotAllowed):
        import_schedule(workspace=account.workspace, actor=actor("viewer"), content=template(), dry_run=True)


def test_what_is_exported_shows_the_wall_and_no_formula(account):
    Account._base_manager.update(timezone=ZoneInfo("Asia/Kolkata"))
    posts_for(account, title="=HYPERLINK(1)", at=at(24, 9))
    [row] = csv.DictReader(io.StringIO(export_schedule(Post.objects.select_related("variant", "account"))))
    assert (row["title"], row["at"], row["timezone"], row["at_utc"]) == (
        "'=HYPERLINK(1)",
        "2026-11-24 14:30",
        "Asia/Kolkata",
        "2026-11-24 09:00",
    )


@settings(deadline=None)
@given(st.text())
def test_no_cell_begins_like_a_formula(text):
    assert not escaped(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@settings(deadline=None)
@given(st.text())
def test_whatever_is_uploaded_is_read_or_refused(text):
    with suppress(Invalid):
        assert all(row.number >= 2 for row in read(text))


# --- Calendars -------------------------------------------------------------------------------------------------------
@pytest.fixture
def address(account, actor):
    return make_calendar(workspace=account.workspace, actor=actor("admin"), name="Phone")[1]


def path(address: str) -> str:
    return "/calendar/" + address.rpartition("/")[2]


def test_the_calendar_shows_posts_in_any_calendar_program(account, address, client):
    [post] = posts_for(account, title="The light, off; and on", at=at(24, 9))
    [gone] = posts_for(account, title="Gone", at=at(25, 9))
    cancel_post(post=gone, actor=SYSTEM)
    posts_for(account, title="Long ago", at=MONDAY - timedelta(days=60))
    answer = client.get(path(address))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    calendar = Calendar.from_ical(answer.content)
    first, second = calendar.walk("VEVENT")
    assert first["SUMMARY"] == f"The light, off; and on · {account.name}"
    assert (first["UID"], first.decoded("DTSTART"), first["STATUS"]) == (f"{post.key}@rundown", at(24, 9), "TENTATIVE")
    assert first["DESCRIPTION"] == "Scheduled · Feed"
    assert first["URL"].endswith(f"/w/{account.workspace.slug}/items/{post.item_id}/")
    assert second["STATUS"] == "CANCELLED"
    assert {name for event in (first, second) for name in ("DTSTAMP", "DURATION") if name not in event} == set()


def test_a_calendar_that_has_not_changed_is_not_sent_again(account, address, client, monday):
    [post] = posts_for(account, at=at(24, 9))
    first = client.get(path(address))
    monday.shift(timedelta(hours=1))
    again = client.get(path(address), headers={"If-None-Match": f'"other", W/{first["ETag"]}'})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    cancel_post(post=post, actor=SYSTEM)
    assert client.get(path(address), headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_only_the_hash_of_the_address_is_kept_and_a_revoked_one_is_gone(account, address, actor, client):
    feed, key = CalendarFeed.objects.get(), path(address).removeprefix("/calendar/").removesuffix(".ics")
    assert len(key) >= 43
    assert key not in str(CalendarFeed.objects.values().get())
    assert client.get(path(address)).status_code == 200
    feed.refresh_from_db()
    assert feed.last_read_at == MONDAY
    assert client.get(f"/calendar/{key[:-1]}.ics").status_code == 404
    assert client.post(path(address)).status_code == 405
    with pytest.raises(NotAllowed):
        revoke_calendar(feed=feed, actor=actor("editor"))
    revoke_calendar(feed=feed, actor=actor("owner"))
    assert client.get(path(address)).status_code == 404


def test_a_calendar_costs_the_same_for_one_post_and_for_many(account, django_assert_num_queries):
    posts_for(account, at=at(24, 9))
    with django_assert_num_queries(1):
        render(account.workspace)
    for hour in range(10, 16):
        posts_for(account, at=at(24, hour))
    with django_assert_num_queries(1):
        assert render(account.workspace).count(b"BEGIN:VEVENT") == 7
