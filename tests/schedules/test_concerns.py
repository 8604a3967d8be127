"""What speaks against a post before it is on the schedule, and who may overrule it."""

from __future__ import annotations

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.common.errors import Conflict, Invalid, NotAllowed, TooLate
from apps.content.models import Asset, Item
from apps.content.services import Text, create_item, revise_item, submit_item
from apps.desk.schedule_queries import ready_items
from apps.lifecycle.models import Event
from apps.lifecycle.services import advance
from apps.platforms.models import Account
from apps.schedules import queries
from apps.schedules.batches import send_all_again, space_items
from apps.schedules.booking import earliest, next_free_slot
from apps.schedules.concerns import Doubtful
from apps.schedules.intake import schedule_ready_item
from apps.schedules.models import Post
from apps.schedules.reservations import drop_reservation
from apps.schedules.services import (
    cancel_post,
    post_now,
    reschedule,
    restore_post,
    schedule_item,
    send_again,
)
from apps.workspaces.actors import SYSTEM
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import make_reservation, posts_for, ready_item
from tests.schedules.conftest import MONDAY, at

pytestmark = pytest.mark.usefixtures("monday")

LONG = "The keeper of the light went up the stairs every night and counted them aloud, one by one. " * 6


def limit(account, **fields):
    type(account)._base_manager.filter(pk=account.pk).update(**fields)
    account.refresh_from_db()
    return account


def saying(workspace, text: str, *, title: str = "The light") -> Item:
    item = create_item(
        workspace=workspace,
        actor=SYSTEM,
        kind=Item.Kind.STORY,
        format=Item.Format.TEXT,
        text=Text(title, [{"title": title, "text": text}]),
    )
    submit_item(item=item, actor=SYSTEM)
    advance(item, "approve", actor=SYSTEM, fields={"approved_revision": item.current_revision})
    return advance(item, "complete", actor=SYSTEM)


def codes(caught) -> list[str]:
    return [each["code"] for each in caught.value.details["concerns"]]


def test_a_slot_in_quiet_hours_is_skipped(account):
    limit(account, quiet_from=time(17), quiet_until=time(10), timezone=ZoneInfo("UTC"))
    with pytest.raises(Conflict, match="has no free slot within a year"):
        next_free_slot(account, after=MONDAY)
    limit(account, quiet_from=time(17), quiet_until=time(9))
    assert next_free_slot(account, after=MONDAY).at == at(24, 9)


def test_a_time_in_quiet_hours_needs_a_person_who_insists(account, person):
    limit(account, quiet_from=time(22), quiet_until=time(7))
    item = ready_item(account.workspace)
    with pytest.raises(Doubtful, match=r"23 Nov 2026, 23:00 is in the quiet hours of .* which end at 07:00") as caught:
        schedule_item(item=item, account=account, actor=person, at=at(23, 23))
    assert codes(caught) == ["quiet"]
    with pytest.raises(NotAllowed, match="Only a person may overrule a warning"):
        schedule_item(item=item, account=account, actor=SYSTEM, at=at(23, 23), force=True)
    [post] = schedule_item(item=item, account=account, actor=person, at=at(23, 23), force=True)
    assert (post.due_at, post.forced_by) == (at(23, 23), person.label)
    reschedule(post=post, at=at(24, 8), actor=person)
    assert Post.objects.get(pk=post.pk).forced_by == ""


def test_posts_closer_than_the_gap_and_full_days_are_named(account, person):
    limit(account, minimum_gap=30, daily_limit=1)
    [first] = posts_for(account, at=at(23, 15))
    item = ready_item(account.workspace)
    with pytest.raises(Doubtful) as caught:
        schedule_item(item=item, account=account, actor=person, at=at(23, 15, 20))
    assert [(each["code"], each["post"]) for each in caught.value.details["concerns"]] == [
        ("gap", first.pk),
        ("limit", None),
    ]
    # The post that is moved is not in its own way.
    reschedule(post=first, at=at(23, 15, 10), actor=person)
    [second] = schedule_item(item=item, account=account, actor=person, at=at(23, 15, 20), force=True)
    assert second.due_at == at(23, 15, 20)


def test_two_posts_in_one_minute_are_a_slip_that_a_person_may_mean(account, person):
    [first] = posts_for(account, at=at(23, 15))
    item = ready_item(account.workspace)
    with pytest.raises(Doubtful, match="has another post at") as caught:
        schedule_item(item=item, account=account, actor=person, at=at(23, 15))
    assert [(each["code"], each["post"]) for each in caught.value.details["concerns"]] == [("minute", first.pk)]
    [second] = schedule_item(item=item, account=account, actor=person, at=at(23, 15, 2))
    with pytest.raises(Doubtful):
        reschedule(post=second, at=at(23, 15), actor=person)
    reschedule(post=second, at=at(23, 15), actor=person, force=True)
    assert Post.objects.get(pk=second.pk).due_at == at(23, 15)
    # The system places what is ready; two at once are no slip of anybody.
    assert schedule_item(item=ready_item(account.workspace), account=account, actor=SYSTEM, at=at(23, 15))


