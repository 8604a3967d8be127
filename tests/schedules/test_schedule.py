from __future__ import annotations

import threading
from datetime import time
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scope

from apps.common.errors import Conflict, Invalid, NotAllowed
from apps.lifecycle.services import TransitionRefused
from apps.platforms.models import Account
from apps.schedules import queries
from apps.schedules.intake import schedule_ready_item
from apps.schedules.models import Post, Slot
from apps.schedules.services import (
    cancel_post,
    cancel_posts_of,
    reschedule,
    schedule_item,
)
from apps.workspaces.actors import SYSTEM, Actor
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for, ready_item
from tests.factories.workspaces import add_person
from tests.schedules.conftest import MONDAY, at, with_slots

pytestmark = pytest.mark.usefixtures("one_clock")


def test_a_new_account_has_three_slots_a_day_in_its_zone(in_workspace):
    account = AccountFactory(workspace=in_workspace, timezone=ZoneInfo("Asia/Kolkata"))
    slots = queries.slots_of(account)
    assert [slot.weekday for slot in slots] == sorted([*range(7)] * 3)
    assert {(slot.time, str(slot.timezone)) for slot in slots} == {
        (wall, "Asia/Kolkata") for wall in (time(9), time(12, 30), time(18))
    }


def test_parts_take_the_next_free_slots_in_order(account, time_machine):
    time_machine.move_to(MONDAY, tick=False)
    schedule_item(item=ready_item(account.workspace), account=account, actor=SYSTEM)
    item = ready_item(account.workspace, title="Saga", parts=3)
    posts = schedule_item(item=item, account=account, actor=SYSTEM)
    assert [(post.part, post.due_at) for post in posts] == [(1, at(24, 9)), (2, at(24, 18)), (3, at(25, 9))]
    item.refresh_from_db()
    assert item.state == "scheduled"


def test_a_slot_is_skipped_for_the_gap_and_the_daily_limit(account, time_machine):
    time_machine.move_to(MONDAY, tick=False)
    posts_for(account, at=at(23, 17))
    account.minimum_gap = 120
    account.save()
    [near] = schedule_item(item=ready_item(account.workspace), account=account, actor=SYSTEM)
    assert near.due_at == at(24, 9)
    account.daily_limit = 1
    account.save()
    [full] = schedule_item(item=ready_item(account.workspace), account=account, actor=SYSTEM)
    assert full.due_at == at(25, 9)


def test_a_cancelled_post_gives_its_slot_back(account, time_machine):
    time_machine.move_to(MONDAY, tick=False)
    [first] = schedule_item(item=ready_item(account.workspace), account=account, actor=SYSTEM)
    cancel_post(post=first, actor=SYSTEM)
    [second] = schedule_item(item=ready_item(account.workspace), account=account, actor=SYSTEM)
    assert second.due_at == first.due_at == at(23, 18)
    first.item.refresh_from_db()
    assert first.item.state == "ready"


def test_an_account_without_slots_says_so(account):
    Slot.objects.all().delete()
    with pytest.raises(Conflict, match="has no free slot within a year"):
        schedule_item(item=ready_item(account.workspace), account=account, actor=SYSTEM)


def test_the_same_text_is_scheduled_once_on_an_account(account):
    item = ready_item(account.workspace)
    schedule_item(item=item, account=account, actor=SYSTEM)
    with pytest.raises(Conflict, match="on the schedule"):
        schedule_item(item=item, account=account, actor=SYSTEM)
    assert Post.objects.count() == 1


def test_what_does_not_fit_the_platform_is_refused_before_it_is_scheduled(in_workspace):
    account = AccountFactory(workspace=in_workspace, platform="fake_key", settings={"url": ""})
    item = ready_item(in_workspace, title="x" * 81)
    with pytest.raises(Invalid) as caught:
        schedule_item(item=item, account=account, actor=SYSTEM)
    assert caught.value.details == {"title": ["81 characters are too many; at most 80 fit."]}
    item.refresh_from_db()
    assert (item.state, Post.objects.count()) == ("ready", 0)


