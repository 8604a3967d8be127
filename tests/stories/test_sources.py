"""Sources, their timers, and fetches as watched runs."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.common.crypto import CredentialUnreadable
from apps.common.errors import Invalid, NotAllowed
from apps.lifecycle.models import Event, Run
from apps.lifecycle.runs import execute_run
from apps.stories import services
from apps.stories.models import RedditCredentials, Source, Story
from apps.stories.services import SourceDraft
from apps.stories.tasks import fetch_due
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import AuditEntry
from tests.factories.stories import make_reddit_keys, make_source, story_text
from tests.factories.workspaces import WorkspaceFactory
from tests.servers import reddit_server
from tests.servers.reddit_server import CLIENT_SECRET, deleted, post

SETTINGS = {"subreddit": "tales", "min_words": 0, "min_score": None}


@pytest.fixture
def reddit(settings, monkeypatch):
    monkeypatch.setattr("prawcore.sessions.FiniteRetryStrategy._sleep_seconds", lambda self: None)
    with reddit_server.serve() as server:
        settings.REDDIT_URL = server.url
        yield server


def fetch(source: Source) -> Run:
    """Queue a fetch and carry it out as a worker does."""
    run = services.request_fetch(source=source)
    with execute_run(run.pk) as work:
        services.fetch_source(source=source, work=work)
    run.refresh_from_db(from_queryset=Run.objects)
    source.refresh_from_db(from_queryset=Source.objects)
    return run


def test_a_source_is_made_with_its_timer(in_workspace, actor):
    draft = SourceDraft("reddit", " Tales ", {"subreddit": "r/tales"}, every_minutes=90)
    source = services.save_source(workspace=in_workspace, actor=actor("editor"), draft=draft)
    source = Source.objects.get(pk=source.pk)
    assert (source.name, source.every_minutes, source.enabled, source.health) == ("Tales", 90, True, "new")
    assert source.settings["subreddit"] == "tales"
    assert source.timer.task == fetch_due.name
    assert json.loads(source.timer.kwargs) == {"workspace_id": in_workspace.pk, "source_id": source.pk}
    assert AuditEntry.objects.get(action="source.create").data["every_minutes"] == 90


def test_the_interval_is_one_thing_wherever_it_is_edited(in_workspace, actor):
    source = make_source(in_workspace, every_minutes=60)
    source.timer.interval = IntervalSchedule.objects.create(every=2, period="hours")
    source.timer.enabled = False
    source.timer.save()
    source = Source.objects.get(pk=source.pk)
    assert (source.every_minutes, source.enabled) == (120, False)
    draft = SourceDraft("reddit", source.name, SETTINGS, every_minutes=30)
    services.save_source(workspace=in_workspace, actor=actor(), draft=draft, source=source)
    timer = PeriodicTask.objects.get(pk=source.timer_id)
    assert (timer.interval.every, timer.interval.period, timer.enabled) == (30, "minutes", True)


def test_deleting_a_source_deletes_its_timer_and_keeps_its_stories(in_workspace, actor, reddit):
    make_reddit_keys(in_workspace)
    reddit.posts["tales"] = [post("a")]
    source = make_source(in_workspace)
    fetch(source)
    services.delete_source(source=source, actor=actor("editor"))
    assert not PeriodicTask.objects.filter(task=fetch_due.name).exists()
    assert Story.objects.get().source is None


def test_deleting_a_workspace_deletes_its_timers(db):
    workspace = WorkspaceFactory()
    make_source(workspace)
    workspace.delete()
    assert not PeriodicTask.objects.filter(task=fetch_due.name).exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"settings": {**SETTINGS, "subreddit": "no such place"}}, "subreddit"),
        ({"settings": {**SETTINGS, "sort": "best"}}, "sort"),
        ({"settings": {}}, "subreddit"),
        ({"kind": "feed", "settings": {"url": "ftp://x.example"}}, "url"),
        ({"kind": "fax"}, "kind"),
        ({"name": "  "}, "name"),
        ({"name": "Taken"}, "name"),
        ({"every_minutes": 1}, "every_minutes"),
    ],
)
def test_a_source_that_cannot_work_is_refused_with_the_field(in_workspace, changes, field):
    make_source(in_workspace, name="Taken")
    with pytest.raises(Invalid) as caught:
        make_source(in_workspace, **changes)
    assert list(caught.value.details) == [field]
    assert Source.objects.count() == PeriodicTask.objects.filter(task=fetch_due.name).count() == 1


@pytest.mark.parametrize("role", ["approver", "analyst", "viewer"])
def test_who_may_not_manage_sources(in_workspace, actor, role):
    source, person = make_source(in_workspace), actor(role)
    with pytest.raises(NotAllowed):
        services.request_fetch(source=source, actor=person)
    with pytest.raises(NotAllowed):
        services.delete_source(source=source, actor=person)
    with pytest.raises(NotAllowed):
        services.keep_reddit_keys(workspace=in_workspace, actor=person, client_id="a", user_agent="b", secret="c")


def test_a_fetch_keeps_what_is_new_and_says_what_it_left_out(in_workspace, reddit):
    make_reddit_keys(in_workspace)
    twin = story_text(7)
    reddit.posts["tales"] = [
        post("a", title="First", selftext=twin, score=900, link_flair_text="True"),
        post("b", title="Reposted", selftext=twin + " Edit: wow, thank you!"),
        deleted("c"),
        post("d", title="Second", selftext=story_text(8)),
    ]
    source = make_source(in_workspace)
    run = fetch(source)
    assert (run.state, [step.name for step in run.steps.all()]) == ("succeeded", ["read"])
    result = {"seen": 4, "new": 2, "duplicates": 1, "left_out": {"deleted": 1}, "unchanged": False}
    assert (source.result, source.health) == (result, "good")
    assert Event.objects.get(type="source.fetched").data == {"name": source.name, **result}
    first = Story.objects.get(external_id="a")
    assert (first.title, first.text, first.score, first.flair, first.source) == ("First", twin, 900, "True", source)
    assert (first.community, first.author, first.state) == ("tales", "storyteller", "new")
    assert fetch(source).state == "succeeded"
    assert (source.result["new"], source.result["duplicates"], Story.objects.count()) == (0, 3, 2)


def test_a_pause_that_reddit_asks_for_moves_the_run(in_workspace, reddit):
    make_reddit_keys(in_workspace)
    reddit.posts["tales"] = [post("a")]
    reddit.answers = [(429, {"retry-after": "120"})]
    source = make_source(in_workspace)
    run = fetch(source)
    assert run.state == "queued"
    assert timedelta(seconds=100) < run.not_before - timezone.now() <= timedelta(seconds=121)
    assert (source.health, source.problem["message"]) == ("shaky", "Reddit asks us to slow down.")


def test_what_was_read_before_reddit_gave_up_is_kept(in_workspace, reddit):
    make_reddit_keys(in_workspace)
    reddit.posts["tales"] = [post(f"p{n}", selftext=story_text(n + 20)) for n in range(103)]
    reddit.remaining, reddit.reset = 0.0, 300
    source = make_source(in_workspace, settings={**SETTINGS, "limit": 103})
    assert fetch(source).state == "queued"
    assert Story.objects.count() == 100


def test_a_private_subreddit_fails_at_once_and_a_later_success_clears_it(in_workspace, reddit):
    make_reddit_keys(in_workspace)
    reddit.closed["tales"] = "private"
    source = make_source(in_workspace)
    run = fetch(source)
    assert (run.state, run.error["message"]) == ("failed", "r/tales is private.")
    assert (source.health, source.failures) == ("bad", 1)
    reddit.closed, reddit.posts = {}, {"tales": [post("a")]}
    fetch(source)
    assert (source.health, source.problem, source.failures) == ("good", None, 0)


def test_without_keys_the_source_says_where_they_go(in_workspace):
    source = make_source(in_workspace)
    assert fetch(source).state == "failed"
    assert source.problem["hint"] == "Enter them under Stories → Reddit keys, or paste stories instead."


def test_the_timer_queues_one_run_however_often_it_fires(in_workspace):
    source = make_source(in_workspace)
    kwargs = json.loads(source.timer.kwargs)
    fetch_due(**kwargs)
    fetch_due(**kwargs)
    assert [(run.kind, run.state) for run in Run.objects.all()] == [("fetch", "queued")]


def test_the_timer_of_another_workspace_finds_nothing(in_workspace):
    source = make_source(WorkspaceFactory())
    fetch_due(in_workspace.pk, source.pk)
    assert not Run.objects.exists()


def test_the_secret_is_sealed_bound_to_its_workspace_and_kept_when_left_empty(in_workspace, actor):
    make_reddit_keys(in_workspace)
    row = RedditCredentials.objects.get()
    assert CLIENT_SECRET not in RedditCredentials.objects.values_list("credentials", flat=True).get()
    services.keep_reddit_keys(workspace=in_workspace, actor=actor("editor"), client_id="other", user_agent="agent/1")
    row = RedditCredentials.objects.get()
    assert (row.keys().client_id, row.keys().client_secret) == ("other", CLIENT_SECRET)
    assert CLIENT_SECRET not in json.dumps(list(AuditEntry.objects.values_list("data", flat=True)))
    RedditCredentials.objects.filter(pk=row.pk).update(workspace=WorkspaceFactory())
    row = RedditCredentials._base_manager.get(pk=row.pk)
    with pytest.raises(CredentialUnreadable):
        row.keys()


def test_keys_without_a_secret_are_refused(in_workspace):
    with pytest.raises(Invalid) as caught:
        services.keep_reddit_keys(workspace=in_workspace, actor=SYSTEM, client_id="a", user_agent="b")
    assert list(caught.value.details) == ["secret"]
