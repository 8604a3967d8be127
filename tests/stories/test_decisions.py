"""Shortlisting, rejecting, restoring, and the script that follows."""

from __future__ import annotations

import pytest

from apps.common.errors import Conflict
from apps.content.models import Item
from apps.lifecycle.models import Event, Run
from apps.lifecycle.runs import execute_run, start_run
from apps.stories import services
from apps.stories.models import Story
from apps.templates.models import Generation
from tests.factories.stories import make_story, story_text


def state(story) -> str:
    return Story.objects.values_list("state", flat=True).get(pk=story.pk)


def test_many_stories_are_decided_at_once_and_a_stale_one_stops_nobody(in_workspace, actor):
    person = actor("editor")
    first, second, gone = make_story(in_workspace), make_story(in_workspace), make_story(in_workspace, state="rejected")
    decided = services.decide_stories(stories=[first, gone, second], action="shortlist", actor=person)
    assert decided.done == [first, second]
    assert [(story, error.code) for story, error in decided.refused] == [(gone, "transition_refused")]
    assert [state(each) for each in (first, second, gone)] == ["shortlisted", "shortlisted", "rejected"]
    events = Event.objects.filter(type="story.state", subject=f"stories.story:{first.pk}")
    assert events.get().data == {
        "action": "shortlist", "from": "new", "to": "shortlisted", "by": person.label, "title": first.title
    }  # fmt: skip


def test_a_rejected_story_can_be_restored_and_a_shortlisted_one_rejected(in_workspace, actor):
    story, person = make_story(in_workspace), actor("editor")
    for action, expected in [("shortlist", "shortlisted"), ("reject", "rejected"), ("restore", "new")]:
        services.decide_stories(stories=[story], action=action, actor=person)
        assert state(story) == expected


def test_a_viewer_decides_nothing(in_workspace, actor):
    story = make_story(in_workspace)
    decided = services.decide_stories(stories=[story], action="reject", actor=actor("viewer"))
    assert (decided.done, decided.refused[0][1].code, state(story)) == ([], "not_allowed", "new")


def write(story) -> Run:
    run = start_run(workspace=story.workspace, kind="script", subject=story)
    with execute_run(run.pk) as work:
        services.write_script(story=story, work=work)
    run.refresh_from_db(from_queryset=Run.objects)
    return run


def test_the_script_keeps_every_letter_of_the_story(in_workspace):
    story = make_story(in_workspace, state="shortlisted", text=story_text(70, sentences=70))
    run = write(story)
    assert (run.state, run.error) == ("succeeded", None)
    assert [step.name for step in run.steps.all()] == ["parts", "write", "item"]
    story.refresh_from_db(from_queryset=Story.objects)
    item = Item.objects.get()
    assert (story.state, story.item) == ("used", item)
    assert (item.kind, item.state, item.source, item.source_text) == ("story", "in_review", "r/", story.text)
    revision = item.current_revision
    assert revision.body == story.text
    total = len(revision.parts)
    assert total > 1
    assert [part["title"] for part in revision.parts] == [
        f"{revision.title} · Part {number} of {total}" for number in range(1, total + 1)
    ]
    assert (revision.number, revision.generation) == (1, Generation.objects.get())
    assert revision.hook
    assert revision.generation.subject == f"stories.story:{story.pk}"


def test_a_story_of_one_part_has_no_number_in_its_title(in_workspace):
    story = make_story(in_workspace, state="shortlisted", text="It was short. It was sweet. And then it was over.")
    write(story)
    revision = Item.objects.get().current_revision
    assert [part["title"] for part in revision.parts] == [revision.title]


def test_a_used_story_gets_no_second_item(in_workspace):
    story = make_story(in_workspace, state="shortlisted")
    write(story)
    with pytest.raises(Conflict):
        services.write_script(story=story)
    stale = Story.objects.get(pk=story.pk)
    stale.state = "shortlisted"
    with pytest.raises(Conflict):
        services.write_script(story=stale)
    assert Item.objects.count() == 1


def test_a_story_rejected_meanwhile_gets_no_item(in_workspace, actor):
    story = make_story(in_workspace, state="shortlisted")
    services.decide_stories(stories=[Story.objects.get(pk=story.pk)], action="reject", actor=actor())
    assert write(story).state == "failed"
    assert not Item.objects.exists()
