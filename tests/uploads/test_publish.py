from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scope

from apps.common.errors import AdapterError, TooLate
from apps.content.models import Item
from apps.content.services import Text, revise_item
from apps.lifecycle.models import Event
from apps.platforms.base import PublishResult
from apps.platforms.models import Account
from apps.platforms.services import pause_account, resume_account
from apps.schedules.models import Post
from apps.schedules.pausing import pause_workspace, resume_workspace
from apps.schedules.services import cancel_post, post_now, reschedule
from apps.uploads import leases, outcomes
from apps.uploads.leases import claim
from apps.uploads.models import Attempt
from apps.uploads.services import publish_post, report_published, sweep
from apps.workspaces.actors import SYSTEM, Actor
from tests.factories.schedules import posts_for
from tests.factories.workspaces import add_person

ALL = ["fake_key", "fake_handle", "fake_lookup", "fake_none"]
ASKABLE = ["fake_key", "fake_handle", "fake_lookup"]


def fresh(row):
    return type(row)._base_manager.get(pk=row.pk)


def outcomes_of(post: Post) -> list[str]:
    return list(Attempt.objects.filter(post=post).order_by("number").values_list("outcome", flat=True))


@pytest.mark.parametrize("slug", ALL)
def test_a_due_post_is_published_once_and_its_item_with_it(connect, platform, work_off, slug):
    [post] = posts_for(connect(slug), title="Once")
    assert work_off(post) == "published"
    assert publish_post(post_id=post.pk) == "published"
    assert platform.counts() == {"Once": 1}
    assert (post.url, post.external_id, post.lease_token, post.error) == (f"{platform.url}/posts/1", "1", None, None)
    assert fresh(post.item).state == "published"
    assert outcomes_of(post) == ["published"]


def test_the_log_tells_every_step(connect, work_off):
    [post] = posts_for(connect("fake_key"))
    work_off(post)
    events = Event.objects.filter(type="post.state", subject=f"schedules.post:{post.pk}").order_by("seq")
    assert [event.data["to"] for event in events] == ["scheduled", "claimed", "submitting", "published"]


def test_a_post_that_is_not_due_stays(connect, platform):
    [post] = posts_for(connect("fake_key"), at=timezone.now() + timedelta(hours=1))
    assert publish_post(post_id=post.pk) == "scheduled"
    assert platform.calls == []


@pytest.mark.parametrize("slug", ASKABLE)
@pytest.mark.parametrize("step", ["accept_then_hang", "accept_then_500", "accept_then_reset"])
def test_a_lost_answer_of_an_accepted_post_is_found_out_without_posting_again(connect, platform, work_off, slug, step):
    platform.script["Lost"] = [step]
    [post] = posts_for(connect(slug), title="Lost")
    assert publish_post(post_id=post.pk) == "unknown"
    assert work_off(post) == "published"
    assert platform.counts() == {"Lost": 1}
    assert outcomes_of(post)[0] == "unknown"


@pytest.mark.parametrize("slug", ASKABLE)
@pytest.mark.parametrize("step", ["reset", "500"])
def test_a_lost_answer_of_a_post_that_was_not_accepted_is_found_out_and_sent_again(
    connect, platform, work_off, slug, step
):
    platform.script["Never"] = [step]
    [post] = posts_for(connect(slug), title="Never")
    assert publish_post(post_id=post.pk) == "unknown"
    assert work_off(post) == "published"
    assert platform.counts() == {"Never": 1}


@pytest.mark.parametrize("step", ["accept_then_hang", "reset"])
def test_where_nothing_can_be_asked_a_person_decides(connect, platform, work_off, step):
    platform.script["Mute"] = [step]
    [post] = posts_for(connect("fake_none"), title="Mute")
    assert work_off(post) == "needs_human"
    assert len(platform.calls) == 1
    assert "Nobody can say" in post.error["message"]
    person = Actor.of(add_person(post.workspace, "editor"))
    report_published(post=post, actor=person, url="https://example.org/1")
    assert (post.state, post.url, fresh(post.item).state) == ("published", "https://example.org/1", "published")


