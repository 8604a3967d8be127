"""Stories and sources over the API."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django_scopes import scope

from apps.lifecycle.models import Run
from apps.stories.models import Source, Story
from tests.factories.stories import make_source, make_story, story_text
from tests.factories.workspaces import WorkspaceFactory

URL = "/api/v1/stories/"


@pytest.fixture
def call(client, member):
    """call("editor", "post", url, data) is a request by a member with that role; returns status and JSON."""
    people = {}

    def send(role: str, method: str, url: str, data: object = None) -> tuple[int, object]:
        if role not in people:
            people[role] = member(role)
        client.force_login(people[role])
        body = {"data": json.dumps(data), "content_type": "application/json"} if data is not None else {}
        response = getattr(client, method)(url, **body)
        return response.status_code, json.loads(response.content) if response.content else None

    return send


def test_stories_come_in_pages_newest_first_and_filtered(in_workspace, call):
    stories = [make_story(in_workspace, score=number * 100) for number in range(5)]
    make_story(in_workspace, state="rejected", score=900)
    status, page = call("viewer", "get", f"{URL}?state=new&min_score=100&limit=3")
    assert (status, [each["id"] for each in page["items"]]) == (200, [story.pk for story in stories[:1:-1]])
    _, rest = call("viewer", "get", f"{URL}?state=new&min_score=100&limit=3&cursor={page['next']}")
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([stories[1].pk], None)


def test_a_story_is_added_read_and_decided(in_workspace, call):
    data = {"title": "By program", "text": story_text(1), "author": "Ann"}
    status, story = call("editor", "post", URL, data)
    assert (status, story["title"], story["text"], story["state"]) == (201, "By program", story_text(1), "new")
    assert story["actions"] == ["shortlist", "reject", "use"]
    assert call("viewer", "get", f"{URL}{story['id']}")[1]["actions"] == []
    for action, state in [("reject", "rejected"), ("restore", "new"), ("shortlist", "shortlisted")]:
        status, answer = call("editor", "post", f"{URL}{story['id']}/{action}")
        assert (status, answer["state"]) == (200, state)
    status, problem = call("editor", "post", f"{URL}{story['id']}/shortlist")
    assert (status, problem["code"]) == (409, "transition_refused")


def test_a_duplicate_is_a_conflict_that_names_the_other(in_workspace, call):
    first = make_story(in_workspace, title="First", text=story_text(2))
    status, problem = call("editor", "post", URL, {"text": story_text(2)})
    assert (status, problem["code"]) == (409, "duplicate_story")
    assert problem["detail"] == "This story is here already: “First” (new)."
    assert Story.objects.get() == first


def test_a_script_is_asked_for_once(in_workspace, call):
    story = make_story(in_workspace)
    status, first = call("editor", "post", f"{URL}{story.pk}/script")
    assert status == 202
    assert call("editor", "post", f"{URL}{story.pk}/script") == (202, first)
    run = Run.objects.get(pk=first["run"])
    assert (run.kind, run.subject, Story.objects.get().state) == ("script", f"stories.story:{story.pk}", "shortlisted")
    rejected = make_story(in_workspace, state="rejected")
    status, problem = call("editor", "post", f"{URL}{rejected.pk}/script")
    assert (status, problem["hint"]) == (409, "Restore it first.")


def test_a_file_is_looked_at_unless_it_shall_be_imported(in_workspace, client, member):
    client.force_login(member("editor"))
    content = f'title,text\nGood,"{story_text(3)}"\nEmpty,\n'.encode()
    for query, count in [("", 0), ("?dry_run=false", 1)]:
        response = client.post(f"{URL}import{query}", {"file": SimpleUploadedFile("s.csv", content)})
        assert response.status_code == 200
        assert [row["problem"] for row in response.json()["rows"]] == ["", "There is no text to tell."]
        assert Story.objects.count() == count


def test_sources_are_managed_by_those_who_may(in_workspace, call):
    data = {"kind": "reddit", "name": "Tales", "settings": {"subreddit": "r/tales"}, "every_minutes": 30}
    assert call("approver", "post", "/api/v1/sources/", data)[0] == 403
    status, source = call("editor", "post", "/api/v1/sources/", data)
    assert (status, source["settings"]["subreddit"], source["every_minutes"], source["health"]) == (
        201,
        "tales",
        30,
        "new",
    )
    url = f"/api/v1/sources/{source['id']}"
    assert call("editor", "put", url, {**data, "name": "Tall", "enabled": False})[1]["enabled"] is False
    assert [each["name"] for each in call("viewer", "get", "/api/v1/sources/")[1]["items"]] == ["Tall"]
    assert call("editor", "post", f"{url}/fetch")[0] == 202
    status, problem = call("editor", "put", url, {**data, "settings": {"subreddit": "no such"}})
    assert (status, list(problem["errors"] if "errors" in problem else problem["details"])) == (422, ["subreddit"])
    assert call("editor", "delete", url) == (204, None)
    assert not Source.objects.exists()


def test_what_belongs_to_another_workspace_does_not_exist(in_workspace, call):
    other = WorkspaceFactory()
    with scope(workspace=other):
        story, source = make_story(other), make_source(other)
    for method, url in (
        ("get", f"{URL}{story.pk}"),
        ("post", f"{URL}{story.pk}/shortlist"),
        ("post", f"{URL}{story.pk}/script"),
        ("delete", f"/api/v1/sources/{source.pk}"),
        ("post", f"/api/v1/sources/{source.pk}/fetch"),
    ):
        assert call("owner", method, url)[0] == 404


def test_a_viewer_changes_nothing(in_workspace, call):
    story = make_story(in_workspace)
    for url, data in (
        (URL, {"text": story_text(4)}),
        (f"{URL}{story.pk}/reject", None),
        (f"{URL}{story.pk}/script", None),
    ):
        assert call("viewer", "post", url, data)[0] == 403
    assert Story.objects.get().state == "new"
