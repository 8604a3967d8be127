"""Runs, events and tickets, as programs use them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.dateparse import parse_datetime

from apps.common.transactions import unit_of_work
from apps.lifecycle import retention
from apps.lifecycle.events import emit
from apps.lifecycle.models import LiveTicket, Run
from apps.lifecycle.runs import start_run
from apps.lifecycle.services import advance
from apps.workspaces.actors import SYSTEM
from tests.api.conftest import ApiClient
from tests.factories.lifecycle import RunFactory
from tests.factories.workspaces import WorkspaceFactory, add_person

pytestmark = pytest.mark.django_db


def test_a_run_is_shown_with_its_steps_and_what_the_caller_may_do(workspace, as_member):
    run = RunFactory(workspace=workspace, kind="render", subject="content.item:12")
    run.steps.create(number=2, name="compose", label="Composing", percent=10)
    run.steps.create(number=1, name="narrate", label="Narrating", percent=100, note="24 of 24 sentences")
    answer = as_member("editor").get(f"/pipeline/runs/{run.pk}").json()
    steps, created = answer.pop("steps"), answer.pop("created_at")
    assert answer.pop("state_at")
    assert parse_datetime(created).replace(microsecond=0) == run.created_at.replace(microsecond=0)
    assert answer == {
        "id": run.pk,
        "kind": "render",
        "subject": "content.item:12",
        "state": "queued",
        "percent": 0.0,
        "attempt": 0,
        "max_attempts": 3,
        "error": None,
        "started_by": "",
        "started_at": None,
        "finished_at": None,
        "actions": ["cancel"],
    }
    assert [(step["number"], step["label"], step["percent"], step["note"]) for step in steps] == [
        (1, "Narrating", 100.0, "24 of 24 sentences"),
        (2, "Composing", 10.0, ""),
    ]


def test_pages_of_runs_neither_repeat_nor_skip_while_runs_are_added(workspace, as_member):
    client, runs = as_member("viewer"), [RunFactory(workspace=workspace) for _each in range(5)]
    first = client.get("/pipeline/runs", limit=2).json()
    RunFactory(workspace=workspace)
    second = client.get("/pipeline/runs", limit=2, cursor=first["next"]).json()
    third = client.get("/pipeline/runs", limit=2, cursor=second["next"]).json()
    found = [run["id"] for page in (first, second, third) for run in page["items"]]
    assert found == [run.pk for run in reversed(runs)]
    assert third["next"] is None


def test_runs_are_found_by_state_kind_and_subject(workspace, as_member):
    wanted = RunFactory(workspace=workspace, kind="preview", subject="content.item:7")
    advance(RunFactory(workspace=workspace, kind="preview"), "start", actor=SYSTEM)
    RunFactory(workspace=workspace, kind="render", subject="content.item:7")
    client = as_member("viewer")
    query = {"state": "queued", "kind": "preview", "subject": "content.item:7"}
    assert [run["id"] for run in client.get("/pipeline/runs", **query).json()["items"]] == [wanted.pk]
    assert client.get("/pipeline/runs", state="flying").status_code == 422


def test_listing_one_run_or_three_takes_the_same_queries(workspace, as_member):
    client, counts = as_member("viewer"), []
    for more in (1, 2):
        for _each in range(more):
            RunFactory(workspace=workspace).steps.create(number=1, name="narrate", label="Narrating")
        client.get("/pipeline/runs")
        with CaptureQueriesContext(connection) as captured:
            client.get("/pipeline/runs")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_an_editor_cancels_and_retries_a_run(workspace, as_member):
    run, client = RunFactory(workspace=workspace), as_member("editor")
    assert client.post(f"/pipeline/runs/{run.pk}/cancel").json()["state"] == "cancelled"
    refused = client.post(f"/pipeline/runs/{run.pk}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "transition_refused")
    again = client.post(f"/pipeline/runs/{run.pk}/retry").json()
    assert (again["state"], again["attempt"], again["finished_at"]) == ("queued", 0, None)


def test_a_viewer_may_look_and_not_touch(workspace, as_member):
    run, client = RunFactory(workspace=workspace), as_member("viewer")
    assert client.get(f"/pipeline/runs/{run.pk}").json()["actions"] == []
    refused = client.post(f"/pipeline/runs/{run.pk}/cancel")
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert refused.json() == {
        "type": "urn:rundown:problem:not_allowed",
        "title": "Not allowed",
        "status": 403,
        "code": "not_allowed",
        "detail": f"You may not do that in “{workspace}”.",
        "hint": "It needs the permission “Write and edit stories and items, and start work on them”; "
        "an admin of the workspace can give it.",
        "permission": "write_content",
    }
    assert Run._base_manager.get(pk=run.pk).state == "queued"


@pytest.mark.parametrize("path", ["/pipeline/runs/{id}", "/pipeline/runs/{id}/cancel", "/pipeline/runs/{id}/retry"])
def test_a_run_of_another_tenant_is_not_there(workspace, path):
    run, stranger = RunFactory(workspace=workspace), ApiClient(add_person(WorkspaceFactory()))
    method = stranger.get if path.endswith("{id}") else stranger.post
    assert method(path.format(id=run.pk)).status_code == 404
    assert method(path.format(id=2**70)).status_code == 404
    assert stranger.get("/pipeline/runs").json() == {"items": [], "next": None}


def test_events_are_read_on_from_a_number(workspace, as_member):
    start_run(workspace=workspace, kind="render", subject="content.item:1")
    with unit_of_work():
        emit(workspace=workspace, type="test.written", subject="test:1", data={"number": 2})
    client = as_member("viewer")
    first = client.get("/events", limit=1).json()
    assert (first["head"], first["oldest"], [event["seq"] for event in first["items"]]) == (2, 1, [1])
    second = client.get("/events", after=1).json()
    assert second["epoch"] == first["epoch"]
    [event] = second["items"]
    assert event.pop("at")
    assert event == {"seq": 2, "type": "test.written", "subject": "test:1", "data": {"number": 2}}
    assert client.get("/events", after=2).json()["items"] == []


def test_a_reader_whose_events_are_no_longer_kept_is_told(workspace, as_member, monkeypatch):
    with unit_of_work():
        for number in range(10):
            emit(workspace=workspace, type="test.written", subject="test:1", data={"number": number})
    retention.prune_events(workspace, keep_after=retention.timezone.now(), keep_at_least=3)
    client = as_member("viewer")
    told = client.get("/events", after=2)
    assert (told.status_code, told.json()["oldest"]) == (409, 8)
    assert [event["seq"] for event in client.get("/events", after=7).json()["items"]] == [8, 9, 10]


def test_a_ticket_names_the_socket_and_is_kept_only_as_a_hash(workspace, as_member):
    answer = as_member("viewer").post("/live/tickets")
    assert answer.status_code == 201
    body = answer.json()
    assert body["url"] == f"ws://testserver/ws/w/{workspace.slug}/"
    assert body["protocols"] == ["rundown.v1", f"ticket.{body['ticket']}"]
    kept = LiveTicket._base_manager.values_list("key_hash", flat=True).get()
    assert body["ticket"] not in kept


def test_old_tickets_and_events_are_cleaned_away_and_new_ones_kept(workspace, as_member, monkeypatch):
    as_member("viewer").post("/live/tickets")
    with unit_of_work():
        for number in range(5):
            emit(workspace=workspace, type="test.written", subject="test:1", data={"number": number})
    assert retention.clean() == {"events": 0, "tickets": 0, "answers": 0}
    LiveTicket._base_manager.update(expires_at=workspace.created_at)
    monkeypatch.setattr(retention, "EVENTS_KEPT", -retention.EVENTS_KEPT)
    monkeypatch.setattr(retention, "EVENTS_AT_LEAST", 2)
    assert retention.clean() == {"events": 3, "tickets": 1, "answers": 0}