def test_a_naive_publisher_that_repeats_lost_calls_posts_twice(connect, platform):
    """The same scenario without reconciliation: proof that the tests above can fail."""
    platform.script["Naive"] = ["accept_then_reset"]
    [post] = posts_for(connect("fake_lookup"), title="Naive")
    publish_post(post_id=post.pk)
    Post._base_manager.filter(pk=post.pk).update(state="scheduled", wake_at=timezone.now())
    publish_post(post_id=post.pk)
    assert platform.counts() == {"Naive": 2}


def test_a_platform_that_asks_to_wait_is_not_called_earlier_for_any_post_of_the_account(connect, platform, work_off):
    account, other = connect("fake_key"), connect("fake_key")
    platform.script["First"] = ["429:1"]
    [first], [second] = posts_for(account, title="First"), posts_for(account, title="Second")
    [third] = posts_for(other, title="Third")
    assert publish_post(post_id=first.pk) == "scheduled"
    assert publish_post(post_id=second.pk) == "scheduled"
    assert (fresh(first).waiting_for, fresh(second).waiting_for) == ("platform", "platform")
    assert publish_post(post_id=third.pk) == "published"
    assert (work_off(first), work_off(second)) == ("published", "published")
    called = {call.title: call.at for call in platform.calls if call.step == "ok"}
    refused = next(call.at for call in platform.calls if call.step == "429:1")
    assert min(called["First"], called["Second"]) - refused >= 1
    assert fresh(first).tries == 0


def test_after_three_failures_a_person_decides_and_can_send_again(connect, platform, work_off):
    platform.script["Unlucky"] = ["408", "408", "408"]
    [post] = posts_for(connect("fake_key"), title="Unlucky")
    assert work_off(post) == "needs_human"
    assert outcomes_of(post) == ["failed"] * 3
    post_now(post=post, actor=Actor.of(add_person(post.workspace, "editor")))
    assert work_off(post) == "published"
    assert outcomes_of(post) == ["failed"] * 3 + ["published"]


def test_a_refused_post_is_not_tried_again(connect, platform, work_off):
    platform.script["Bad"] = ["422"]
    [post] = posts_for(connect("fake_key"), title="Bad")
    assert work_off(post) == "rejected"
    assert post.error["message"] == "The platform refused the post: refused with 422"
    assert len(platform.calls) == 1


def test_refused_credentials_stop_the_account_and_keep_the_post(connect, platform, work_off):
    account = connect("fake_key")
    platform.script["Login"] = ["401"]
    [post] = posts_for(account, title="Login")
    assert publish_post(post_id=post.pk) == "scheduled"
    assert fresh(account).state == Account.State.NEEDS_LOGIN
    assert publish_post(post_id=post.pk) == "scheduled"
    assert len(platform.calls) == 1
    resume_account(account=account, actor=SYSTEM)
    assert work_off(post) == "published"


def test_parts_go_out_in_order_and_a_failing_one_holds_the_rest(connect, platform, work_off):
    platform.script["Saga 1"] = ["422"]
    one, two = posts_for(connect("fake_key"), title="Saga", parts=2)
    assert publish_post(post_id=two.pk) == "scheduled"
    assert fresh(two).waiting_for == "part"
    assert work_off(one) == "rejected"
    publish_post(post_id=two.pk)
    assert platform.counts() == {}
    post_now(post=one, actor=Actor.of(add_person(one.workspace)))
    assert work_off(one) == "published"
    assert fresh(two).wake_at <= timezone.now()
    assert work_off(two) == "published"
    assert [title for _account, title in platform.posts] == ["Saga 1", "Saga 2"]


@pytest.mark.parametrize("pause", ["account", "workspace"])
def test_nothing_goes_out_while_paused(connect, platform, work_off, pause):
    account = connect("fake_key")
    [post] = posts_for(account)
    if pause == "account":
        pause_account(account=account, actor=SYSTEM)
    else:
        pause_workspace(workspace=account.workspace, actor=SYSTEM)
    assert publish_post(post_id=post.pk) == "scheduled"
    assert platform.calls == []
    if pause == "account":
        resume_account(account=account, actor=SYSTEM)
    else:
        resume_workspace(workspace=account.workspace, actor=SYSTEM)
    assert work_off(post) == "published"


