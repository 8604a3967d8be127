"""A plan from its brief to an item in review: with a model and without, with and without money."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.approvals.services import decide
from apps.common.text.lengths import measure
from apps.common.text.similar import fingerprint
from apps.content_plans.integrity import twins_of
from apps.content_plans.models import ContentPlan
from apps.content_plans.services import process, process_now, read_again, set_settings, start_due_plans
from apps.content_plans.services.asking import Writer
from apps.content_plans.services.drafting import summarise
from apps.content_plans.services.research import researcher
from apps.engines.research.direct import DirectResearcher
from apps.engines.research.firecrawl import FirecrawlResearcher
from apps.lifecycle.models import Event, Run
from apps.lifecycle.runs import execute_run, retry_run, start_run
from apps.lifecycle.services import advance
from apps.lifecycle.signals import advanced, run_queued
from apps.pipeline import plans as flow
from apps.pipeline.work import carry_out
from apps.templates import money
from apps.templates.models import Budget, Generation
from apps.templates.queries import active_version
from apps.templates.services import Draft, add_version
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import Workspace
from tests.content_plans.conftest import METADATA, PARAGRAPH, fresh, says
from tests.factories.content import make_item
from tests.factories.plans import make_page, make_plan, make_round
from tests.factories.platforms import AccountFactory
from tests.servers.openai_server import answers

LONG = "A rain barrel saves water. " * 40


@pytest.mark.parametrize(
    ("title", "language", "page", "quoted"),
    [
        ("Rain barrels", "en", {"text": "Die Tonne steht immer im Garten.", "language": "de"}, False),
        ("Rain barrels", "en", {"text": "A barrel stands in the garden.", "language": ""}, True),
        ("മഴവെള്ള സംഭരണി", "ml", {"text": "Бочка собирает всю воду с крыши.", "language": ""}, False),
        ("മഴവെള്ള സംഭരണി", "ml", {"text": "സംഭരണി വീടിന്റെ മുകളിലെ മഴവെള്ളം ശേഖരിക്കുന്നു.", "language": "en"}, True),
    ],
)
def test_without_a_model_no_page_in_another_language_is_quoted(in_workspace, title, language, page, quoted):
    plan = make_plan(in_workspace, title=title, keyphrase="", language=language)
    make_page(plan, **page)
    points = summarise(plan, Writer(plan))["points"]
    assert [point["text"] for point in points] == ([page["text"]] if quoted else [])


def made(workspace, carry, **brief) -> ContentPlan:
    """A plan that was processed, as it is after that."""
    plan = make_plan(workspace, **brief)
    process(plan=plan, actor=SYSTEM)
    carry("plan", plan)
    return fresh(plan)


def test_a_model_is_told_what_the_mark_of_a_page_in_another_language_means(in_workspace, carry, model):
    plan = make_plan(in_workspace)
    make_page(plan, text="Die Tonne steht immer im Garten.", language="de")
    summarise(plan, Writer(plan))
    (asked,) = [each["content"] for each in model.server.requests[0].body["messages"] if each["role"] == "user"]
    assert "[1, de] Barrels compared" in asked
    assert "A mark such as “[3, de]” says that source 3 is in another language" in asked


def test_without_a_model_it_becomes_an_honest_skeleton_in_review(in_workspace, site, carry):
    urls = (site("/one"), site("/missing"), site("/two"))
    plan = made(in_workspace, carry, competitor_urls=urls, platforms=("bluesky", "wordpress"))
    assert (plan.state, plan.problem) == ("ready", None)
    pages = list(plan.pages.order_by("position"))
    assert [page.outcome for page in pages] == ["read", "failed", "read"]
    assert "has no such page" in pages[1].error
    assert (pages[0].title, pages[0].headings[1], pages[0].snapshot.read()[:6]) == (
        "Barrels compared", [2, "Why a lid matters"], b"<html ",
    )  # fmt: skip
    pages[0].snapshot.close()
    assert "rain barrel" in [word for word, _count in pages[0].keywords]
    item = plan.item
    assert (item.state, item.kind, item.format) == ("in_review", "plan", "text")
    assert item.current_revision.body == plan.round.markdown
    assert item.current_revision.generation.engine == "extractive"
    variants = {each.platform: each for each in item.current_revision.variants.all()}
    assert variants["wordpress"].text == plan.round.markdown
    assert 0 < len(variants["bluesky"].text) <= 300
    # As the pages are numbered in the comparison, the one that could not be read included.
    assert {point["source"] for point in plan.brief["points"]} == {1, 3}
    assert {claim["source"] for claim in plan.round.claims} <= {1, 3}
    assert (plan.round.calls, plan.round.cost, plan.round.engine) == (0, 0, "extractive")


def test_a_model_writes_and_mends_and_the_best_round_is_taken(in_workspace, site, carry, model):
    plan = made(in_workspace, carry, competitor_urls=(site("/one"),), platforms=("bluesky",))
    rounds = list(plan.rounds.order_by("number"))
    assert [each.number for each in rounds] == [1, 2]
    assert rounds[0].markdown.startswith("## Choose a rain barrel\n\nA rain barrel saves water. However")
    assert rounds[0].claims[1] == {"text": "A lid keeps leaves out.", "source": 1, "section": 2}
    assert rounds[0].integrity == {
        "claims": 2, "sourced": 2, "unsourced": [], "new_links": [], "links": [], "twins": [],
    }  # fmt: skip
    assert rounds[1].asked
    assert not [each for each in rounds[1].asked if "image" in each or "Link" in each]  # nobody but a person has them
    assert ["removed", "However,"] in rounds[1].diff
    assert plan.round.seo_score == max(each.seo_score for each in rounds)
    # Each question: 100 tokens in at 1 dollar a million, 20 out at 2.
    assert [(each.calls, each.cost) for each in rounds] == [(5, Decimal("0.0007")), (1, Decimal("0.00014"))]
    assert rounds[0].generation.seo_score == rounds[0].seo_score
    assert plan.item.current_revision.variants.get().text == "Save water."
    told = Event.objects.filter(type="run.progress").values_list("data", flat=True)
    # As soon as it begins: a round of a real model takes longer than people wait for a word.
    assert [each["note"] for each in told if each["step"]["name"] == "refine"][:2] == ["", "Round 2"]


def test_an_unchanged_plan_is_never_paid_twice(in_workspace, site, carry, model):
    plan = made(in_workspace, carry, competitor_urls=(site("/one"),), platforms=("bluesky", "x"))
    asked, seen = model.asked, len(site.seen)
    assert asked > 6
    process(plan=plan, actor=SYSTEM)
    carry("plan", plan)
    again = fresh(plan)
    assert (again.state, again.edition, model.asked, len(site.seen)) == ("ready", 2, asked, seen)
    assert [each.calls for each in again.rounds.filter(edition=2)] == [0, 0]
    assert [each.cost for each in again.rounds.filter(edition=2)] == [0, 0]
    assert again.item_id == plan.item_id


def test_without_money_it_waits_in_its_state_and_goes_on_when_there_is_some(in_workspace, carry, model):
    budget, _made = Budget.objects.update_or_create(
        workspace=in_workspace, defaults={"hard_limit": Decimal("0.000001")}
    )
    plan = made(in_workspace, carry, skip_research=True)
    assert (plan.state, plan.problem, model.asked) == ("generating", None, 0)
    assert plan.waiting["message"]
    assert Event.objects.filter(type="plan.waiting").count() == 1
    rows = ContentPlan._base_manager.filter(pk=plan.pk)
    assert not flow._without_open_run(rows).exists()
    budget.hard_limit = Decimal(5)
    budget.save()
    rows.update(waits_until=timezone.now() - timedelta(seconds=1))
    flow.go_on(fresh(plan))
    assert Run.objects.filter(kind="plan", state="queued").count() == 1
    carry("plan", plan)
    after = fresh(plan)
    assert (after.state, after.waiting, after.item.state) == ("ready", None, "in_review")


def test_a_raised_limit_sets_a_waiting_plan_going_at_once(
    in_workspace, carry, model, member, django_capture_on_commit_callbacks
):
    Budget.objects.update_or_create(workspace=in_workspace, defaults={"hard_limit": Decimal("0.000001")})
    plan = made(in_workspace, carry, skip_research=True)
    assert plan.waits_until > timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        owner = Actor.of(member("owner"))
        money.set_budget(workspace=in_workspace, actor=owner, soft_limit=None, hard_limit=Decimal(5))
    assert Run.objects.filter(kind="plan", state="queued").count() == 1
    carry("plan", plan)
    after = fresh(plan)
    assert (after.state, after.waiting, after.item.state) == ("ready", None, "in_review")


def test_research_can_be_skipped(in_workspace, site, carry):
    plan = made(in_workspace, carry, competitor_urls=(site("/one"),), skip_research=True)
    assert (plan.state, site.seen, plan.pages.count(), plan.round.gap) == ("ready", [], 0, [])


def test_links_that_nobody_gave_and_statements_without_source_are_told(in_workspace, site, carry, model):
    text = "A rain barrel saves water, says https://made-up.example/barrels."
    model.will(blog_draft={"markdown": text, "claims": [{"text": "It saves water.", "source": 9}]})
    plan = made(in_workspace, carry, competitor_urls=(site("/one"),))
    draft = plan.rounds.get(number=1)
    assert draft.integrity["new_links"] == ["https://made-up.example/barrels"]
    assert (draft.integrity["sourced"], draft.integrity["unsourced"][0]) == (0, "It saves water.")


def test_a_plan_nearly_the_same_as_another_is_told(in_workspace):
    first = make_plan(in_workspace, title="Barrels", fingerprint=fingerprint(PARAGRAPH * 2))
    second = make_plan(in_workspace, title="More about barrels")
    assert twins_of(second, f"{PARAGRAPH * 2} Indeed.") == [{"plan": first.pk, "title": "Barrels"}]
    assert twins_of(second, "Quite another text about bread. " * 20) == []
    assert twins_of(first, PARAGRAPH * 2) == []


def test_a_variant_that_is_too_long_is_asked_for_again_and_then_shortened(in_workspace, carry, model):
    model.will(variant={"title": "T", "text": LONG, "hashtags": ["garden"], "alt_text": ""})
    plan = made(in_workspace, carry, skip_research=True, platforms=("bluesky",))
    variant = plan.item.current_revision.variants.get()
    asked = [each for each in model.server.requests if "alt_text" in str(each.body["response_format"])]
    assert len(asked) == 2
    assert 200 < measure(variant.text, "graphemes") <= 300
    assert variant.text.endswith("saves water.")
    assert plan.variant_notes == {"bluesky": "Shortened by leaving out its end, because it was too long."}


def test_a_title_is_mended_where_only_the_title_is_wanting(in_workspace, carry, model):
    """The model leaves the text as it is, and writes a better title when it is told what is wrong with the first."""

    class Acts:
        def __bool__(self) -> bool:
            return True

        def popleft(self):
            body = model.server.requests[-1].body
            asked = body["messages"][1]["content"]
            poor = {**METADATA, "seo_title": "Water"}
            text = re.findall(r"<material>\n(.*?)\n</material>", asked, re.DOTALL)[-1]
            said = {"metadata": METADATA if "- Keyphrase in" in asked else poor, "seo_rewrite": {"markdown": text}}
            return answers(says(body, **said))

    model.server.acts = Acts()
    first, second = made(in_workspace, carry).rounds.order_by("number")

    assert (first.metadata["seo_title"], second.metadata["seo_title"]) == ("Water", METADATA["seo_title"])
    assert second.markdown == first.markdown
    assert second.seo_score > first.seo_score
    assert second.model == first.model


def test_ones_own_firecrawl_needs_no_key(settings):
    assert isinstance(researcher(), DirectResearcher)
    settings.FIRECRAWL_URL = "http://127.0.0.1:3002"
    assert isinstance(researcher(), FirecrawlResearcher)


def test_rewriting_stops_when_nothing_is_gained_and_at_the_target(in_workspace, carry, model, actor):
    owner = actor("owner")
    set_settings(workspace=in_workspace, actor=owner, start="by_hand", lead_days=3, target_score=1, most_rounds=3)
    assert made(in_workspace, carry, title="One", skip_research=True).rounds.count() == 1
    set_settings(workspace=in_workspace, actor=owner, start="by_hand", lead_days=3, target_score=100, most_rounds=0)
    assert made(in_workspace, carry, title="Two", skip_research=True).rounds.count() == 1


def test_a_broken_model_fails_the_plan_and_retrying_goes_on(in_workspace, carry, model):
    model.will(outline={"title": 5, "sections": "none"})
    plan = make_plan(in_workspace, skip_research=True)
    process(plan=plan, actor=SYSTEM)
    run = carry("plan", plan)
    flow.on_run_ended(run, "failed")
    failed = fresh(plan)
    assert (run.state, failed.state, failed.problem["message"]) == ("failed", "failed", run.error["message"])
    model.changes.clear()
    process(plan=failed, actor=SYSTEM)
    assert (fresh(plan).state, fresh(plan).edition) == ("queued", 1)
    carry("plan", plan)
    assert fresh(plan).state == "ready"

    retry_run(run=run, actor=SYSTEM)
    with execute_run(run.pk) as work:
        carry_out(work)
    run.refresh_from_db()
    assert run.error["message"] == "This plan is not being processed."
    ContentPlan.objects.filter(pk=plan.pk).update(state="failed")
    retry_run(run=run, actor=SYSTEM)
    with execute_run(run.pk) as work:
        carry_out(work)
    assert (fresh(plan).state, fresh(plan).edition) == ("ready", 1)


def test_work_about_something_that_is_gone_says_so(carry):
    run = carry("plan_read", "content_plans.contentplan:999999")
    assert run.error["message"] == "What this work was about is gone."


def test_a_malayalam_plan_works_to_the_end(in_workspace, carry):
    plan = made(in_workspace, carry, title="മഴവെള്ള സംഭരണം വീട്ടിൽ", keyphrase="മഴവെള്ള സംഭരണം", language="ml")
    assert (plan.state, plan.round.metadata["slug"]) == ("ready", "മഴവെള്ള-സംഭരണം")
    assert plan.item.language == "ml"


def test_plans_start_at_once_or_when_they_are_due(in_workspace, actor):
    owner = actor("owner")
    set_settings(workspace=in_workspace, actor=owner, start="at_once", lead_days=3, target_score=80, most_rounds=3)
    assert make_plan(in_workspace).state == "queued"
    set_settings(workspace=in_workspace, actor=owner, start="due", lead_days=3, target_score=80, most_rounds=3)
    today = timezone.now().date()
    soon, late = make_plan(in_workspace, due_on=today), make_plan(in_workspace, due_on=today + timedelta(days=9))
    assert (start_due_plans(), start_due_plans()) == (1, 0)
    assert (fresh(soon).state, fresh(late).state) == ("queued", "draft")
    with time_machine.travel("2031-03-01T20:00Z", tick=False):  # the next day in Kiritimati
        due = make_plan(in_workspace, due_on=date(2031, 3, 5))
        start_due_plans()
        assert fresh(due).state == "draft"
        Workspace.objects.filter(pk=in_workspace.pk).update(timezone="Pacific/Kiritimati")
        assert (start_due_plans(), fresh(due).state) == (1, "queued")


def test_the_command_processes_in_the_foreground(in_workspace, capsys):
    plan = make_plan(in_workspace, title="Barrels")
    call_command("process_plan", str(plan.pk))
    assert capsys.readouterr().out.startswith("Barrels: Ready, SEO score ")
    with pytest.raises(CommandError, match="There is no plan 999999"):
        call_command("process_plan", "999999")


@pytest.mark.django_db(transaction=True)
def test_the_command_is_faster_than_any_worker_and_waits_for_no_second_try(in_workspace):
    """The site may be running meanwhile: whoever hears of the work finds it taken."""
    taken = []

    def work_at_once(run: Run, **_: object) -> None:
        with execute_run(run.pk) as work:
            taken.append(work)

    run_queued.connect(work_at_once)
    try:
        plan = process_now(plan=make_plan(in_workspace))
    finally:
        run_queued.disconnect(work_at_once)
    assert (plan.state, taken) == ("ready", [None])

    again = make_plan(in_workspace, state="queued")
    run = start_run(workspace=in_workspace, kind="plan", subject=again)
    Run.objects.filter(pk=run.pk).update(not_before=timezone.now() + timedelta(minutes=5))
    assert process_now(plan=again).state == "ready"

    stopped = make_plan(in_workspace)

    def press_ctrl_c(target: str, **_: object) -> None:
        if target == "generating":
            raise KeyboardInterrupt

    advanced.connect(press_ctrl_c, sender=ContentPlan)
    try:
        with pytest.raises(CommandError, match="the same command goes on"):
            call_command("process_plan", str(stopped.pk))
    finally:
        advanced.disconnect(press_ctrl_c, sender=ContentPlan)
    assert fresh(stopped).state == "generating"
    assert process_now(plan=stopped).state == "ready"


def test_a_plan_whose_work_was_cancelled_says_so(in_workspace):
    plan = make_plan(in_workspace, state="queued")
    run = start_run(workspace=in_workspace, kind="plan", subject=plan)
    advance(run, "cancel", actor=SYSTEM)
    flow.on_run_ended(run, "cancelled")
    assert (fresh(plan).state, fresh(plan).problem["message"]) == ("failed", "The work was cancelled.")


def test_the_approved_text_goes_to_the_accounts_that_the_plan_names(in_workspace):
    named, _other = AccountFactory(workspace=in_workspace), AccountFactory(workspace=in_workspace)
    item = make_item(in_workspace, kind="plan", format="text", state="ready")
    plan = make_plan(in_workspace, accounts=(named.pk,))
    ContentPlan.objects.filter(pk=plan.pk).update(item=item, state="ready")
    posts = flow.schedule_plan(item)
    assert [post.account for post in posts] == [named]


def test_a_plan_asks_its_own_template_instead_of_the_active_one(in_workspace, carry, model, actor):
    active = active_version("outline", in_workspace)
    names = ("instructions", "text", "variables", "schema", "options")
    own = add_version(
        workspace=in_workspace,
        kind="outline",
        draft=Draft(**{**{name: getattr(active, name) for name in names}, "text": "OUR OWN OUTLINE of {{title}}"}),
        actor=SYSTEM,
    )
    prompts = []
    for overrides in ({}, {"outline": own.pk}):
        before = model.asked
        made(in_workspace, carry, skip_research=True, overrides=overrides)
        prompts.append(any("OUR OWN OUTLINE" in str(each.body) for each in model.server.requests[before:]))
    assert prompts == [False, True]


def test_every_version_that_wrote_is_told_the_score_and_what_editors_changed(in_workspace, carry, model, actor):
    plan = made(in_workspace, carry, skip_research=True, platforms=("bluesky",))
    draft, rewrite = plan.rounds.order_by("number")
    told = dict(Generation.objects.exclude(seo_score=None).values_list("kind", "seo_score"))
    assert told == {
        "outline": draft.seo_score, "blog_draft": draft.seo_score, "metadata": told["metadata"],
        "seo_rewrite": rewrite.seo_score,
    }  # fmt: skip
    item = plan.item
    assert item.current_revision.generation_id == plan.round.generation_id
    decide(item=item, revision=item.current_revision, verdict="approve", actor=actor("owner"))
    assert Generation.objects.get(pk=plan.round.generation_id).edit_share == 0.0


def test_what_editors_change_is_counted_from_the_round_that_the_item_has(in_workspace, carry, model, actor):
    plan = made(in_workspace, carry, skip_research=True)
    first, other = Generation.objects.get(pk=plan.round.generation_id), Generation.objects.filter(kind="outline").get()
    taken = make_round(plan, 7, markdown="## Another\n\nQuite another text about tubs.", generation=other)
    assert carry("plan_take", plan, round=taken.pk).state == "succeeded"
    item = fresh(plan).item
    assert item.current_revision.generation_id == other.pk
    decide(item=item, revision=item.current_revision, verdict="approve", actor=actor("owner"))
    shares = Generation.objects.in_bulk([first.pk, other.pk])
    assert (shares[first.pk].edit_share, shares[other.pk].edit_share) == (None, 0.0)


def test_without_money_for_another_round_the_best_one_so_far_is_taken(in_workspace, carry, model):
    Budget.objects.update_or_create(workspace=in_workspace, defaults={"hard_limit": Decimal("0.000001")})
    plan = make_plan(in_workspace, state="refining", outline={"title": "Barrels", "sections": []})
    taken = make_round(plan)
    carry("plan", plan)
    after = fresh(plan)
    assert (after.state, after.round, after.waiting, model.asked) == ("ready", taken, None, 0)
    assert after.item.state == "in_review"


def test_pages_are_read_again_and_one_that_fails_now_keeps_what_was_read(in_workspace, site, carry, settings):
    plan = made(in_workspace, carry, competitor_urls=(site("/one"), site("/missing")))
    page = plan.pages.get(position=1)
    first = page.read_at
    read_again(plan=plan, actor=SYSTEM, page=page)
    assert carry("plan_read", plan, urls=[page.url]).state == "succeeded"
    assert site.seen.count("/one") == 2
    page.refresh_from_db()
    assert (page.outcome, page.read_at > first) == ("read", True)
    settings.PRIVATE_HOSTS = frozenset()
    carry("plan_read", plan, urls=plan.competitor_urls)
    page.refresh_from_db()
    assert (page.outcome, page.title) == ("read", "Barrels compared")
    assert page.error.startswith("127.0.0.1 ")
