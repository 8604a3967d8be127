"""What every operation of the API has in common."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from ninja import Schema

from apps.common.throttling import PerMinute
from apps.lifecycle.models import LiveTicket, StoredAnswer
from apps.stories.models import Story
from config.api import api
from tests.api.conftest import ApiClient
from tests.factories.lifecycle import RunFactory
from tests.factories.workspaces import WorkspaceFactory, add_person
from tests.security.routes import openapi_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema() -> dict:
    return openapi_document()


def test_a_post_sent_twice_with_one_key_is_carried_out_once_and_answered_twice(as_member):
    client = as_member("viewer")
    first, second = (client.post("/live/tickets", idempotency_key="k1") for _each in range(2))
    assert (first.status_code, first.json()) == (201, second.json())
    assert second.status_code == 201
    assert (first.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (None, "true")
    assert LiveTicket._base_manager.count() == 1
    assert client.post("/live/tickets", idempotency_key="k2").json() != first.json()


def test_a_refusal_is_also_given_again(workspace, as_member):
    run, client = RunFactory(workspace=workspace, state="succeeded"), as_member("editor")
    answers = [client.post(f"/pipeline/runs/{run.pk}/cancel", idempotency_key="k") for _each in range(2)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].content == answers[1].content
    assert answers[1]["Content-Type"] == "application/problem+json"


def test_one_key_is_not_for_two_requests(workspace, as_member):
    run, client = RunFactory(workspace=workspace), as_member("editor")
    client.post("/live/tickets", idempotency_key="k")
    answer = client.post(f"/pipeline/runs/{run.pk}/cancel", idempotency_key="k")
    assert (answer.status_code, answer.json()["hint"]) == (422, "Make a new key for every new request.")


def test_a_file_sent_twice_with_one_key_is_taken_once(workspace, as_member):
    client = as_member("editor")
    stories = SimpleUploadedFile("stories.csv", b"title,text\nThe lamp,It burned all night.\n", "text/csv")

    def send(file: SimpleUploadedFile):
        headers = {**client.headers, "Idempotency-Key": "k"}
        file.seek(0)
        return Client().post("/api/v1/stories/import?dry_run=false", {"file": file}, headers=headers)

    first, second = send(stories), send(stories)
    assert (first.status_code, second.content, second["Idempotent-Replayed"]) == (200, first.content, "true")
    assert Story._base_manager.filter(workspace=workspace).count() == 1
    other = send(SimpleUploadedFile("stories.csv", b"title,text\nThe lump,It burned all night.\n", "text/csv"))
    assert other.json()["hint"] == "Make a new key for every new request."


def test_a_key_belongs_to_one_person(as_member):
    one, other = as_member("viewer"), as_member("viewer")
    answers = [client.post("/live/tickets", idempotency_key="k").json()["ticket"] for client in (one, other)]
    assert answers[0] != answers[1]


def test_a_second_request_during_the_first_is_told_to_wait(workspace, as_member):
    client = as_member("viewer")
    client.post("/live/tickets", idempotency_key="k")
    StoredAnswer._base_manager.update(status=None)
    answer = client.post("/live/tickets", idempotency_key="k")
    assert (answer.status_code, answer.json()["hint"]) == (409, "Ask again shortly.")


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_with_one_key_only_one_is_carried_out(as_member):
    client, start, answers = as_member("viewer"), Barrier(3), []

    def call() -> None:
        start.wait()
        answers.append(ApiClient(client.user).post("/live/tickets", idempotency_key="k").status_code)
        connection.close()

    threads = [Thread(target=call) for _each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {201, 409}
    assert LiveTicket._base_manager.count() == 1


def test_who_is_not_signed_in_is_told_how():
    answer = Client().get("/api/v1/pipeline/runs")
    assert (answer.status_code, answer["Content-Type"], answer["WWW-Authenticate"]) == (
        401,
        "application/problem+json",
        "Bearer",
    )
    assert answer.json()["code"] == "not_signed_in"


@pytest.mark.parametrize(
    ("method", "path", "status", "hint"),
    [
        ("GET", "/no/such/thing", 404, ""),
        ("POST", "/stories", 404, "This address ends with a slash: /api/v1/stories/"),
        ("PUT", "/live/tickets", 405, "This address takes POST."),
    ],
)
def test_what_the_api_does_not_have_is_answered_in_the_same_form(method, path, status, hint):
    answer = Client(enforce_csrf_checks=True).generic(method, f"/api/v1{path}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["hint"] == hint


def test_a_body_that_is_too_large_or_no_form_is_refused_and_no_failure_of_ours(as_member):
    client = as_member("editor")
    large = client.post("/stories/", {"text": "x" * (5 * 1024 * 1024)})
    assert (large.status_code, large.json()["detail"]) == (413, "The body is larger than 5 MB.")
    form = Client().post("/api/v1/stories/import", b"x", content_type="multipart/form-data", headers=client.headers)
    assert (form.status_code, form.json()["code"]) == (400, "bad_request")


def test_a_field_that_there_is_not_is_refused_by_name(as_member):
    answer = as_member("editor").post("/stories/", {"text": "It rained.", "titel": "Rain"})
    assert (answer.status_code, answer.json()["errors"]) == (422, {"titel": ["Extra inputs are not permitted"]})


def test_values_that_cannot_be_used_are_named_by_field(as_member):
    answer = as_member("viewer").get("/pipeline/runs", limit=0, state="flying", kind="k" * 41)
    assert answer.status_code == 422
    assert sorted(answer.json()["errors"]) == ["kind", "limit", "state"]
    for path, name in (("/plans/", "owner"), ("/stories/", "source"), ("/schedule/posts", "item")):
        assert list(as_member("viewer").get(path, **{name: 2**63}).json()["errors"]) == [name]


@pytest.mark.parametrize(
    "cursor", ["x", "bnVsbA", "WyIxIl0", "WyJ4IiwgMV0", "é", "W251bGwsIG51bGxd", "WyIyMDI2LTAxLTAxVDAwOjAwIiwgMV0"]
)
def test_a_cursor_that_is_none_is_refused(as_member, cursor):
    answer = as_member("viewer").get("/pipeline/runs", cursor=cursor)
    assert (answer.status_code, answer.json()["errors"]) == (422, {"cursor": ["Not a cursor."]})


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ('{"a": "\\u0000"}', 422, "The body holds a character that cannot be stored."),
        ('{"a": ["\\ud800"]}', 422, "The body holds a character that cannot be stored."),
        ('{"a": NaN}', 422, "NaN is not a value of JSON."),
        ('{\n"a" 1}', 400, "The body is not JSON. Look at line 2, column 5."),
        ("", 422, "Some of the values cannot be used."),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_the_reason(as_member, body, status, said):
    client = as_member("editor")
    answer = Client().post("/api/v1/stories/", body, content_type="application/json", headers=client.headers)
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert f"{problem['detail']} {problem['hint']}".startswith(said)


def test_a_query_that_no_database_can_hold_is_refused_by_name(as_member):
    answer = as_member("viewer").get("/pipeline/runs", subject="content.item:1\x00")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["subject"])


def test_an_error_of_the_program_is_a_problem_without_its_insides(workspace, as_member, monkeypatch):
    client = as_member("viewer")
    monkeypatch.setattr("apps.lifecycle.queries.runs", lambda **filters: 1 / 0)
    answer = client.get("/pipeline/runs")
    assert (answer.status_code, answer.json()["detail"]) == (500, "Something went wrong inside Rundown.")
    assert "ZeroDivisionError" not in answer.content.decode()


def test_who_calls_too_often_is_told_how_long_to_wait(as_member, monkeypatch):
    cache.clear()
    throttle = next(each for each in api.throttle if isinstance(each, PerMinute))
    monkeypatch.setattr(throttle, "reads", 3)
    client, other = as_member("viewer"), as_member("viewer")
    answers = [client.get("/events") for _each in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3]["Retry-After"]) <= 60
    assert answers[3].json()["code"] == "throttled"
    assert other.get("/events").status_code == 200


def test_a_stranger_learns_no_more_of_a_workspace_than_that_it_is_not_there(workspace):
    stranger = ApiClient(add_person(WorkspaceFactory()))
    stranger.headers["X-Workspace"] = workspace.slug
    there = stranger.get("/pipeline/runs")
    stranger.headers["X-Workspace"] = "no-such-workspace"
    assert (there.status_code, there.content) == (404, stranger.get("/pipeline/runs").content)


def test_the_documentation_is_served_from_here_alone(as_member):
    page = Client().get("/api/v1/docs").content.decode()
    assert "swagger" in page
    assert "cdn" not in page
    assert "https://" not in page


def test_two_shapes_never_share_a_name_in_the_document(schema):
    """ninja lets the later one win in silence, and programs made from the document then expect the wrong thing."""
    named: dict[str, set[str]] = {"Problem": {"config.problems"}}
    waiting = Schema.__subclasses__()
    while waiting:
        each = waiting.pop()
        waiting += each.__subclasses__()
        if each.__module__.startswith("apps.") and each.__name__ in schema["components"]["schemas"]:
            named.setdefault(each.__name__, set()).add(each.__module__)
    assert {name: places for name, places in named.items() if len(places) > 1} == {}


def test_every_operation_documents_its_problems_and_has_a_name_of_its_own(schema):
    operations = [
        (path, method, operation) for path, methods in schema["paths"].items() for method, operation in methods.items()
    ]
    names = [operation["operationId"] for _path, _method, operation in operations]
    assert len(set(names)) == len(names)
    assert {"create_posts", "connect_account", "cancel_run", "cancel_post"} <= set(names)
    for path, method, operation in operations:
        assert {"404", "422", "429"} <= set(operation["responses"]), (path, method)
        assert operation["summary"], (path, method)
        assert operation.get("tags"), (path, method)
    headers = {parameter["name"] for parameter in schema["paths"]["/api/v1/live/tickets"]["post"]["parameters"]}
    assert headers == {"X-Workspace", "Idempotency-Key"}


def test_the_api_of_runs_is_what_programs_rely_on(schema):
    ours = ("/api/v1/pipeline", "/api/v1/live", "/api/v1/events", "/api/v1/health")
    assert sorted(path for path in schema["paths"] if path.startswith(ours)) == [
        "/api/v1/events",
        "/api/v1/health",
        "/api/v1/live/tickets",
        "/api/v1/pipeline/runs",
        "/api/v1/pipeline/runs/{run_id}",
        "/api/v1/pipeline/runs/{run_id}/cancel",
        "/api/v1/pipeline/runs/{run_id}/retry",
    ]
