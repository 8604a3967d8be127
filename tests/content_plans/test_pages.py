"""The pages of plans, as people meet them."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.content.models import Variant
from apps.content_plans.judging import measured, report_of, scores_of
from apps.content_plans.models import ContentPlan, PlanSettings
from apps.content_plans.services import process
from apps.engines.seo.check import Check
from apps.lifecycle.models import Run
from apps.lifecycle.runs import start_run
from apps.workspaces.actors import SYSTEM
from tests.content_plans.conftest import fresh
from tests.factories.content import make_item
from tests.factories.plans import make_page, make_plan, make_round


@pytest.fixture
def enter(client, member):
    """enter("editor") is a browser in which a member with that role is signed in."""

    def sign_in(role: str = "editor"):
        cache.clear()
        client.force_login(member(role))
        return client

    return sign_in


def address(workspace, name: str = "plans", *args) -> str:
    return reverse(f"plans:{name}", args=[workspace.slug, *args])


def test_the_empty_table_says_what_to_do(in_workspace, enter):
    html = enter().get(address(in_workspace)).content.decode()
    assert "Write the first brief" in html
    assert "Write the first brief" not in enter("viewer").get(address(in_workspace)).content.decode()


def test_plans_are_searched_filtered_and_sorted(in_workspace, enter):
    make_plan(in_workspace, title="Alpha", seo_score=30, state="ready")
    make_plan(in_workspace, title="Beta", seo_score=90, platforms=("bluesky",))
    client, url = enter(), address(in_workspace)

    def titles(query: str) -> list[str]:
        html = client.get(f"{url}?{query}").content.decode()
        return sorted(
            (name for name in ("Alpha", "Beta") if f">{name}</a>" in html), key=lambda each: html.index(f">{each}</a>")
        )

    assert titles("sort=score") == ["Alpha", "Beta"]
    assert titles("sort=-score") == ["Beta", "Alpha"]
    assert titles("sort=nonsense") == ["Beta", "Alpha"]
    assert titles("state=ready") == ["Alpha"]
    assert titles("platform=bluesky") == ["Beta"]
    assert titles("q=bet") == ["Beta"]
    assert titles("q=nothing&owner=x") == []
    assert titles(f"owner={10**30}&page=x&sort=due") == ["Alpha", "Beta"]


def test_a_plan_is_written_processed_and_read(in_workspace, enter, carry):
    client = enter()
    form = {
        "title": "Rain barrels", "keyphrase": "rain barrel", "secondary": "water butt\r\nbarrel stand",
        "platforms": ["bluesky"], "then": "process", "due_on": "2027-03-01", "goal": "Sell <b>barrels</b>",
    }  # fmt: skip
    answer = client.post(address(in_workspace, "new"), form)
    plan = ContentPlan.objects.get()
    assert (answer.status_code, answer.url) == (302, address(in_workspace, "plan", plan.pk))
    assert (plan.state, plan.secondary, str(plan.due_on)) == ("queued", ["water butt", "barrel stand"], "2027-03-01")
    assert carry("plan", plan).state == "succeeded"
    html = client.get(answer.url).content.decode()
    for shown in (
        "no model",
        "Open the item",
        "Process again",
        "Bluesky",
        "Sell &lt;b&gt;barrels&lt;/b&gt;",
        "<polyline",
    ):
        assert shown in html


def test_a_wrong_brief_comes_back_with_what_was_typed(in_workspace, enter):
    form = {"title": "Barrels", "competitor_urls": "ftp://example.org/x", "language": "klingon language"}
    answer = enter().post(address(in_workspace, "new"), form)
    html = answer.content.decode()
    assert (answer.status_code, ContentPlan.objects.count()) == (422, 0)
    assert "is no web address" in html
    assert 'value="Barrels"' in html
    assert "ftp://example.org/x</textarea>" in html


def test_a_brief_cannot_change_while_it_is_worked_on(in_workspace, enter):
    plan = make_plan(in_workspace, title="Barrels", state="generating")
    answer = enter().post(address(in_workspace, "edit", plan.pk), {"title": "Tubs"})
    assert (answer.status_code, fresh(plan).title) == (409, "Barrels")
    assert enter().post(address(in_workspace, "delete", plan.pk)).status_code == 409
    assert enter().get(address(in_workspace, "edit", plan.pk)).url == address(in_workspace, "plan", plan.pk)


def test_a_failed_plan_with_another_brief_begins_anew(in_workspace, enter):
    plan, client = make_plan(in_workspace, state="failed", outline={"title": "Old"}, edition=1), enter()
    client.post(address(in_workspace, "edit", plan.pk), {"title": "Tubs", "language": "en"})
    client.post(address(in_workspace, "process", plan.pk))
    after = fresh(plan)
    assert (after.title, after.state, after.edition, after.outline) == ("Tubs", "queued", 2, None)


def test_what_somebody_else_saved_meanwhile_is_not_lost_unseen(in_workspace, enter):
    plan, client = make_plan(in_workspace, title="Barrels"), enter()
    url = address(in_workspace, "edit", plan.pk)

    def seen(html: str) -> str:
        return html.split('name="seen" value="')[1].split('"')[0]

    mine = {"title": "Mine", "language": "en", "seen": seen(client.get(url).content.decode())}
    assert client.post(url, {**mine, "title": "Theirs"}).status_code == 302
    refused = client.post(url, mine)
    html = refused.content.decode()
    assert (refused.status_code, fresh(plan).title) == (409, "Theirs")
    assert ("Somebody has changed this brief meanwhile." in html, 'value="Mine"' in html) == (True, True)
    assert client.post(url, {**mine, "seen": seen(html)}).status_code == 302
    assert fresh(plan).title == "Mine"


def test_a_copy_is_a_draft_and_a_deleted_plan_is_gone(in_workspace, enter):
    plan, client = make_plan(in_workspace, title="Barrels", tone="dry", state="ready"), enter()
    make_round(plan)
    client.post(address(in_workspace, "duplicate", plan.pk))
    copy = ContentPlan.objects.exclude(pk=plan.pk).get()
    assert (copy.title, copy.tone, copy.state, copy.rounds.count()) == ("Barrels (copy)", "dry", "draft", 0)
    reading = start_run(workspace=in_workspace, kind="plan_read", subject=plan)
    client.post(address(in_workspace, "delete", plan.pk))
    assert list(ContentPlan.objects.all()) == [copy]
    assert Run.objects.get(pk=reading.pk).state == "cancelled"


def test_a_file_is_looked_over_and_then_imported(in_workspace, enter):
    client, url = enter(), address(in_workspace, "import")
    content = b"title,keyphrase,due_on\nGood,rain,2027-01-02\nBad,rain,tomorrow\n,rain,\n"
    html = client.post(url, {"file": SimpleUploadedFile("p.csv", content)}).content.decode()
    for shown in ("1 plan would be made", "2 rows with problems", "“tomorrow” is no day", "Give it a title."):
        assert shown in html
    assert ContentPlan.objects.count() == 0
    # Addressed as a link, Malayalam would be three times as long, and larger than a form may be.
    assert html.count("multipart/form-data") == 2
    client.post(url, {"step": "import", "text": content.decode()})
    assert [(each.title, str(each.due_on)) for each in ContentPlan.objects.all()] == [("Good", "2027-01-02")]
    wrong = client.post(url, {"file": SimpleUploadedFile("p.csv", b"name\nx\n")})
    assert (wrong.status_code, "names columns out of" in wrong.content.decode()) == (422, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Title,Keyphrase\nGood,rain\n", "1 plan would be made"),
        (b"title,colour\nGood,red\n", "There is no column “colour”."),
        (b"title,goal,title\nGood,x,Lost\n", "The column “title” is there twice."),
        (b"title\nGo\x00od\n", "The file is no text."),
        (b"title,goal,,\nGood,x,,\n,,,\n , ,,\n", "1 plan would be made</h2></div>"),
        (b"title\nTwice\ntwice\n", "There is a plan with this title already."),
        (b"title,goal,\nGood,x,lost\n", "The row has more cells than columns."),
        (b"title" * 30_000, "The file cannot be read"),
    ],
)
def test_the_columns_of_a_file_are_looked_at(in_workspace, enter, content, said):
    file = SimpleUploadedFile("p.csv", content)
    assert said in enter().post(address(in_workspace, "import"), {"file": file}).content.decode()


def test_a_page_is_shown_as_it_was_read_and_can_do_nothing(in_workspace, enter):
    plan, client = make_plan(in_workspace), enter("viewer")
    kept, lost = make_page(plan, 1), make_page(plan, 2)
    kept.snapshot.save("1.html", ContentFile(b"<p>Barrels</p><script>alert(1)</script>"))
    html = client.get(address(in_workspace, "plan", plan.pk)).content.decode()
    links = [address(in_workspace, "snapshot", page.pk) for page in (kept, lost)]
    assert [link in html for link in links] == [True, False]
    shown, missing = [client.get(link) for link in links]
    assert (shown.content[:14], missing.status_code) == (b"<p>Barrels</p>", 404)
    assert "default-src 'none'" in shown["Content-Security-Policy"]
    assert "sandbox" in shown["Content-Security-Policy"]


def test_settings_are_saved_and_wrong_ones_explained(in_workspace, enter):
    client, url = enter("admin"), address(in_workspace, "options")
    form = {"start": "due", "lead_days": "5", "target_score": "75", "most_rounds": "2"}
    assert client.post(url, form).status_code == 302
    saved = PlanSettings.objects.get()
    assert (saved.start, saved.lead_days, saved.target_score, saved.most_rounds) == ("due", 5, 75, 2)
    assert client.post(url, {**form, "most_rounds": "9"}).status_code == 422


def test_any_round_can_be_taken(in_workspace, enter, carry):
    plan, client = make_plan(in_workspace, title="Barrels"), enter()
    process(plan=plan, actor=SYSTEM)
    carry("plan", plan)
    other = make_round(fresh(plan), 7, markdown="## Another\n\nQuite another text.")
    client.post(address(in_workspace, "take", plan.pk, other.pk))
    assert Run.objects.get(kind="plan_take").args == {"round": other.pk}
    # What somebody else takes meanwhile is not taken for this one.
    refused = client.post(address(in_workspace, "take", plan.pk, fresh(plan).round_id))
    assert (refused.status_code, "Work like this is under way" in refused.content.decode()) == (409, True)
    assert carry("plan_take", plan).state == "succeeded"
    after = fresh(plan)
    assert (after.round_id, after.item.current_revision.number) == (other.pk, 2)
    assert after.item.current_revision.body == "## Another\n\nQuite another text."
    assert after.item.state == "in_review"


def test_a_round_shows_how_it_was_judged_when_it_was_written(in_workspace, enter):
    plan, client = make_plan(in_workspace, state="ready"), enter()
    found = make_round(plan)
    scores = scores_of(report_of(plan, found.markdown, found.metadata))
    texts = []
    for kept in (scores, {**scores, "text_length": 9}):
        made = make_round(plan, plan.rounds.count() + 1, scores=kept)
        texts.append(client.get(address(in_workspace, "plan", plan.pk) + f"?round={made.pk}").content.decode())
    assert ["what a reader still needs to know" in text for text in texts] == [True, False]
    assert ["The rules or the brief have changed since." in text for text in texts] == [False, True]


def _full_plan(workspace, *, rounds: int, variants: int) -> ContentPlan:
    item = make_item(workspace)
    plan = make_plan(workspace, state="ready", item=item)
    for number in range(1, rounds + 1):
        make_round(plan, number, diff=[["same", "A "], ["added", "<b>"]])
        make_page(plan, number)
    names = ("bluesky", "discord", "feed", "mastodon", "telegram", "webhook", "wordpress", "x")
    for number in range(variants):
        Variant.objects.create(
            workspace=workspace, revision=item.current_revision, platform=names[number % 8], part=number // 8 + 1,
            title="T", text="Text",
        )  # fmt: skip
    return plan


def test_a_full_plan_costs_no_more_queries_than_a_small_one(in_workspace, enter):
    client = enter()
    counts = []
    for rounds, variants in ((1, 1), (20, 10)):
        url = address(in_workspace, "plan", _full_plan(in_workspace, rounds=rounds, variants=variants).pk)
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            html = client.get(url).content.decode()
        assert html.count('<details class="round"') == html.count("A <ins>&lt;b&gt;</ins>") == rounds
        assert html.count('<article class="preview"') == variants
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_table_of_5000_plans_costs_what_a_small_one_does(in_workspace, enter):
    client, url = enter(), address(in_workspace)
    make_plan(in_workspace)
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    rows = [ContentPlan(workspace=in_workspace, title=f"Plan {n}", state="draft") for n in range(5000)]
    ContentPlan._base_manager.bulk_create(rows, batch_size=500)
    with CaptureQueriesContext(connection) as many:
        html = client.get(url).content.decode()
    assert "1 / 101" in html
    assert len(many) == len(one)


@pytest.mark.parametrize(
    ("check", "value", "said"),
    [
        ("text_length", 137, "137 words"),
        ("density", 1, "1 time"),
        ("title_keyphrase", 0, "from word 1"),
        ("transition_words", 0.29, "29%"),
        ("outbound_links", None, ""),
    ],
)
def test_the_number_of_a_check_says_what_it_counts(check, value, said):
    assert measured(Check(check, "page", "", 9, value)) == said
