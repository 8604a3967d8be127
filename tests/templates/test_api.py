"""AI over the API."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from apps.templates.models import CaseResult
from apps.templates.queries import active_version
from tests.factories.content import make_item
from tests.factories.templates import SCHEMA, VARIABLES, make_case, make_generation, make_version
from tests.factories.workspaces import WorkspaceFactory, add_person

DRAFT = {
    "instructions": "Write in {{language}}.",
    "text": "{{title}}: {{story}}",
    "variables": VARIABLES,
    "answer": SCHEMA,
    "options": {"temperature": 0.3, "max_output_tokens": 400},
    "note": "Calmer",
}
VALUES = {"title": "Boats", "story": "They sail by night.", "language": "en", "parts": 1}


@pytest.fixture
def call(in_workspace):
    """call("post", "ai/…", {…}) by an admin."""
    client = Client()
    client.force_login(add_person(in_workspace, "admin"))

    def send(method: str, path: str, body: object = None, **headers: str):
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(client, method)(f"/api/v1/{path}", headers=headers, **more)

    return send


def test_a_version_is_added_used_and_rolled_back(in_workspace, call):
    made = call("post", "ai/templates", {"kind": "script", **DRAFT})
    assert made.status_code == 201, made.content
    version = made.json()
    assert (version["number"], version["built_in"], version["options"]) == (
        1,
        False,
        {"temperature": 0.3, "max_output_tokens": 400},
    )
    assert call("get", "ai/templates/script/active").json()["built_in"] is True
    used = call("post", f"ai/templates/versions/{version['id']}/activate").json()
    assert (used["built_in"], used["active"]["id"]) == (False, version["id"])
    assert [each["number"] for each in call("get", "ai/templates/script/versions").json()["items"]] == [1, 1]
    assert [each["state"] for each in call("get", "ai/templates/script/activations").json()["items"]] == ["done"]
    assert call("post", "ai/templates/script/rollback").json()["active"]["built_in"] is True
    assert call("post", "ai/templates/script/rollback").status_code == 409
    assert call("delete", "ai/templates/script").json()["built_in"] is True


def test_a_version_sent_twice_with_one_key_is_added_once(in_workspace, call):
    sent = [call("post", "ai/templates", {"kind": "script", **DRAFT}, **{"Idempotency-Key": "k1"}) for _ in range(2)]
    assert sent[0].json() == sent[1].json()
    assert len(call("get", "ai/templates/script/versions").json()["items"]) == 2


def test_wrong_versions_and_kinds_are_refused_with_the_field(in_workspace, call):
    answer = call("post", "ai/templates", {"kind": "script", **DRAFT, "text": "{{colour}}"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "Line 1: there is no variable “colour”." in answer.content.decode()
    assert call("post", "ai/templates", {"kind": "poem", **DRAFT}).status_code == 422
    for part in ("", "/active", "/versions", "/activations", "/ranking", "/cases"):
        assert call("get", f"ai/templates/poem{part}").status_code == 404


def test_a_draft_is_tried_beside_a_version(in_workspace, call):
    version = make_version(in_workspace)
    body = {"kind": "script", "draft": DRAFT, "against": version.pk, "variables": VALUES}
    found = call("post", "ai/test-prompt", body).json()
    draft, kept = found["results"]
    assert (draft["version_id"], kept["version_id"]) == (None, version.pk)
    assert "Boats\n</material>: <material>" in draft["prompt"]
    assert (draft["valid"], draft["engine"], draft["cost"], draft["problem"]) == (True, "extractive", None, "")
    assert draft["output"]["title"] == "Boats"
    again = call("post", "ai/test-prompt", body).json()["results"]
    assert [each["reused"] for each in again] == [True, True]


def test_an_item_is_tried_and_one_of_another_workspace_is_not(in_workspace, call):
    found = call("post", "ai/test-prompt", {"item_id": make_item(in_workspace).pk}).json()
    assert found["variables"]["title"] == "The harbour light"
    stranger = make_generation(WorkspaceFactory())
    assert call("get", f"ai/generations/{stranger.pk}").status_code == 404


def test_versions_share_and_are_staged(in_workspace, call):
    first, second = make_version(in_workspace), make_version(in_workspace)
    shares = [{"version_id": first.pk, "weight": 60}, {"version_id": second.pk, "weight": 40}]
    assert call("put", "ai/templates/script/shares", shares).json()["shares"] == shares
    assert call("put", "ai/templates/script/shares", []).json()["shares"] == []
    staged = call("put", "ai/templates/script/staging", {"version_id": first.pk}).json()
    assert staged["staging"]["id"] == first.pk


def test_cases_are_run_over_the_api(in_workspace, call):
    make_case(in_workspace)
    body = {"name": "Zeppelins", "variables": VALUES, "checks": [{"check": "contains", "value": "zeppelin"}]}
    made = call("post", "ai/templates/script/cases", body)
    assert made.status_code == 201, made.content
    assert call("post", "ai/templates/script/cases", body).status_code == 409
    version = active_version("script", in_workspace)
    found = call("post", f"ai/templates/versions/{version.pk}/cases", {}).json()
    assert [(each["name"], each["passed"]) for each in found] == [("A short story", True), ("Zeppelins", False)]
    assert found[1]["failures"] == ["The answer does not contain “zeppelin”."]
    address = f"ai/templates/cases/{made.json()['id']}"
    better = {**body, "checks": [{"check": "max_length", "field": "title", "value": "80"}]}
    assert call("put", address, better).json()["checks"] == better["checks"]
    assert CaseResult.objects.filter(case=made.json()["id"]).count() == 0
    assert call("put", address, {**body, "name": "A short story"}).status_code == 409
    assert call("put", address, {**body, "checks": [{"check": "rhymes"}]}).status_code == 422
    assert call("delete", address).status_code == 204


def test_the_month_is_told_and_limited(in_workspace, call):
    for cost in ("1.1", "0.1", "0.3"):  # a sum that floating point does not have
        make_generation(in_workspace, engine="openai", cost=Decimal(cost), usage={"input_tokens": 10})
    body = {"soft_limit": "1", "hard_limit": "4"}
    found = call("put", "ai/budget", body).json()
    assert (found["spent"], found["left"], found["state"]) == ("1.500000", "2.500000", "near")
    (day,) = call("get", "ai/budget/days").json()
    assert (day["kind"], day["cost"], day["calls"]) == ("script", "1.500000", 3)


def test_a_key_is_written_and_never_read(in_workspace, call):
    body = {"base_url": "http://127.0.0.1:9/v1", "model": "small", "api_key": "sk-canary-4711"}
    made = call("put", "ai/provider", body)
    assert (made.json()["has_key"], made.json()["own"]) == (True, True)
    checked = call("post", "ai/provider/check")
    assert (checked.json()["answers"], checked.status_code) == (False, 200)
    assert "127.0.0.1 is not a public address." in checked.json()["problem"]
    shown = [made, checked, call("get", "ai/provider"), call("delete", "ai/provider")]
    assert all(b"canary" not in each.content for each in shown)
    assert (made.json()["health"]["state"], made.json()["price"]) == ("unused", None)
    assert call("get", "ai/provider").json()["own"] is False


def test_generations_are_listed_in_pages_and_filtered(in_workspace, call):
    rows = [make_generation(in_workspace) for _ in range(3)]
    flagged = make_generation(in_workspace, new_links=["evil.com"], kind="hook")
    first = call("get", "ai/generations?limit=2").json()
    assert [each["id"] for each in first["items"]] == [flagged.pk, rows[2].pk]
    rest = call("get", f"ai/generations?limit=2&cursor={first['next']}").json()
    assert [each["id"] for each in rest["items"]] == [rows[1].pk, rows[0].pk]
    for query in ("kind=hook", "flagged=true"):
        assert [each["id"] for each in call("get", f"ai/generations?{query}").json()["items"]] == [flagged.pk]
    assert call("get", f"ai/generations/{flagged.pk}").json()["data"] == {"title": "A title"}
