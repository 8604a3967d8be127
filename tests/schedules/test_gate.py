"""What the schedule's rules mean for a post whose moment has come."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from apps.lifecycle.models import Event
from apps.schedules.concerns import Doubtful
from apps.schedules.models import Post, Waiting
from apps.schedules.recurring import fill_recurrences
from apps.schedules.services import post_now, schedule_item
from apps.uploads.gate import Go, Wait, judge
from apps.uploads.services import publish_post
from tests.factories.schedules import make_recurrence, posts_for, ready_item
from tests.schedules.conftest import MONDAY, at

pytestmark = pytest.mark.usefixtures("monday")


def asked(post: Post, now=MONDAY):
    post = Post.objects.select_related("workspace", "account", "item", "variant").get(pk=post.pk)
    return judge(post, account=post.account, item=post.item, now=now)


@pytest.fixture
def quiet(account):
    """Quiet from 11:00 to 13:30, and it is noon."""
    type(account)._base_manager.update(quiet_from=time(11), quiet_until=time(13, 30))
    account.refresh_from_db()
    return account


def test_a_post_that_comes_due_in_quiet_hours_waits_for_their_end(account, monday):
    [post] = posts_for(account, at=MONDAY)
    type(account)._base_manager.update(quiet_from=time(11), quiet_until=time(13, 30))
    assert asked(post) == Wait(at(23, 13, 30), Waiting.QUIET)
    publish_post(post_id=post.pk)
    post.refresh_from_db()
    assert (post.state, post.waiting_for, post.wake_at) == ("scheduled", "quiet", at(23, 13, 30))
    assert asked(post, at(23, 13, 30)) == Go()


def test_what_a_person_forced_goes_out_when_it_was_forced_to(quiet, person):
    """Past the quiet hours, the gap and the daily limit that the workspace set, and never past the platform."""
    [out] = posts_for(quiet, at=MONDAY)
    Post.objects.filter(pk=out.pk).update(state="published", published_at=MONDAY)
    type(quiet)._base_manager.update(minimum_gap=60, daily_limit=1)
    [post] = posts_for(quiet, at=at(24, 15))
    with pytest.raises(Doubtful) as caught:
        post_now(post=post, actor=person)
    assert [each.code for each in caught.value.concerns] == ["quiet", "gap", "limit"]
    post_now(post=post, actor=person, force=True)
    assert (post.due_at, post.forced_by, asked(post)) == (MONDAY, person.label, Go())
    said = Event._base_manager.get(type="post.rescheduled").data
    assert said == {"due_at": MONDAY.isoformat(), "by": person.label, "forced": True}
    type(quiet)._base_manager.update(hold_until=at(23, 14))
    assert asked(post) == Wait(at(23, 14), Waiting.PLATFORM)


def test_parts_go_out_as_near_to_each_other_as_a_person_spaced_them(account, person):
    type(account)._base_manager.update(minimum_gap=60)
    item = ready_item(account.workspace, parts=2)
    ten = timedelta(minutes=10)
    first, second = schedule_item(item=item, account=account, actor=person, at=MONDAY, spacing=ten)
    Post.objects.filter(pk=first.pk).update(state="published", published_at=MONDAY)
    assert asked(second, MONDAY + ten) == Go()
    other = ready_item(account.workspace, parts=2)
    with pytest.raises(Doubtful, match="keeps 60 minutes between posts"):
        schedule_item(item=other, account=account, actor=person, at=MONDAY - timedelta(hours=1), spacing=ten)


def test_parts_of_one_turn_do_not_wait_for_those_of_another(account):
    item = ready_item(account.workspace, parts=2)
    make_recurrence(account, item=item, time=time(14))
    fill_recurrences()
    first = Post.objects.filter(part=1).earliest("due_at")
    second = Post.objects.filter(part=2, repeat=first.repeat).get()
    assert asked(second, second.due_at).reason == Waiting.PART
    Post.objects.filter(pk=first.pk).update(state="published")
    assert asked(second, second.due_at) == Go()