def test_images_that_the_platform_will_not_show_are_asked_about_once(in_workspace, person):
    account = Account(workspace=in_workspace, platform="bluesky", name="Sea", handle="@sea", credentials={})
    account.save()
    item = saying(in_workspace, "Two pictures and a film.")
    for position, kind in enumerate(("video", "image", "image")):
        files = {"revision": item.approved_revision, "kind": kind, "position": position, "key": str(position)}
        Asset._base_manager.create(workspace=in_workspace, **files)
    with pytest.raises(Doubtful, match=r"Bluesky shows no images beside a video: 2 images are left out\.") as caught:
        schedule_item(item=item, account=account, actor=person, at=at(24, 9))
    assert codes(caught) == ["media"]
    assert [each.code for each in queries.concerns_about(item, account)] == ["media"]
    # The previews have shown it so; what goes out by itself is not held up by it.
    assert len(schedule_item(item=item, account=account, actor=SYSTEM, at=at(24, 9))) == 1


SHORTER = (
    "Tonight at nine the choir sings on the pier again, and whoever brings a lantern gets a cup of tea from the "
    "harbour master himself. Last week there were forty of us, and the tea ran out."
)


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        (LONG, "aloud", "softly"),
        (SHORTER, "lantern", "lamp"),
    ],
)
def test_nearly_the_same_text_is_found_and_the_system_never_overrules_it(account, person, text, before, after):
    schedule_item(item=saying(account.workspace, text), account=account, actor=person, at=at(24, 9))
    again = saying(account.workspace, text.replace(before, after, 1), title="A light")
    with pytest.raises(Doubtful, match=r"“The light” on .* says nearly the same") as caught:
        schedule_item(item=again, account=account, actor=person, at=at(25, 9))
    assert codes(caught) == ["text"]
    assert schedule_ready_item(item=again) == []
    assert schedule_ready_item(item=again) == []
    [told] = Event.objects.filter(type="item.not_scheduled")
    assert told.data["account_name"] == account.name
    assert "says nearly the same" in told.data["reason"]
    assert len(schedule_item(item=again, account=account, actor=person, at=at(25, 9), force=True)) == 1


def test_short_texts_are_the_same_only_word_for_word(account, person):
    schedule_item(item=saying(account.workspace, "Good morning."), account=account, actor=person, at=at(24, 9))
    schedule_item(item=saying(account.workspace, "Good evening."), account=account, actor=person, at=at(24, 10))
    with pytest.raises(Doubtful):
        schedule_item(item=saying(account.workspace, "good  MORNING"), account=account, actor=person, at=at(24, 11))


def test_a_text_of_long_ago_or_of_another_account_does_not_matter(account, person, monday):
    schedule_item(item=saying(account.workspace, LONG), account=account, actor=person, at=at(24, 9))
    other = AccountFactory(workspace=account.workspace)
    schedule_item(item=saying(account.workspace, LONG), account=other, actor=person, at=at(24, 9))
    monday.shift(timedelta(days=32))
    posts = schedule_item(
        item=saying(account.workspace, LONG), account=account, actor=person, at=at(24, 9) + timedelta(45)
    )
    assert len(posts) == 1


def test_the_same_item_goes_out_twice_only_when_a_person_insists(account, person):
    item = ready_item(account.workspace)
    [first] = schedule_item(item=item, account=account, actor=person, at=at(24, 9))
    with pytest.raises(Doubtful, match=r"on the schedule of .* already") as caught:
        schedule_item(item=item, account=account, actor=person, at=at(25, 9))
    assert [(each.code, each.post, each.at) for each in caught.value.concerns] == [("item", first.pk, at(24, 9))]
    [second] = schedule_item(item=item, account=account, actor=person, at=at(25, 9), force=True)
    [third] = schedule_item(item=item, account=account, actor=person, at=at(26, 9), force=True)
    assert (second.repeat, third.repeat) == ("again:1", "again:2")


def test_a_cancellation_is_undone_while_its_place_is_free(account, person, monday):
    item = ready_item(account.workspace)
    [post] = schedule_item(item=item, account=account, actor=person)
    cancel_post(post=post, actor=person)
    restore_post(post=post, actor=person)
    item.refresh_from_db()
    assert (post.state, post.wake_at, item.state) == ("scheduled", post.due_at, "scheduled")
    cancel_post(post=post, actor=person)
    schedule_item(item=ready_item(account.workspace), account=account, actor=person)
    with pytest.raises(Conflict, match="Its place is taken by now"):
        restore_post(post=post, actor=person)
    monday.shift(timedelta(days=2))
    with pytest.raises(TooLate, match="Its time has passed"):
        restore_post(post=Post.objects.get(pk=post.pk), actor=person)


