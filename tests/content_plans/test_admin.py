"""Plans in the admin: the whole brief as a form, the actions of the machine, and what became of it."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.content_plans.models import ContentPlan
from apps.content_plans.services import mark_of
from apps.lifecycle.models import Run
from apps.templates.models import Kind
from apps.templates.queries import active_version
from tests.content_plans.test_results import published_plan
from tests.factories.plans import make_page, make_plan, make_round
from tests.factories.platforms import AccountFactory

LIST = "admin:content_plans_contentplan_changelist"
FORM = {
    "title": "Rain barrels", "goal": "Readers choose one.", "audience": "Gardeners", "keyphrase": "rain barrel",
    "secondary": "water butt\nbarrel stand", "tone": "dry", "language": "en", "platforms": ["bluesky", "wordpress"],
    "competitor_urls": "https://example.org/one", "skip_research": "on", "due_on": "2027-03-01",
}  # fmt: skip


@pytest.fixture
def enter(client, member):
    """enter("editor") is a browser in which somebody with that role is signed in, who may come into the admin."""

    def sign_in(role: str = "editor"):
        cache.clear()
        client.force_login(member(role))
        return client

    return sign_in


def act(client, action: str, *plans: ContentPlan):
    return client.post(reverse(LIST), {"action": action, "_selected_action": [plan.pk for plan in plans]}, follow=True)


def test_every_field_of_the_brief_is_in_the_form(in_workspace, enter):
    client, account = enter(), AccountFactory(workspace=in_workspace)
    version = active_version(Kind.OUTLINE, in_workspace)
    said = {**FORM, "accounts": [account.pk], "overrides": f"outline={version.number}"}
    answer = client.post(reverse("admin:content_plans_contentplan_add"), said)
    plan = ContentPlan.objects.get()
    assert (answer.status_code, plan.owner is not None, list(plan.accounts.all())) == (302, True, [account])
    assert (plan.title, plan.secondary, plan.platforms, plan.competitor_urls, plan.skip_research, str(plan.due_on)) == (
        "Rain barrels", ["water butt", "barrel stand"], ["bluesky", "wordpress"], ["https://example.org/one"], True,
        "2027-03-01",
    )  # fmt: skip
    assert plan.overrides == {"outline": version.pk}
    page = reverse("admin:content_plans_contentplan_change", args=[plan.pk])
    html = client.get(page).content.decode()
    assert (f"outline={version.number}</textarea>" in html, "water butt\nbarrel stand</textarea>" in html) == (
        True,
        True,
    )
    client.post(page, {**said, "tone": "warm", "overrides": ""})
    plan.refresh_from_db()
    assert (plan.tone, plan.overrides, list(plan.accounts.all())) == ("warm", {}, [account])


def test_a_wrong_field_says_so_beside_itself(in_workspace, enter):
    said = {**FORM, "competitor_urls": "ftp://example.org/x", "overrides": "outline=99"}
    add = reverse("admin:content_plans_contentplan_add")
    html = enter().post(add, said).content.decode()
    assert "names no version of a template" in html
    assert "is no web address" in enter().post(add, {**said, "overrides": ""}).content.decode()
    assert not ContentPlan.objects.exists()


def test_the_machine_s_actions_work_on_a_selection_and_one_refusal_stops_no_other(in_workspace, enter):
    client = enter()
    fresh, failed = make_plan(in_workspace, title="Fresh"), make_plan(in_workspace, title="Broken", state="failed")
    busy = make_plan(in_workspace, title="Busy", state="generating")
    html = act(client, "process_selected", fresh, busy).content.decode()
    assert ("“Process” is done: 1 content plan." in html, "Busy:" in html) == (True, True)
    act(client, "retry_selected", failed)
    states = dict(ContentPlan.objects.values_list("title", "state"))
    assert states == {"Fresh": "queued", "Broken": "queued", "Busy": "generating"}


def test_the_pages_are_read_again_and_plans_duplicated_from_the_table(in_workspace, enter):
    client, plan = enter(), make_plan(in_workspace, competitor_urls=("https://example.org/1",))
    make_page(plan)
    act(client, "read_selected", plan)
    assert Run.objects.get(kind="plan_read").args == {"urls": ["https://example.org/1"]}
    act(client, "duplicate_selected", plan)
    assert ContentPlan.objects.filter(title=f"{plan.title} (copy)", state="draft").count() == 1


def test_only_the_buttons_that_the_state_allows_are_shown(in_workspace, enter):
    client = enter()

    def buttons(plan: ContentPlan) -> list[str]:
        html = client.get(reverse("admin:content_plans_contentplan_change", args=[plan.pk])).content.decode()
        return [name for name in ("process_here", "retry_here", "_save") if f'{name}"' in html]

    assert buttons(make_plan(in_workspace)) == ["process_here", "_save"]
    assert buttons(make_plan(in_workspace, state="failed")) == ["retry_here", "_save"]
    assert buttons(make_plan(in_workspace, state="refining")) == []


def test_the_button_beside_save_keeps_the_brief_and_processes_it_and_says_so_when_it_is_too_late(in_workspace, enter):
    client, plan = enter(), make_plan(in_workspace)
    page = reverse("admin:content_plans_contentplan_change", args=[plan.pk])
    said = {**FORM, "content_plans_contentplan_process_here": ""}
    answer = client.post(page, said, follow=True)
    plan.refresh_from_db()
    assert (plan.title, plan.state, answer.redirect_chain[-1][0]) == ("Rain barrels", "queued", page)
    assert "“Process” is done: 1 content plan." in answer.content.decode()
    assert "was changed successfully" not in answer.content.decode()
    twice = client.post(page, said, follow=True).content.decode()  # pressed again on a page from before
    assert "Rain barrels: “Process” is not possible now" in twice


def test_a_brief_that_somebody_else_changed_is_not_overwritten_unseen(in_workspace, enter):
    client, plan = enter(), make_plan(in_workspace)
    page = reverse("admin:content_plans_contentplan_change", args=[plan.pk])
    seen = mark_of(plan)
    client.post(page, {**FORM, "title": "Theirs", "seen": seen})
    html = client.post(page, {**FORM, "title": "Mine", "seen": seen}).content.decode()
    assert ("Somebody has changed this brief meanwhile." in html, 'value="Mine"' in html) == (True, True)
    plan.refresh_from_db()
    assert plan.title == "Theirs"
    client.post(page, {**FORM, "title": "Mine", "seen": mark_of(plan)})
    plan.refresh_from_db()
    assert plan.title == "Mine"


def test_a_plan_goes_with_its_rounds_and_what_stays_says_why(in_workspace, enter):
    client, done, busy = enter(), make_plan(in_workspace), make_plan(in_workspace, title="Busy", state="generating")
    make_round(done, 1)
    said = {"action": "delete_selected", "_selected_action": [done.pk, busy.pk]}
    assert "Are you sure" in client.post(reverse(LIST), said).content.decode()
    html = client.post(reverse(LIST), {**said, "post": "yes"}, follow=True).content.decode()
    assert list(ContentPlan.objects.all()) == [busy]
    assert ("“Delete” is done: 1 content plan." in html, "Busy: " in html) == (True, True)


def test_the_results_stand_on_the_plan(in_workspace, enter):
    plan, post = published_plan(in_workspace)
    html = enter("admin").get(reverse("admin:content_plans_contentplan_change", args=[plan.pk])).content.decode()
    assert (post.account.name in html, "<strong>1,234</strong> views" in html) == (True, True)


def test_what_was_made_stands_around_the_brief_and_any_round_can_be_taken(in_workspace, enter):
    client, plan = enter(), make_plan(in_workspace)
    first = make_round(plan, 1, seo_score=62)
    html = client.get(reverse("admin:content_plans_contentplan_change", args=[plan.pk])).content.decode()
    for shown in ("62 / 100", 'id="rounds"', 'id="research"'):
        assert shown in html
    rounds = reverse("admin:content_plans_round_changelist")
    said = {"action": "take", "_selected_action": [first.pk]}
    html = client.post(rounds, said, follow=True).content.decode()
    assert ("62 of 100" in html, "Take this round" in html) == (True, True)


def test_the_language_is_chosen_by_name_and_any_code_can_be_written(in_workspace, enter):
    client, add = enter(), reverse("admin:content_plans_contentplan_add")
    assert '<option value="Malayalam">' in client.get(add).content.decode()
    for said, kept in (("Malayalam", "ml"), ("മലയാളം", "ml"), ("en", "en"), ("mni-Beng", "mni-beng")):
        client.post(add, {**FORM, "language": said})
        assert ContentPlan.objects.latest("pk").language == kept
    assert "Give a code, such as en or ml." in client.post(add, {**FORM, "language": "Klingonese"}).content.decode()