def edit(item: Item) -> None:
    revision = item.current_revision
    text = Text("Other words", [{"title": "Other words", "text": "Something else."}])
    revise_item(item=item, actor=Actor.of(add_person(item.workspace)), text=text, base=revision.number)


def test_only_the_approved_revision_goes_out(connect, platform, work_off):
    [post] = posts_for(connect("fake_key"))
    edit(fresh(post.item))
    assert work_off(post) == "cancelled"
    assert platform.calls == []


def test_an_edit_between_claim_and_call_keeps_the_post_back(connect, platform, monkeypatch):
    [post] = posts_for(connect("fake_key"))
    seen = []
    real = leases.failpoint
    monkeypatch.setattr(leases, "failpoint", lambda name: seen.append(edit(fresh(post.item))) or real(name))
    assert publish_post(post_id=post.pk) == "cancelled"
    assert len(seen) == 1
    assert platform.calls == []
    assert outcomes_of(post) == ["withdrawn"]


def test_cancelling_before_the_call_wins_over_the_worker(connect, platform, monkeypatch):
    [post] = posts_for(connect("fake_key"))
    monkeypatch.setattr(leases, "failpoint", lambda name: cancel_post(post=fresh(post), actor=SYSTEM))
    publish_post(post_id=post.pk)
    assert fresh(post).state == "cancelled"
    assert platform.calls == []


def test_cancel_and_reschedule_after_the_call_began_say_too_late(connect, platform):
    platform.script["Slow"] = ["slow:0.6"]
    [post] = posts_for(connect("fake_key"), title="Slow")
    person = Actor.of(add_person(post.workspace))
    worker = threading.Thread(target=in_thread, args=(post, lambda: publish_post(post_id=post.pk)))
    worker.start()
    wait_for(lambda: fresh(post).state == "submitting")
    with pytest.raises(TooLate, match="It is too late: the platform is being called"):
        cancel_post(post=fresh(post), actor=person)
    with pytest.raises(TooLate):
        reschedule(post=fresh(post), at=timezone.now(), actor=person)
    worker.join()
    assert fresh(post).state == "published"
    with pytest.raises(TooLate, match="this is published"):
        cancel_post(post=fresh(post), actor=person)


def in_thread(post: Post, work) -> None:
    try:
        with scope(workspace=post.workspace):
            work()
    finally:
        connection.close()