def test_missed_posts_are_sent_again_one_gap_apart(account, person):
    limit(account, minimum_gap=20, quiet_from=time(12, 30), quiet_until=time(14))
    posts = [posts_for(account, at=at(22, hour))[0] for hour in (8, 9, 10)]
    for post in posts:
        advance(post, "miss", actor=SYSTEM)
    sent, refused = send_all_again(posts=posts, actor=person)
    assert [post.due_at for post in sent] == [at(23, 12), at(23, 12, 20), at(23, 14)]
    assert refused == []
    with pytest.raises(TooLate):
        send_again(post=sent[0], actor=person)


def test_post_now_warns_of_the_gap_and_can_be_forced(account, person):
    limit(account, minimum_gap=30)
    posts_for(account, at=at(23, 12, 10))
    [post] = posts_for(account, at=at(25, 9))
    with pytest.raises(Doubtful):
        post_now(post=post, actor=person)
    assert post_now(post=post, actor=person, force=True).due_at == MONDAY


def test_a_batch_is_spread_over_hours_around_what_is_in_the_way(account, person):
    limit(account, minimum_gap=60, quiet_from=time(16), quiet_until=time(18))
    posts_for(account, at=at(23, 14, 30))
    items = [ready_item(account.workspace, title=f"Item {n}") for n in range(4)]
    items.insert(2, saying(account.workspace, "Not said yet"))
    type(items[2])._base_manager.filter(pk=items[2].pk).update(state="in_review")
    placed = space_items(items=items, account=account, actor=person, over=timedelta(hours=10))
    assert [[post.due_at for post in each.posts] for each in placed] == [
        [at(23, 12)],
        [at(23, 15, 30)],
        [],
        [at(23, 18)],
        [at(23, 20)],
    ]
    assert "Only what is ready can be scheduled" in str(placed[2].error)


def test_a_batch_that_does_not_fit_says_what_would(account, person):
    limit(account, minimum_gap=60)
    items = [ready_item(account.workspace) for _ in range(3)]
    with pytest.raises(Invalid, match="Spread them over 3 hours or more"):
        space_items(items=items, account=account, actor=person, over=timedelta(hours=1))
    assert Post.objects.count() == 0


def test_the_earliest_moment_keeps_gap_limit_and_quiet_hours(account):
    assert earliest(account, at=MONDAY) == MONDAY
    limit(account, minimum_gap=30, daily_limit=2, quiet_from=time(23), quiet_until=time(6))
    posts_for(account, at=at(23, 12, 10))
    assert earliest(account, at=MONDAY) == at(23, 12, 40)
    posts_for(account, at=at(23, 20))
    assert earliest(account, at=MONDAY) == at(24, 6)


def test_a_reserved_time_becomes_a_post_when_the_item_is_ready(account, monday):
    item = ready_item(account.workspace)
    make_reservation(account, item, at=at(25, 8))
    [post] = schedule_ready_item(item=item)
    assert (post.account_id, post.due_at) == (account.pk, at(25, 8))
    assert not queries.reservations().exists()


def test_an_item_that_a_person_gave_a_place_goes_nowhere_else_by_itself(account, monday, actor):
    """Neither at first, nor when its post is cancelled, nor in a new version, which takes the same time again."""
    at_once = AccountFactory(workspace=account.workspace, intake="at_once")
    item = ready_item(account.workspace)
    make_reservation(account, item, at=at(25, 8))
    [post] = schedule_ready_item(item=item)
    cancel_post(post=post, actor=actor("editor"))
    item.refresh_from_db()
    assert (item.state, schedule_ready_item(item=item)) == ("ready", [])
    text = Text("Another title", [{"title": "Another title", "text": "Another text."}])
    revise_item(item=item, actor=actor("editor"), text=text, base=1)
    item.refresh_from_db()
    advance(item, "approve", actor=SYSTEM, fields={"approved_revision": item.current_revision})
    advance(item, "complete", actor=SYSTEM)
    [again] = schedule_ready_item(item=item)
    assert (again.account_id, again.due_at, again.revision_id) == (account.pk, at(25, 8), item.current_revision_id)
    assert not Post.objects.filter(account=at_once).exists()


def test_an_item_whose_kept_time_was_given_up_waits_for_a_person(account, monday, actor):
    AccountFactory(workspace=account.workspace, intake="at_once")
    item = ready_item(account.workspace)
    drop_reservation(reservation=make_reservation(account, item, at=at(25, 8)), actor=actor("editor"))
    assert schedule_ready_item(item=item) == []
    assert [each.item for each in ready_items()] == [item]


def test_a_reserved_time_that_cannot_be_kept_says_why(account, monday):
    item = ready_item(account.workspace)
    reservation = make_reservation(account, item, at=at(23, 8))
    assert schedule_ready_item(item=item) == []
    reservation.refresh_from_db()
    assert reservation.problem == "The time has passed before this was ready."
