"""Plans as programs meet them."""

from __future__ import annotations

from apps.lifecycle.models import Run
from tests.content.conftest import call  # noqa: F401  a fixture
from tests.content_plans.conftest import fresh
from tests.factories.plans import make_page, make_plan, make_round

BRIEF = {"title": "Rain barrels", "keyphrase": "rain barrel", "platforms": ["bluesky"], "language": "en"}


def test_a_program_makes_reads_changes_and_deletes_plans(in_workspace, call):  # noqa: F811
    send = call()
    made = send("post", "/plans/", BRIEF)
    assert (made.status_code, made.json()["state"], made.json()["actions"]) == (201, "draft", ["process"])
    pk = made.json()["id"]
    assert send("put", f"/plans/{pk}", {**BRIEF, "tone": "dry"}).json()["tone"] == "dry"
    wrong = send("post", "/plans/", {**BRIEF, "platforms": ["youtube"], "accounts": [999]}).json()
    assert set(wrong.get("errors", wrong)) >= {"platforms", "accounts"}
    assert [each["id"] for each in send("get", "/plans/?search=barrel&state=draft").json()["items"]] == [pk]
    assert send("get", "/plans/?state=ready").json()["items"] == []
    assert send("post", f"/plans/{pk}/duplicate").json()["title"] == "Rain barrels (copy)"
    assert send("post", f"/plans/{pk}/retry").status_code == 409
    assert send("post", f"/plans/{pk}/process").json()["state"] == "queued"
    assert send("delete", f"/plans/{pk}").status_code == 409
    assert send("get", f"/plans/{pk + 1000}").status_code == 404


def test_a_program_reads_research_and_rounds_and_takes_one(in_workspace, call):  # noqa: F811
    send, plan = call(), make_plan(in_workspace, state="ready", brief={"summary": "Barrels hold water."})
    make_page(plan)
    first = make_round(plan, 1, gap=[["downpipe", 2, 4.1, 0]])
    assert send("get", f"/plans/{plan.pk}").json()["summary"] == "Barrels hold water."
    research = send("get", f"/plans/{plan.pk}/research").json()
    assert (research["pages"][0]["title"], research["pages"][0]["keywords"]) == (
        "Barrels compared",
        [["rain barrel", 2]],
    )
    assert research["gap"] == [{"term": "downpipe", "sources": 2, "theirs": 4.1, "ours": 0}]
    assert [each["number"] for each in send("get", f"/plans/{plan.pk}/rounds").json()["items"]] == [1]
    assert send("get", f"/plans/{plan.pk}/rounds/{first.pk}").json()["markdown"] == first.markdown
    other = make_round(make_plan(in_workspace), 1)
    assert send("post", f"/plans/{plan.pk}/rounds/{other.pk}/approve").status_code == 404
    answer = send("post", f"/plans/{plan.pk}/rounds/{first.pk}/approve")
    assert (answer.status_code, answer.json()["run"]) == (202, Run.objects.get(kind="plan_take").pk)
    assert fresh(plan).round is None