def wait_for(condition, seconds: float = 5) -> None:
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_second_worker_cannot_claim_the_same_post(connect):
    posts = [posts_for(connect("fake_key"), title=f"Race {n}")[0] for n in range(4)]
    won: list[int] = []
    start = threading.Barrier(6)

    def race() -> None:
        start.wait()
        for post in posts:
            if claim(Post._base_manager.select_related("account", "workspace").get(pk=post.pk)):
                won.append(post.pk)

    workers = [threading.Thread(target=in_thread, args=(posts[0], race)) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(won) == sorted(post.pk for post in posts)
    assert Attempt.objects.count() == 4


def test_a_worker_that_slept_past_its_lease_is_believed_when_it_saw_the_post_online(connect, platform, work_off):
    [post] = posts_for(connect("fake_none"), title="Sleeper")
    lease = claim(Post._base_manager.select_related("account", "workspace").get(pk=post.pk))
    Post._base_manager.filter(pk=post.pk).update(state="submitting", lease_until=timezone.now(), wake_at=timezone.now())
    assert work_off(post) == "needs_human"
    assert post.maybe_online
    assert outcomes.published(lease, PublishResult("77", "https://example.org/77")) == "published"
    row, late = fresh(post), Attempt.objects.get(pk=lease.attempt.pk)
    assert (row.state, row.url, row.error, row.wake_at) == ("published", "https://example.org/77", None, None)
    assert (late.outcome, late.response["url"], fresh(post.item).state) == ("late", row.url, "published")
    assert outcomes.published(lease, PublishResult("77", "https://example.org/77")) == "late"


def test_a_worker_that_slept_past_its_lease_and_failed_changes_nothing(connect, platform, work_off):
    [post] = posts_for(connect("fake_none"), title="Sleeper")
    lease = claim(Post._base_manager.select_related("account", "workspace").get(pk=post.pk))
    Post._base_manager.filter(pk=post.pk).update(state="submitting", lease_until=timezone.now(), wake_at=timezone.now())
    work_off(post)
    assert outcomes.failed(lease, AdapterError("Refused.", permanent=True)) == "late"
    assert (fresh(post).state, outcomes_of(post)[0]) == ("needs_human", "late")


def test_a_late_answer_still_counts_while_nobody_has_asked(connect, platform):
    [post] = posts_for(connect("fake_none"))
    lease = claim(Post._base_manager.select_related("account", "workspace").get(pk=post.pk))
    Post._base_manager.filter(pk=post.pk).update(state="submitting", lease_until=timezone.now())
    assert sweep() == {"recovered": 1}
    assert fresh(post).state == "unknown"
    assert outcomes.published(lease, PublishResult("1", "")) == "published"


def test_a_post_too_late_for_its_grace_is_missed_and_can_still_be_sent(connect, platform, work_off):
    account = connect("fake_key", catch_up=10)
    [late] = posts_for(account, title="Late", at=timezone.now() - timedelta(minutes=11))
    [behind] = posts_for(account, title="Behind", at=timezone.now() - timedelta(minutes=9))
    assert sweep() == {"missed": 1}
    assert (fresh(late).state, fresh(behind).state) == ("missed", "scheduled")
    assert work_off(behind) == "published"
    post_now(post=fresh(late), actor=Actor.of(add_person(account.workspace)))
    assert work_off(late) == "published"


def test_catching_up_keeps_the_pause_between_posts(connect, platform, work_off):
    account = connect("fake_key", minimum_gap=30)
    [first], [second] = posts_for(account, title="One"), posts_for(account, title="Two")
    work_off(first)
    publish_post(post_id=second.pk)
    second = fresh(second)
    assert (second.state, second.waiting_for) == ("scheduled", "gap")
    assert second.wake_at == fresh(first).published_at + timedelta(minutes=30)


def test_after_a_pause_late_posts_do_not_go_out_in_a_burst(connect, platform, work_off):
    account = connect("fake_key")
    pause_workspace(workspace=account.workspace, actor=SYSTEM)
    hour_ago = timezone.now() - timedelta(hours=1)
    [stale] = posts_for(account, title="Stale", at=timezone.now() - timedelta(hours=9))
    assert sweep() == {}
    posts = [posts_for(account, title=f"Late {n}", at=hour_ago)[0] for n in range(3)]
    [now] = posts_for(account, title="In time")
    resume_workspace(workspace=account.workspace, actor=SYSTEM)
    for post in (stale, *posts, now):
        publish_post(post_id=post.pk)
    first, *others = [fresh(post) for post in posts]
    assert [fresh(post).state for post in (stale, first, now)] == ["missed", "published", "published"]
    assert {(post.state, post.waiting_for) for post in others} == {("scheduled", "late")}
    assert [post.wake_at - first.published_at for post in others] == [timedelta(minutes=5), timedelta(minutes=10)]


def test_the_daily_limit_moves_a_post_to_the_next_day_of_the_account(connect, platform, work_off):
    account = connect("fake_key", daily_limit=1, timezone="Asia/Kolkata")
    [first], [second] = posts_for(account, title="One"), posts_for(account, title="Two")
    work_off(first)
    publish_post(post_id=second.pk)
    second = fresh(second)
    local = second.wake_at.astimezone(fresh(account).timezone)
    assert (second.waiting_for, local.hour, local.minute) == ("limit", 0, 0)
    assert local.date() == timezone.now().astimezone(fresh(account).timezone).date() + timedelta(days=1)
