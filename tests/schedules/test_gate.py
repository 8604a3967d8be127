"""What the schedule's rules mean for a post whose moment has come."""

from __future__ import annotations

from datetime import time

import pytest

from apps.schedules.models import Post, Waiting
from apps.schedules.recurring import fill_recurrences
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


def test_a_person_who_insisted_is_not_held_back(quiet):
    [post] = posts_for(quiet, at=MONDAY)
    assert post.in_quiet_hours is True
    assert asked(post) == Go()


def test_parts_of_one_turn_do_not_wait_for_those_of_another(account):
    item = ready_item(account.workspace, parts=2)
    make_recurrence(account, item=item, time=time(14))
    fill_recurrences()
    first = Post.objects.filter(part=1).earliest("due_at")
    second = Post.objects.filter(part=2, repeat=first.repeat).get()
    assert asked(second, second.due_at).reason == Waiting.PART
    Post.objects.filter(pk=first.pk).update(state="published")
    assert asked(second, second.due_at) == Go()
