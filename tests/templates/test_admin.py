"""Templates as an admin edits them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.templates.models import Budget, PromptCase, PromptVersion, TextProvider
from apps.templates.queries import active_version, templates_of
from apps.workspaces.models import AuditEntry
from tests.factories.templates import editor, make_activation, make_generation, make_version
from tests.factories.workspaces import WorkspaceFactory

EDIT = editor(note="Calmer", temperature="0.3")


@pytest.fixture
def enter(client, member):
    def sign_in(role: str = "admin"):
        client.force_login(member(role))
        return client

    return sign_in


def edit_page(workspace) -> str:
    template = templates_of(workspace).get(kind="script")
    return reverse("admin:prompt_templates_prompttemplate_change", args=[template.pk])


def act(action: str) -> str:
    return reverse("admin:prompt_templates_act", args=["script", action])


def test_the_list_says_what_is_active_and_whose_it_is(in_workspace, enter):
    client, address = enter(), reverse("admin:prompt_templates_prompttemplate_changelist")
    built_in = client.get(address).content.decode().count("Built-in")
    make_version(in_workspace, note="Ours now")
    html = client.get(address).content.decode()
    assert "Ours now" in html
    assert html.count("Built-in") == built_in - 1


def test_the_editor_begins_with_the_active_version_and_makes_the_next(in_workspace, enter):
    client = enter()
    html = client.get(edit_page(in_workspace)).content.decode()
    assert "You prepare true-to-life stories" in html
    response = client.post(edit_page(in_workspace), EDIT, follow=True)
    assert response.status_code == 200
    version = PromptVersion._base_manager.get(template__workspace=in_workspace)
    assert (version.number, version.note, version.options) == (1, "Calmer", {"temperature": 0.3})
    assert active_version("script", in_workspace).template.is_built_in
    client.post(act("activate"), {"version": version.pk})
    assert active_version("script", in_workspace) == version


def test_a_version_can_be_used_at_once(in_workspace, enter):
    enter().post(edit_page(in_workspace), {**EDIT, "activate": "on"})
    assert active_version("script", in_workspace).note == "Calmer"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": "{{colour}}"}, "Line 1: there is no variable “colour”."),
        ({"temperature": "9"}, "Ensure this value is less than or equal to 2."),
        ({"answer": "{"}, "Enter a valid JSON."),
        ({"variables-0-name": "Big Title"}, "is no name: use small letters, digits and _."),
    ],
)
def test_a_version_that_could_not_work_says_why_on_the_form(in_workspace, enter, changes, sentence):
    response = enter().post(edit_page(in_workspace), {**EDIT, **changes})
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not PromptVersion._base_manager.filter(template__workspace=in_workspace).exists()


def test_a_version_shows_what_changed(in_workspace, enter):
    make_version(in_workspace, text="{{title}}\nTell it calmly.")
    second = make_version(in_workspace, text="{{title}}\nTell it fast.")
    html = enter().get(reverse("admin:prompt_templates_promptversion_change", args=[second.pk])).content.decode()
    assert "Compared with v1" in html
    assert '<div class="removed"><span aria-hidden="true">− </span>Tell it calmly.</div>' in html
    assert '<div class="added"><span aria-hidden="true">+ </span>Tell it fast.</div>' in html


def test_who_may_not_change_templates_can_read_them(in_workspace, enter):
    version, client = make_version(in_workspace, active=False), enter("editor")
    html = client.get(edit_page(in_workspace))
    assert html.status_code == 200
    assert "Use this one" not in html.content.decode()
    assert client.post(edit_page(in_workspace), EDIT).status_code == 403
    assert client.post(act("activate"), {"version": version.pk}).status_code == 403


def test_templates_of_another_workspace_do_not_exist(in_workspace, enter):
    version, client = make_version(WorkspaceFactory()), enter()
    for name, pk in (
        ("admin:prompt_templates_prompttemplate_change", version.template_id),
        ("admin:prompt_templates_promptversion_change", version.pk),
    ):
        assert client.get(reverse(name, args=[pk])).status_code == 404
    assert client.post(act("activate"), {"version": version.pk}).status_code == 404


def test_the_list_of_generations_costs_the_same_for_one_row_and_for_three(in_workspace, enter):
    client, address = enter("viewer"), reverse("admin:prompt_templates_generation_changelist")
    make_generation(in_workspace)
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        assert client.get(address).status_code == 200
    make_generation(in_workspace, version=make_version(in_workspace))
    make_generation(in_workspace, outcome="refusal", note="No.", usage={"input_tokens": 1200, "output_tokens": 5})
    with CaptureQueriesContext(connection) as three:
        html = client.get(address).content.decode()
    assert len(three) == len(one)
    assert "1,200 → 5" in html


def test_a_version_is_put_on_trial_used_and_rolled_back_from_the_admin(in_workspace, enter):
    client, version = enter(), make_version(in_workspace, active=False)
    client.post(act("stage"), {"version": version.pk})
    assert "v1 on trial" in client.get(edit_page(in_workspace)).content.decode()
    html = client.post(act("activate"), {"version": version.pk}, follow=True).content.decode()
    assert "Version 1 is in use." in html
    assert "Roll back" in html
    client.post(act("rollback"))
    assert active_version("script", in_workspace).template.is_built_in
    html = client.post(act("rollback"), follow=True).content.decode()
    assert "There is nothing to go back to." in html


def test_two_versions_are_compared_in_the_admin(in_workspace, enter):
    first, second = make_version(in_workspace, active=False), make_version(in_workspace, text="Calmly: {{title}}")
    address = reverse("admin:prompt_templates_try", args=["script"])
    chosen = {"first": first.pk, "second": second.pk, "from": "values", "value-title": "Boats", "value-parts": "2"}
    html = enter().post(address, chosen).content.decode()
    assert "Calmly: &lt;material&gt;\nBoats\n" in html
    assert ">Boats</textarea>" in html
    assert '<option value="values" selected>' in html
    assert html.count("The filled prompt") == 2
    assert html.count("Written without a model.") == 2
    assert enter("editor").get(address).status_code == 403


@pytest.mark.parametrize("action", ["approve", "decline"])
def test_a_second_person_decides_in_the_admin(in_workspace, enter, action):
    waiting = make_activation(in_workspace)
    client, page = enter(), reverse("admin:prompt_templates_activation_change", args=[waiting.pk])
    for shown in (page, edit_page(in_workspace)):
        assert "asks to use version 1." in client.get(shown).content.decode()
    client.post(reverse("admin:prompt_templates_decide", args=[waiting.pk, action]))
    assert (active_version("script", in_workspace) == waiting.version) == (action == "approve")
    assert "asks to use version 1." not in client.get(page).content.decode()


def test_ranking_and_spending_are_seen_in_the_admin(in_workspace, enter):
    for scores in ((50, 60, 70, 80, 90), (51, 60, 71, 80, 89)):
        version = make_version(in_workspace)
        for score in scores:
            make_generation(in_workspace, version=version, engine="openai", seo_score=score, cost=Decimal("0.25"))
    client = enter()
    html = client.get(reverse("admin:prompt_templates_ranking", args=["script"])).content.decode()
    assert "Between 2 versions no difference is seen" in html
    client.post(reverse("admin:prompt_templates_budget_add"), {"soft_limit": "2", "hard_limit": "5"})
    html = client.get(reverse("admin:prompt_templates_budget_changelist")).content.decode()
    assert "width:50.0%" in html
    assert "Notice reached" in html


def test_limits_that_are_refused_stay_typed_with_the_reason(in_workspace, enter):
    html = enter().post(reverse("admin:prompt_templates_budget_add"), {"soft_limit": "9", "hard_limit": "5"}).content
    for shown in ("The notice comes before the stop.", "Choose no more than what you stop at.", 'value="9"'):
        assert shown in html.decode()


def test_a_test_case_is_written_changed_run_and_removed_in_the_admin(in_workspace, enter):
    client, add = enter(), reverse("admin:prompt_templates_promptcase_add")
    assert "?kind=hook" in client.get(add).content.decode()
    checks = {"check": ["contains", "max_length", ""], "field": ["hook", "", ""], "value": ["boat", "x", ""]}
    said = {"name": "Boats", "value-title": "Boats", "value-parts": "2", "value-story": "A boat came.", **checks}
    html = client.post(f"{add}?kind=script", said).content.decode()
    assert ("A length is a whole number." in html, 'value="boat"' in html, ">A boat came.</textarea>" in html) == (
        True, True, True,
    )  # fmt: skip
    said["value"] = ["boat", "9000", ""]
    client.post(f"{add}?kind=script", said)
    case = PromptCase.objects.get()
    assert (case.kind, case.variables["parts"], [each["check"] for each in case.checks]) == (
        "script", 2, ["contains", "max_length"],
    )  # fmt: skip
    version = make_version(in_workspace)
    assert "Run the test cases" in client.get(edit_page(in_workspace)).content.decode()
    assert "of 1 test cases pass." in client.post(act("cases"), {"version": version.pk}, follow=True).content.decode()
    page = reverse("admin:prompt_templates_promptcase_change", args=[case.pk])
    assert ">A boat came.</textarea>" in client.get(page).content.decode()
    client.post(page, {**said, "name": "Boats again"})
    case.refresh_from_db()
    assert (case.name, case.results.count()) == ("Boats again", 0)
    assert "Boats again" in enter("editor").get(page).content.decode()
    enter().post(reverse("admin:prompt_templates_promptcase_delete", args=[case.pk]), {"post": "yes"})
    actions = AuditEntry.objects.filter(target__startswith="prompt_templates.promptcase").values_list("action")
    assert [each for (each,) in actions] == ["template.remove_case", "template.change_case", "template.add_case"]


def test_the_provider_s_key_is_written_in_the_admin_and_never_shown(in_workspace, enter):
    client, said = enter(), {"engine": "openai", "model": "gpt-5-mini", "concurrency": "2", "calls_per_minute": "0"}
    client.post(reverse("admin:prompt_templates_textprovider_add"), {**said, "api_key": "sk-canary-1"})
    provider = TextProvider.objects.get()
    page = reverse("admin:prompt_templates_textprovider_change", args=[provider.pk])
    html = client.post(page, {**said, "model": "gpt-5"}, follow=True).content.decode()
    provider.refresh_from_db()
    assert (provider.model, provider.credentials) == ("gpt-5", {"api_key": "sk-canary-1"})
    assert "sk-canary" not in html + client.get(page).content.decode()
    client.post(page, {**said, "forget": "on"})
    provider.refresh_from_db()
    assert provider.credentials == {}
    assert enter("editor").post(page, said).status_code == 403


def test_the_history_of_a_row_is_what_the_audit_trail_says_of_it(in_workspace, enter):
    client = enter("owner")
    client.post(reverse("admin:prompt_templates_budget_add"), {"soft_limit": "2", "hard_limit": "5"})
    page = reverse("admin:prompt_templates_budget_history", args=[Budget.objects.get().pk])
    assert "budget.change" in client.get(page).content.decode()
    assert "budget.change" not in enter("editor").get(page).content.decode()