def test_only_people_who_may_publish_change_the_schedule(account):
    item = ready_item(account.workspace)
    viewer = Actor.of(add_person(account.workspace, "viewer"))
    with pytest.raises(NotAllowed):
        schedule_item(item=item, account=account, actor=viewer)
    [post] = schedule_item(item=item, account=account, actor=SYSTEM)
    for change in (
        lambda: cancel_post(post=post, actor=viewer),
        lambda: reschedule(post=post, at=MONDAY, actor=viewer),
    ):
        with pytest.raises(NotAllowed):
            change()


def test_rescheduling_frees_the_slot_and_forgets_waits(account, time_machine):
    time_machine.move_to(MONDAY, tick=False)
    [post] = schedule_item(item=ready_item(account.workspace), account=account, actor=SYSTEM)
    reschedule(post=post, at=at(28, 7), actor=SYSTEM)
    post.refresh_from_db()
    assert (post.due_at, post.wake_at, post.slot) == (at(28, 7), at(28, 7), None)
    assert queries.seconds_until(post) == (at(28, 7) - MONDAY).total_seconds()
    [second] = schedule_item(item=ready_item(account.workspace), account=account, actor=SYSTEM)
    assert second.due_at == at(23, 18)


def test_a_ready_item_goes_where_accounts_take_items_and_not_where_a_person_cancelled_it(account):
    by_hand = AccountFactory(workspace=account.workspace, intake="by_hand")
    at_once = AccountFactory(workspace=account.workspace, intake="at_once")
    item = ready_item(account.workspace)
    posts = schedule_ready_item(item=item)
    assert {post.account_id for post in posts} == {account.pk, at_once.pk}
    assert not Post.objects.filter(account=by_hand).exists()
    assert cancel_posts_of(item=item) == 2
    item.refresh_from_db()
    assert item.state == "ready"
    assert schedule_ready_item(item=item) == []


def test_an_item_that_is_not_ready_is_not_scheduled(account):
    item = ready_item(account.workspace)
    type(item)._base_manager.filter(pk=item.pk).update(state="in_review")
    with pytest.raises(Conflict, match="Only what is ready can be scheduled; this is: In review"):
        schedule_item(item=item, account=account, actor=SYSTEM)


def test_the_system_never_sends_again_what_waits_for_a_person(account):
    [post] = posts_for(account)
    Post._base_manager.filter(pk=post.pk).update(state="needs_human", wake_at=None)
    with pytest.raises((TransitionRefused, NotAllowed)):
        reschedule(post=Post.objects.get(pk=post.pk), at=timezone.now(), actor=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_people_who_schedule_at_once_never_get_the_same_slot():
    account = AccountFactory()
    with scope(workspace=account.workspace):
        with_slots(account)
        items = [ready_item(account.workspace, title=f"Item {n}") for n in range(6)]
    start = threading.Barrier(6)

    def book(item) -> None:
        start.wait()
        try:
            with scope(workspace=account.workspace):
                schedule_item(item=item, account=account, actor=SYSTEM)
        finally:
            connection.close()

    people = [threading.Thread(target=book, args=(item,)) for item in items]
    for person in people:
        person.start()
    for person in people:
        person.join()
    times = list(Post._base_manager.values_list("due_at", flat=True))
    assert len(times) == len(set(times)) == 6


def test_what_is_upcoming_is_soonest_first(account, monday):
    [soon], [later] = posts_for(account, at=at(23, 13)), posts_for(account, at=at(23, 14))
    assert list(queries.upcoming()) == [soon, later]
    assert list(queries.posts_at(account, at(23, 14))) == [later]
    assert queries.counts_by_state() == {"scheduled": 2}


def test_a_time_that_is_over_or_that_nobody_can_mean_is_refused(account, person, monday):
    Account._base_manager.filter(pk=account.pk).update(catch_up=30)
    [post] = posts_for(account, at=at(24, 9))
    item = ready_item(account.workspace)
    for wrong, why in ((at(23, 11, 29), "Its time has passed"), (MONDAY.replace(year=2126), "ten years ahead")):
        with pytest.raises(Invalid, match=why):
            schedule_item(item=item, account=account, actor=person, at=wrong, force=True)
        with pytest.raises(Invalid, match=why):
            reschedule(post=post, at=wrong, actor=person, force=True)
    assert schedule_item(item=item, account=account, actor=person, at=at(23, 11, 31))[0].due_at == at(23, 11, 31)
