"""Plans as programs meet them."""

from __future__ import annotations

from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.content_plans.models import ContentPlan
from apps.lifecycle.models import Run
from apps.templates.queries import active_version
from tests.content.conftest import call  # noqa: F401  a fixture
from tests.content_plans.conftest import fresh
from tests.factories.plans import make_page, make_plan, make_round
from tests.factories.platforms import AccountFactory
from tests.factories.workspaces import PASSWORD

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
        [{"phrase": "rain barrel", "count": 2}],
    )
    assert research["gap"] == [{"term": "downpipe", "sources": 2, "theirs": 4.1, "ours": 0}]
    assert [each["number"] for each in send("get", f"/plans/{plan.pk}/rounds").json()["items"]] == [1]
    assert send("get", f"/plans/{plan.pk}/rounds/{first.pk}").json()["markdown"] == first.markdown
    other = make_round(make_plan(in_workspace), 1)
    assert send("post", f"/plans/{plan.pk}/rounds/{other.pk}/approve").status_code == 404
    answer = send("post", f"/plans/{plan.pk}/rounds/{first.pk}/approve")
    assert (answer.status_code, answer.json()["run"]) == (202, Run.objects.get(kind="plan_take").pk)
    assert fresh(plan).round is None


def test_plans_come_in_the_order_asked_for_page_by_page(in_workspace, call):  # noqa: F811
    send = call()
    for title, score, day in (("B", 30, "2027-03-01"), ("A", 90, None), ("D", None, "2027-01-01"), ("C", 60, None)):
        make_plan(in_workspace, title=title, seo_score=score, due_on=day and date.fromisoformat(day))

    def titles(sort: str) -> str:
        found, cursor = "", ""
        while cursor is not None:
            page = send("get", f"/plans/?sort={sort}&limit=1&cursor={cursor}").json()
            found, cursor = found + "".join(each["title"] for each in page["items"]), page["next"]
        return found

    orders = ("title", "-title", "score", "-score", "due", "-due", "made", "-made")
    assert [titles(sort) for sort in orders] == ["ABCD", "DCBA", "BCAD", "ACBD", "DBAC", "BDCA", "BADC", "CDAB"]
    assert send("get", "/plans/?sort=words").status_code == 422


def test_a_program_has_pages_read_again(in_workspace, call):  # noqa: F811
    send, plan = call(), make_plan(in_workspace, competitor_urls=("https://example.org/1", "https://example.org/2"))
    make_page(plan, 2)
    answer = send("post", f"/plans/{plan.pk}/research?position=2")
    assert (answer.status_code, Run.objects.get().args) == (202, {"urls": ["https://example.org/2"]})
    assert send("post", f"/plans/{plan.pk}/research?position=7").status_code == 404
    assert send("post", f"/plans/{make_plan(in_workspace).pk}/research").status_code == 422
    busy = make_plan(in_workspace, state="researching", competitor_urls=("https://example.org/1",))
    assert send("post", f"/plans/{busy.pk}/research").status_code == 409


def test_a_program_imports_a_file_and_is_told_of_each_row(in_workspace, member, client):
    account = AccountFactory(workspace=in_workspace, name="Garden page")
    version = active_version("outline", in_workspace)
    rows = [
        "title,platforms,accounts,overrides,skip_research,due_on,owner",
        f"Good,bluesky;wordpress,garden page,outline={version.number},yes,2027-01-02,{member('editor').email}",
        "Bad account,,Nobody,,,,",
        "Bad version,,,outline=77,,,",
        "Bad platform,youtube,,,,,",
        "Bad owner,,,,,,x@example.org",
    ]
    keys = {"email": member("editor").email, "password": PASSWORD}
    access = client.post("/api/v1/auth/token", keys, content_type="application/json").json()["access"]

    def send(query: str) -> dict:
        file = SimpleUploadedFile("plans.csv", "\n".join(rows).encode())
        headers = {"Authorization": f"Bearer {access}", "X-Workspace": in_workspace.slug}
        return client.post(f"/api/v1/plans/import{query}", {"file": file}, headers=headers).json()

    said = send("")
    assert (said["imported"], ContentPlan.objects.count()) == (False, 0)
    assert [row["problem"] for row in said["rows"]] == [
        "",
        "There is no account called “Nobody” here.",
        "“outline=77” names no version of a template; write it as outline=3.",
        "platforms: “youtube” takes no texts, or is unknown.",
        "x@example.org is no member here.",
    ]
    assert send("?dry_run=false")["imported"] is True
    assert send("")["rows"][0]["note"] == "There is a plan with this title already."
    plan = ContentPlan.objects.get()
    assert (plan.title, plan.platforms, plan.skip_research, str(plan.due_on)) == (
        "Good", ["bluesky", "wordpress"], True, "2027-01-02",
    )  # fmt: skip
    assert (plan.overrides, list(plan.accounts.all())) == ({"outline": version.pk}, [account])
