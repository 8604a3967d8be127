"""Recurring posts and evergreen pools: the same item again, never the same turn twice."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django_scopes import scope
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.errors import Conflict, Invalid, NotAllowed
from apps.lifecycle.models import Event
from apps.schedules import evergreen, recurring
from apps.schedules.concerns import Doubtful
from apps.schedules.evergreen import add_to_pool, fill_pools, remove_from_pool, set_pool, with_last_post
from apps.schedules.models import Post, Recurrence
from apps.schedules.recurring import add_recurrence, fill_recurrences, remove_recurrence, set_active, turns
from apps.schedules.services import cancel_post, cancel_posts_of, schedule_item
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import make_pool, make_recurrence, posts_for, ready_item
from tests.schedules.conftest import MONDAY, at, with_slots


def due(account) -> list[datetime]:
    return list(
        Post.objects.filter(account=account, state="scheduled").order_by("due_at").values_list("due_at", flat=True)
    )


def rule(**fields) -> Recurrence:
    start = fields.pop("starts_at", datetime(2011, 1, 1, tzinfo=UTC))
    return Recurrence(**{"weekdays": list(range(7)), "starts_at": start, **fields})


@pytest.mark.parametrize(
    ("zone", "wall", "after", "expected"),
    [
        ("America/New_York", "02:30", "2026-03-07T00:00", ["03-07T07:30", "03-08T07:30", "03-09T06:30"]),
        ("America/New_York", "01:15", "2026-10-31T00:00", ["10-31T05:15", "11-01T05:15", "11-02T06:15"]),
        ("Australia/Lord_Howe", "02:15", "2026-10-02T12:00", ["10-02T15:45", "10-03T15:45", "10-04T15:15"]),
        ("Pacific/Apia", "10:00", "2011-12-28T21:00", ["12-29T20:00", "12-30T20:00", "12-31T20:00"]),
        ("Asia/Kolkata", "09:00", "2026-03-07T00:00", ["03-07T03:30", "03-08T03:30", "03-09T03:30"]),
    ],
)
def test_a_daily_turn_stays_on_the_wall_when_the_clocks_change(zone, wall, after, expected):
    after = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = turns(rule(time=time.fromisoformat(wall), timezone=ZoneInfo(zone)), after=after, until=after + timedelta(3))
    assert [f"{each:%m-%dT%H:%M}" for each in found] == expected


@settings(deadline=None)
@given(
    hours=st.integers(1, 400),
    start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    offset=st.integers(-2000, 20000),
)
def test_hours_are_counted_from_the_beginning_without_drift(hours, start, offset):
    after = start + timedelta(hours=offset, minutes=7)
    found = turns(rule(every_hours=hours, starts_at=start), after=after, until=after + timedelta(days=30))
    assert all((each - start) % timedelta(hours=hours) == timedelta() for each in found)
    assert all(max(after, start) <= each <= after + timedelta(days=30) for each in found)
    if offset >= 0:
        assert len(found) in {720 // hours, 720 // hours + 1}


@settings(deadline=None)
@given(
    zone=st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]),
    wall=st.times().map(lambda each: each.replace(second=0, microsecond=0, fold=0)),
    days=st.lists(st.integers(0, 6), min_size=1, unique=True),
    after=st.datetimes(datetime(2011, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    cut=st.integers(1, 27),
)
def test_turns_do_not_depend_on_when_they_are_asked_for(zone, wall, days, after, cut):
    daily = rule(time=wall, timezone=ZoneInfo(zone), weekdays=sorted(days))
    end, middle = after + timedelta(days=28), after + timedelta(days=cut)
    whole = turns(daily, after=after, until=end)
    assert whole == turns(daily, after=after, until=middle) + turns(daily, after=middle, until=end)
    assert whole == sorted(set(whole))


def test_the_coming_week_is_booked_once_however_often_it_is_asked_for(account, person, monday):
    item = ready_item(account.workspace)
    add_recurrence(item=item, account=account, actor=person, weekdays=[0, 3], time=time(10))
    assert fill_recurrences() == 2
    Recurrence.objects.update(filled_until=None)
    assert fill_recurrences() == 0
    assert due(account) == [at(26, 10), at(30, 10)]
    monday.shift(timedelta(days=4))
    assert fill_recurrences() == 1
    assert due(account)[-1] == at(30, 10) + timedelta(days=3)
    assert {post.revision_id for post in Post.objects.all()} == {item.approved_revision_id}


def test_a_turn_that_a_person_cancelled_stays_cancelled(account, person, monday):
    add_recurrence(item=ready_item(account.workspace), account=account, actor=person, weekdays=[1], time=time(10))
    fill_recurrences()
    cancel_post(post=Post.objects.get(), actor=person)
    Recurrence.objects.update(filled_until=None)
    assert fill_recurrences() == 0
    assert due(account) == []


def test_an_edit_withdraws_the_turns_and_the_next_approval_books_them_again(account, person, monday):
    item = ready_item(account.workspace)
    add_recurrence(item=item, account=account, actor=person, weekdays=[1], time=time(10))
    fill_recurrences()
    type(item)._base_manager.filter(pk=item.pk).update(state="in_review")
    assert cancel_posts_of(item=item) == 1
    assert (fill_recurrences(), due(account)) == (0, [])
    assert Recurrence.objects.get().problem == "Waits until the item is approved and ready."
    type(item)._base_manager.filter(pk=item.pk).update(state="ready")
    assert (fill_recurrences(), due(account)) == (1, [at(24, 10)])
    assert Recurrence.objects.get().problem == ""


def test_an_edit_brings_back_the_turns_of_a_rule_that_had_booked_them_all(account, person, monday):
    item = ready_item(account.workspace)
    rule = add_recurrence(item=item, account=account, actor=person, weekdays=[1], time=time(10), count=1)
    fill_recurrences()
    rule.refresh_from_db()
    assert (rule.active, rule.is_over) == (False, True)
    cancel_posts_of(item=item)
    assert (fill_recurrences(), due(account)) == (1, [at(24, 10)])
    set_active(recurrence=rule, active=False, actor=person)
    assert rule.is_over is False
    cancel_posts_of(item=item)
    assert fill_recurrences() == 0


def test_a_recurrence_ends_after_its_count_or_its_time(account, person, monday):
    add_recurrence(
        item=ready_item(account.workspace), account=account, actor=person, every_hours=24, starts_at=at(24, 8), count=3
    )
    add_recurrence(
        item=ready_item(account.workspace),
        account=account,
        actor=person,
        weekdays=range(7),
        time=time(15),
        until=at(25, 16),
    )
    assert fill_recurrences() == 6
    assert due(account) == [at(23, 15), at(24, 8), at(24, 15), at(25, 8), at(25, 15), at(26, 8)]
    assert list(Recurrence.objects.values_list("active", flat=True)) == [False, False]
    monday.shift(timedelta(days=9))
    assert fill_recurrences() == 0


def test_a_turn_that_collides_is_left_out_and_said(account, person, monday):
    type(account)._base_manager.update(minimum_gap=60)
    posts_for(account, at=at(24, 9, 30))
    rule = add_recurrence(
        item=ready_item(account.workspace), account=account, actor=person, weekdays=[1, 2], time=time(10)
    )
    assert fill_recurrences() == 1
    rule.refresh_from_db()
    assert "keeps 60 minutes between posts" in rule.problem
    assert [event.data["at"] for event in Event.objects.filter(type="recurrence.skipped")] == [at(24, 10).isoformat()]


def test_turns_in_quiet_hours_need_a_person_who_insists(account, person, monday):
    type(account)._base_manager.update(quiet_from=time(1), quiet_until=time(5))
    account.refresh_from_db()
    rule = {
        "item": ready_item(account.workspace),
        "account": account,
        "actor": person,
        "weekdays": [1],
        "time": time(3),
    }
    with pytest.raises(Doubtful, match="quiet hours"):
        add_recurrence(**rule)
    add_recurrence(**rule, force=True)
    assert fill_recurrences() == 1
    assert Post.objects.get().in_quiet_hours is True


def test_an_ordinary_post_and_a_recurrence_do_not_shut_each_other_out(account, person, monday):
    item = ready_item(account.workspace, parts=2)
    add_recurrence(item=item, account=account, actor=person, weekdays=[1], time=time(10))
    fill_recurrences()
    schedule_item(item=item, account=account, actor=person, at=at(27, 9), force=True)
    assert Post.objects.count() == 4
    assert {(post.repeat[:10], post.part) for post in Post.objects.all()} == {
        ("recurrence", 1),
        ("recurrence", 2),
        ("again:1", 1),
        ("again:1", 2),
    }


def test_a_stopped_recurrence_takes_its_posts_along_and_brings_them_back(account, person, monday):
    rule = add_recurrence(
        item=ready_item(account.workspace), account=account, actor=person, weekdays=[1], time=time(10)
    )
    fill_recurrences()
    set_active(recurrence=rule, active=False, actor=person)
    assert (fill_recurrences(), due(account)) == (0, [])
    set_active(recurrence=rule, active=True, actor=person)
    assert (fill_recurrences(), due(account)) == (1, [at(24, 10)])
    remove_recurrence(recurrence=rule, actor=person)
    assert due(account) == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"time"}),
        ({"time": time(9)}, {"weekdays"}),
        ({"time": time(9), "weekdays": [7]}, {"weekdays"}),
        ({"time": time(9), "weekdays": [1], "every_hours": 3}, {"time"}),
        ({"every_hours": 0}, {"every_hours"}),
        ({"every_hours": 5, "until": at(23, 11)}, {"until"}),
        ({"every_hours": 5, "count": 0}, {"count"}),
    ],
)
def test_a_rule_that_says_nothing_is_refused(account, person, monday, fields, wrong):
    with pytest.raises(Invalid) as caught:
        add_recurrence(item=ready_item(account.workspace), account=account, actor=person, **fields)
    assert set(caught.value.details) == wrong


def test_only_what_is_approved_recurs_and_only_who_publishes_says_so(account, person, actor, monday):
    item = ready_item(account.workspace)
    with pytest.raises(NotAllowed):
        add_recurrence(item=item, account=account, actor=actor("viewer"), every_hours=5)
    type(item)._base_manager.filter(pk=item.pk).update(state="draft")
    item.refresh_from_db()
    with pytest.raises(Conflict, match="Only what is ready can recur"):
        add_recurrence(item=item, account=account, actor=person, every_hours=5)


def test_an_item_that_recurs_is_published_when_it_first_was(account, person, monday):
    item = ready_item(account.workspace)
    add_recurrence(item=item, account=account, actor=person, weekdays=[1, 2], time=time(10))
    fill_recurrences()
    first = Post.objects.earliest("due_at")
    Post.objects.filter(pk=first.pk).update(state="published")
    second = Post.objects.latest("due_at")
    cancel_post(post=second, actor=person)
    item.refresh_from_db()
    assert item.state == "published"


# --- Evergreen -------------------------------------------------------------------------------------------------------
def test_free_slots_are_filled_by_what_rested_longest(account, person, monday):
    old, new, never = (ready_item(account.workspace, title=each) for each in ("Old", "New", "Never"))
    for item, days in ((old, 60), (new, 40)):
        [post] = schedule_item(item=item, account=account, actor=person, at=MONDAY, force=True)
        out = MONDAY - timedelta(days=days)
        Post.objects.filter(pk=post.pk).update(state="published", due_at=out, published_at=out, wake_at=None)
    posts_for(account, title="Fresh", at=at(24, 9))
    make_pool(account, new, old, never, ahead_hours=48)
    assert fill_pools() == 3
    assert fill_pools() == 0
    found = Post.objects.filter(state="scheduled").order_by("due_at").values_list("variant__title", "due_at")
    assert list(found) == [("Never", at(23, 18)), ("Fresh", at(24, 9)), ("Old", at(24, 18)), ("New", at(25, 9))]


def test_an_item_rests_for_its_days_and_the_pool_says_so(account, person, monday):
    pool = make_pool(account, ready_item(account.workspace), ahead_hours=48, minimum_days=10)
    assert fill_pools() == 1
    pool.refresh_from_db()
    assert pool.problem == "Every item of the pool went out too lately, or is not approved."
    Post.objects.update(state="published")
    monday.shift(timedelta(days=9))
    assert fill_pools() == 1


def test_a_slot_that_a_person_cleared_stays_clear(account, person, monday):
    make_pool(account, *(ready_item(account.workspace) for _ in range(3)))
    assert fill_pools() == 1
    cancel_post(post=Post.objects.get(), actor=person)
    assert fill_pools() == 0


def test_nothing_is_filled_while_publishing_is_paused_or_the_pool_is_off(account, person, monday):
    pool = make_pool(account, ready_item(account.workspace))
    type(account)._base_manager.update(state="paused")
    assert fill_pools() == 0
    type(account)._base_manager.update(state="active")
    set_pool(account=account, actor=person, active=False)
    assert fill_pools() == 0
    set_pool(account=account, actor=person)
    assert fill_pools() == 1
    assert [entry.last_at for entry in with_last_post(pool)] == [at(23, 18)]


def test_an_item_is_in_a_pool_once(account, person, monday):
    pool, item = set_pool(account=account, actor=person), ready_item(account.workspace)
    entry = add_to_pool(pool=pool, item=item, actor=person)
    with pytest.raises(Conflict, match="is in the pool already"):
        add_to_pool(pool=pool, item=item, actor=person)
    remove_from_pool(entry=entry, actor=person)
    assert fill_pools() == 0


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_book_every_turn_and_every_slot_once():
    account = AccountFactory()
    with scope(workspace=account.workspace):
        with_slots(account)
        make_recurrence(account, item=ready_item(account.workspace))
        make_pool(account, *(ready_item(account.workspace) for _ in range(8)), ahead_hours=72)
    start = threading.Barrier(4)

    def tick() -> None:
        start.wait()
        try:
            recurring.fill_recurrences()
            evergreen.fill_pools()
        finally:
            connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    posts = list(Post._base_manager.values_list("repeat", "due_at"))
    assert len(posts) == len(set(posts)) == len({due for _repeat, due in posts})
    assert sum(repeat.startswith("recurrence:") for repeat, _due in posts) == 7
    assert sum(repeat.startswith("evergreen:") for repeat, _due in posts) in {3, 4, 5, 6}
