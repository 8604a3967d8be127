"""The queue and the sources as people see them in the admin."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scope

from apps.lifecycle.models import Run
from apps.stories.models import RedditCredentials, Source, Story
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import Membership
from apps.workspaces.services import add_member
from tests.factories.stories import make_reddit_keys, make_source, make_story, story_text
from tests.factories.workspaces import WorkspaceFactory

QUEUE = "admin:stories_story_changelist"


@pytest.fixture
def enter(client, member):
    """enter("editor") is a browser signed in as a member with that role."""

    def sign_in(role: str = "editor"):
        client.force_login(member(role))
        return client

    return sign_in


def page(client, name: str, *args) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def test_the_queue_shows_score_words_minutes_and_the_text(in_workspace, enter):
    make_story(in_workspace, title="The lamp", text="It was dark. Then it was not.", score=12345, community="tales")
    html = page(enter(), QUEUE)
    for shown in ("The lamp", "12,345", "r/tales", "0:0", "It was dark. Then it was not."):
        assert shown in html


def test_the_queue_costs_the_same_for_one_row_and_for_three(in_workspace, enter):
    client, source = enter(), make_source(in_workspace)
    make_story(in_workspace, source=source)
    page(client, QUEUE)
    with CaptureQueriesContext(connection) as one:
        page(client, QUEUE)
    make_story(in_workspace, source=source)
    make_story(in_workspace, source=make_source(in_workspace), state="shortlisted")
    with CaptureQueriesContext(connection) as three:
        page(client, QUEUE)
    assert len(three) == len(one)


def test_the_list_of_sources_costs_the_same_for_one_row_and_for_three(in_workspace, enter):
    client = enter()
    make_source(in_workspace)
    page(client, "admin:stories_source_changelist")
    with CaptureQueriesContext(connection) as one:
        page(client, "admin:stories_source_changelist")
    make_source(in_workspace, every_minutes=30)
    make_source(in_workspace, kind="feed", settings={"url": "https://tales.example/feed"})
    with CaptureQueriesContext(connection) as three:
        page(client, "admin:stories_source_changelist")
    assert len(three) == len(one)


@pytest.mark.parametrize(
    ("action", "start", "end"),
    [("shortlist", "new", "shortlisted"), ("reject", "shortlisted", "rejected"), ("restore", "rejected", "new")],
)
def test_many_are_decided_with_one_action(in_workspace, enter, action, start, end):
    stories = [make_story(in_workspace, state=start) for _ in range(3)]
    data = {"action": f"{action}_selected", "_selected_action": [story.pk for story in stories[:2]], "index": "0"}
    response = enter().post(reverse(QUEUE), data, follow=True)
    assert response.status_code == 200
    assert [Story.objects.get(pk=story.pk).state for story in stories] == [end, end, start]


def test_a_story_page_offers_what_its_state_allows(in_workspace, enter):
    story, client = make_story(in_workspace, state="rejected"), enter()
    html = page(client, "admin:stories_story_change", story.pk)
    assert [name for name in ("shortlist", "reject", "restore", "use") if f'value="{name}"' in html] == ["restore"]
    address = reverse("admin:stories_story_decide", args=[story.pk])
    client.get(address)
    assert Story.objects.get().state == "rejected"
    client.post(address, {"action": "restore"})
    assert Story.objects.get().state == "new"


def test_a_story_is_pasted_and_a_second_time_refused_with_the_reason(in_workspace, enter):
    client, address = enter(), reverse("admin:stories_story_add")
    data = {"title": "Pasted", "text": story_text(1), "url": "", "author": "Ann"}
    assert client.post(address, data).status_code == 302
    story = Story.objects.get()
    assert (story.title, story.text, story.author, story.origin) == ("Pasted", story_text(1), "Ann", "pasted")
    response = client.post(address, data)
    assert response.status_code == 200
    assert "This story is here already: “Pasted” (new)." in response.content.decode()
    assert Story.objects.count() == 1


def test_a_text_file_is_uploaded(in_workspace, enter):
    file = SimpleUploadedFile("night.txt", ("Night\n\n" + story_text(2)).encode())
    response = enter().post(reverse("admin:stories_story_add"), {"title": "", "text": "", "author": "", "file": file})
    assert response.status_code == 302
    assert list(Story.objects.values_list("title", "origin")) == [("Night", "file")]


def test_a_file_is_looked_at_and_then_imported(in_workspace, enter):
    client, address = enter(), reverse("admin:stories_story_import")
    content = f'title,text\nGood,"{story_text(3)}"\nEmpty,\n'.encode()
    for step, count, sentence in [("look", 0, "1 story would be imported."), ("import", 1, "1 story imported.")]:
        response = client.post(address, {"step": step, "file": SimpleUploadedFile("s.csv", content)})
        html = response.content.decode()
        assert sentence in html
        assert "There is no text to tell." in html
        assert Story.objects.count() == count


def test_a_viewer_sees_the_queue_and_can_change_nothing(in_workspace, enter):
    story, client = make_story(in_workspace), enter("viewer")
    html = page(client, QUEUE)
    assert "shortlist_selected" not in html
    assert client.get(reverse("admin:stories_story_add")).status_code == 403
    assert client.get(reverse("admin:stories_story_import")).status_code == 403
    client.post(reverse("admin:stories_story_decide", args=[story.pk]), {"action": "shortlist"})
    client.post(reverse(QUEUE), {"action": "reject_selected", "_selected_action": [story.pk], "index": "0"})
    assert Story.objects.get().state == "new"


def test_a_story_of_another_workspace_does_not_exist(in_workspace, enter):
    other = WorkspaceFactory()
    with scope(workspace=other):
        story = make_story(other)
    client = enter()
    assert client.get(reverse("admin:stories_story_change", args=[story.pk])).status_code == 404
    data = {"action": "shortlist_selected", "_selected_action": [story.pk], "index": "0"}
    client.post(reverse(QUEUE), data)
    decide = client.post(reverse("admin:stories_story_decide", args=[story.pk]), {"action": "shortlist"})
    assert decide.status_code == 404
    with scope(workspace=other):
        assert Story.objects.get().state == "new"


SOURCE = {
    "name": "Tales", "kind": "reddit", "enabled": "on", "every_minutes": "45", "limit": "50", "min_words": "100",
    "max_words": "2000", "subreddit": "tales", "sort": "hot", "period": "week", "min_score": "10", "max_score": "",
    "nsfw": "skip", "flairs": "True, Long", "without_flairs": "", "authors": "", "without_authors": "AutoModerator",
}  # fmt: skip


def test_a_source_is_made_changed_and_fetched(in_workspace, enter):
    client = enter()
    response = client.post(reverse("admin:stories_source_add"), SOURCE)
    assert response.status_code == 302, response.context["adminform"].errors
    source = Source.objects.get()
    assert (source.every_minutes, source.settings["flairs"], source.settings["window"]) == (
        45,
        ["True", "Long"],
        "week",
    )
    address = reverse("admin:stories_source_change", args=[source.pk])
    assert "True, Long" in client.get(address).content.decode()
    assert client.post(address, {**SOURCE, "name": "Tall tales", "every_minutes": "90"}).status_code == 302
    source = Source.objects.get()
    assert (source.name, source.every_minutes, source.kind) == ("Tall tales", 90, "reddit")
    fetch = reverse("admin:stories_source_fetch", args=[source.pk])
    client.get(fetch)
    assert not Run.objects.exists()
    client.post(fetch)
    assert [(run.kind, run.subject) for run in Run.objects.all()] == [("fetch", f"stories.source:{source.pk}")]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"subreddit": "no such place"}, "Give the subreddit"),
        ({"every_minutes": "1"}, "Between 5 minutes and 30 days."),
        ({"min_words": "3000"}, "The smallest number of words is above the largest."),
        ({"kind": "feed", "url": "tales"}, "beginning with https://"),
    ],
)
def test_a_source_that_cannot_work_says_why_on_the_form(in_workspace, enter, changes, sentence):
    response = enter().post(reverse("admin:stories_source_add"), {**SOURCE, **changes})
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not Source.objects.exists()


def test_the_reddit_secret_is_never_shown(in_workspace, enter):
    make_reddit_keys(in_workspace)
    client, row = enter(), RedditCredentials.objects.get()
    address = reverse("admin:stories_redditcredentials_change", args=[row.pk])
    assert "loopback-secret" not in client.get(address).content.decode()
    assert client.post(address, {"client_id": "new-id", "secret": "", "user_agent": "agent/2"}).status_code == 302
    row = RedditCredentials.objects.get()
    assert (row.client_id, row.keys().client_secret) == ("new-id", "loopback-secret")
    assert client.get(reverse("admin:stories_redditcredentials_add")).status_code == 403


def test_the_first_page_counts_what_waits(in_workspace, enter):
    make_story(in_workspace)
    html = page(enter(), "admin:index")
    assert re.search(r'href="/admin/stories/story/\?state=new">\s*<strong[^>]*>1</strong> New stories</a>', html)


def test_a_form_goes_to_the_workspace_that_it_was_opened_in(in_workspace, enter):
    client, other = enter(), WorkspaceFactory()
    add_member(workspace=other, user=Membership.objects.get(role="editor").user, role="editor", actor=SYSTEM)
    client.get(f"/w/{other.slug}/")  # in another tab, meanwhile
    said = {"title": "The lamp", "text": story_text(1)}
    client.post(reverse("admin:stories_story_add"), {**said, "_workspace": in_workspace.slug})
    assert Story._base_manager.get().workspace == in_workspace
    foreign = {**said, "_workspace": WorkspaceFactory().slug}
    assert client.post(reverse("admin:stories_story_add"), foreign).status_code == 404
