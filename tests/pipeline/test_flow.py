"""What follows from what, and that nothing is lost when a message is."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from apps.approvals.models import Decision, Review
from apps.approvals.services import decide, set_policy
from apps.content.models import Asset, Item
from apps.content.services import Text, create_item, revise_item, submit_item
from apps.lifecycle.models import Run
from apps.lifecycle.services import advance
from apps.pipeline import flow, tasks
from apps.pipeline.sweeper import sweep_all
from apps.stories.models import Story
from apps.stories.services import add_story, decide_stories
from apps.workspaces.actors import SYSTEM

TEXT = Text(title="A short one", parts=[{"title": "", "text": "It rained. Then it stopped."}])


@pytest.fixture
def broker():
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def item(in_workspace) -> Item:
    made = create_item(workspace=in_workspace, actor=SYSTEM, kind="story", text=TEXT)
    return submit_item(item=made, actor=SYSTEM)


def fresh(item: Item) -> Item:
    return Item._base_manager.select_related("workspace", "current_revision", "approved_revision").get(pk=item.pk)


def open_runs(kind: str) -> list[str]:
    return list(Run.objects.filter(kind=kind, state="queued").values_list("subject", flat=True))


def keep_video(item: Item) -> None:
    revision = fresh(item).current_revision
    Asset.objects.create(workspace=item.workspace, revision=revision, kind="video", part=1, file="x.mp4", key="k")


def test_a_shortlisted_story_gets_its_script_written(in_workspace):
    story = add_story(workspace=in_workspace, actor=SYSTEM, title="Rain", text="It rained all day. Then it stopped.")
    flow.write_the_script(story)
    flow.write_the_script(story)
    assert open_runs("script") == [f"stories.story:{story.pk}"]


def test_an_item_in_review_waits_with_a_preview_in_the_making(item):
    flow.ask_for_review(item)
    flow.ask_for_review(fresh(item))
    review = Review.objects.get(item=item, closed_at=None)
    assert (review.stage, fresh(item).state) == ("text", "in_review")
    assert open_runs("preview") == [f"content.item:{item.pk}"]


def test_approval_leads_to_production_and_stops_the_preview(item, actor):
    flow.ask_for_review(item)
    decide(item=item, revision=1, verdict="approve", actor=actor("owner"))
    flow.produce(fresh(item))
    flow.render(fresh(item))
    assert fresh(item).state == "rendering"
    assert open_runs("render") == [f"content.item:{item.pk}"]
    assert Run.objects.get(kind="preview").state == "cancelled"


def test_text_only_items_are_ready_as_soon_as_they_are_approved(in_workspace, actor):
    made = create_item(workspace=in_workspace, actor=SYSTEM, kind="plan", text=TEXT, format="text")
    submit_item(item=made, actor=SYSTEM)
    decide(item=made, revision=1, verdict="approve", actor=actor("approver"))
    flow.produce(fresh(made))
    assert fresh(made).state == "ready"
    assert not Run.objects.exists()


@pytest.mark.parametrize(("when", "after_text", "after_video"), [
    ("before", "in_review", "ready"),
    ("after", "approved", "in_review"),
    ("both", "in_review", "in_review"),
])  # fmt: skip
def test_people_look_when_the_policy_says(item, in_workspace, actor, when, after_text, after_video):
    owner = actor("owner")
    set_policy(workspace=in_workspace, actor=owner, when=when, approvers=1, author_may_approve=True)
    flow.ask_for_review(item)
    assert fresh(item).state == after_text
    if after_text == "in_review":
        decide(item=item, revision=1, verdict="approve", actor=owner)
    flow.produce(fresh(item))
    keep_video(item)
    flow.render(fresh(item))
    assert fresh(item).state == after_video
    if after_video == "in_review":
        flow.ask_for_review(fresh(item))
        decide(item=item, revision=1, verdict="approve", actor=owner)
        flow.produce(fresh(item))
    final = fresh(item)
    assert (final.state, final.approved_revision_id) == ("ready", final.current_revision_id)
    by_policy = Decision.objects.filter(user=None).count()
    assert by_policy == (1 if when == "after" else 0)


def test_an_edit_during_production_cancels_it_and_asks_again(item, actor):
    owner = actor("owner")
    flow.ask_for_review(item)
    decide(item=item, revision=1, verdict="approve", actor=owner)
    flow.produce(fresh(item))
    flow.render(fresh(item))
    revise_item(item=item, actor=owner, text=Text(title="Another", parts=TEXT.parts), base=1)
    flow.ask_for_review(fresh(item))
    found = fresh(item)
    assert (found.state, found.approved_revision) == ("in_review", None)
    assert Run.objects.get(kind="render").state == "cancelled"


def test_a_failed_render_fails_the_item_which_can_be_tried_again(item, actor):
    owner = actor("owner")
    flow.ask_for_review(item)
    decide(item=item, revision=1, verdict="approve", actor=owner)
    flow.produce(fresh(item))
    flow.render(fresh(item))
    run = Run.objects.select_related("workspace").get(kind="render")
    advance(run, "start", actor=SYSTEM)
    advance(run, "fail", actor=SYSTEM, fields={"error": {"message": "No voice.", "hint": "Install one."}})
    flow.fail_production(run)
    assert fresh(item).state == "failed"
    advance(fresh(item), "retry", actor=owner)
    flow.produce(fresh(item))
    flow.render(fresh(item))
    assert open_runs("render") == [f"content.item:{item.pk}"]


def late(row) -> None:
    type(row)._base_manager.filter(pk=row.pk).update(state_at=timezone.now() - timedelta(minutes=5))


@pytest.mark.django_db(transaction=True)
def test_messages_go_out_only_after_the_commit(in_workspace, broker, actor):
    story = add_story(workspace=in_workspace, actor=actor("editor"), title="Rain", text="It rained. Then it stopped.")
    decide_stories(stories=[story], action="shortlist", actor=actor("editor"))
    assert broker.llen("default") == 1


def test_work_whose_message_was_lost_is_found_again(in_workspace, item, broker):
    late(item)
    found = sweep_all()
    assert found["states_followed"] == 1
    assert broker.llen("default") == 1
    flow.ask_for_review(item)
    late(Run.objects.get(kind="preview"))
    broker.flushdb()
    assert sweep_all()["runs_woken"] == 1
    assert broker.llen("media") == 1


def test_a_worker_that_went_silent_gives_its_run_back(in_workspace, item):
    flow.ask_for_review(item)
    run = Run.objects.select_related("workspace").get(kind="preview")
    past = timezone.now() - timedelta(minutes=2)
    advance(run, "start", actor=SYSTEM, fields={"attempt": 1, "lease_token": Run.new_token(), "lease_until": past})
    assert sweep_all()["runs_reclaimed"] == 1
    run.refresh_from_db()
    assert (run.state, run.lease_token, run.error["code"]) == ("queued", None, "worker_lost")


def test_a_state_that_lasts_too_long_is_left(in_workspace, item):
    flow.ask_for_review(item)
    run = Run.objects.get(kind="preview")
    Run._base_manager.filter(pk=run.pk).update(state_at=timezone.now() - timedelta(days=2))
    assert sweep_all()["states_timed_out"] == 1
    run.refresh_from_db()
    assert run.state == "failed"


def test_beat_ticks_for_lost_work_and_for_what_is_old(db):
    ticks = PeriodicTask.objects.filter(task__startswith="apps.pipeline").values_list("task", "enabled")
    names = ("check_accounts", "read_posts", "sweep", "tidy")
    assert sorted(ticks) == [(f"apps.pipeline.tasks.{name}", True) for name in names]
    assert tasks.tidy() == {"events": 0, "tickets": 0, "answers": 0, "evidence": 0, "notices": 0}


def test_a_message_that_comes_late_does_no_harm(in_workspace, item):
    advance(item, "approve", actor=SYSTEM, fields={"approved_revision": item.current_revision})
    tasks.follow(in_workspace.pk, f"content.item:{item.pk}", "in_review")
    assert not Review.objects.exists()
    assert Story.objects.count() == 0
