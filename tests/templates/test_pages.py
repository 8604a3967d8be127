"""The AI pages, as people of different roles see and use them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.templates.models import Activation, Budget, Generation, PromptVersion, TextProvider
from apps.templates.queries import active_version
from tests.factories.content import make_item
from tests.factories.templates import (
    SCHEMA,
    VARIABLES,
    editor,
    make_activation,
    make_case,
    make_generation,
    make_provider,
    make_version,
)
from tests.servers import openai_server
from tests.servers.openai_server import MODEL, answers, fails

EDIT = editor(note="Calmer", temperature="0.3")
ANSWER = {"title": "A", "hook": "B", "description": "C", "call_to_action": "D", "hashtags": ["e"]}


@pytest.fixture
def enter(client, member):
    def sign_in(role: str = "admin"):
        client.force_login(member(role))
        return client

    return sign_in


@pytest.fixture
def to(in_workspace):
    return lambda name, *args: reverse(f"ai:{name}", args=[in_workspace.slug, *args])


@pytest.fixture
def service(settings):
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with openai_server.serve() as running:
        yield running


def test_the_list_says_what_is_used_and_that_no_model_writes(in_workspace, enter, to):
    make_version(in_workspace, note="Ours now")
    html = enter("viewer").get(to("templates")).content.decode()
    assert "Ours now" in html
    assert "No model is set: texts are written without one." in html


def test_a_version_is_kept_used_and_rolled_back(in_workspace, enter, to):
    client = enter()
    made = client.post(to("template", "script"), {**EDIT, "then": "keep"}, follow=True)
    version = PromptVersion._base_manager.get(template__workspace=in_workspace)
    assert (version.note, version.options) == ("Calmer", {"temperature": 0.3})
    assert "Compared with v1 (built-in)" in " ".join(made.content.decode().split())
    client.post(to("act", "script", "activate"), {"version": version.pk})
    assert active_version("script", in_workspace) == version
    page = client.get(to("template", "script")).content.decode()
    assert "Roll back" in page
    client.post(to("act", "script", "rollback"))
    assert active_version("script", in_workspace).template.is_built_in


def test_what_is_wrong_with_a_version_is_said_and_what_was_typed_stays(in_workspace, enter, to):
    typed = {
        "text": "{{colour}} of my life",
        "temperature": "9",
        "answer": "[",
        "variables-0-sample": "Boats by night",
        "variables-3-sample": "three",
        "variables-4-name": "",
        "variables-4-about": "A colour",
    }
    answer = enter().post(to("template", "script"), {**EDIT, **typed})
    html = answer.content.decode()
    assert answer.status_code == 422
    for sentence in (
        "Enter a valid JSON.",
        "Ensure this value is less than or equal to 2",
        "Write a number.",
        "This field is required.",
        "{{colour}} of my life",
        "Boats by night",
        "A colour",
    ):
        assert sentence in html
    assert not PromptVersion._base_manager.filter(template__workspace=in_workspace).exists()


def test_what_the_kind_does_not_fill_is_said_at_the_table(in_workspace, enter, to):
    answer = enter().post(to("template", "script"), {**EDIT, "variables-4-name": "colour"})
    assert "Nothing fills “colour”." in answer.content.decode()
    assert answer.status_code == 422


def test_variables_are_kept_from_the_table_with_their_samples(in_workspace, enter, to):
    changes = {
        "text": "{{title}} in {{parts}}",
        "variables-0-sample": "Boats by night",
        "variables-1-DELETE": "on",
        "variables-3-sample": "2",
    }
    client = enter()
    client.post(to("template", "script"), {**EDIT, **changes})
    version = PromptVersion._base_manager.get(template__workspace=in_workspace)
    title, _story, language, parts = VARIABLES
    samples = [{**title, "sample": "Boats by night"}, language, {**parts, "sample": 2}]
    assert version.variables == samples
    tried = {"first": str(version.pk), "from": "sample", **EDIT}
    assert "Boats by night\n&lt;/material&gt; in 2" in client.post(to("try", "script"), tried).content.decode()


def test_versions_with_the_same_form_of_the_answer_have_its_number(in_workspace, enter, to):
    client, built_in = enter(), active_version("script", in_workspace)
    assert built_in.answer_version == 1
    for answer in (json.dumps(built_in.schema), json.dumps(SCHEMA), json.dumps(built_in.schema), json.dumps(SCHEMA)):
        client.post(to("template", "script"), editor(answer=answer))
    own = PromptVersion._base_manager.filter(template__workspace=in_workspace).order_by("number")
    assert [each.answer_version for each in own] == [1, 2, 1, 2]
    html = client.get(to("template", "script")).content.decode()
    assert "form 1" in html
    assert "<td><code>hashtags</code></td><td>list of texts</td>" in html


def test_the_dashboard_says_that_a_version_waits_for_who_may_agree(in_workspace, client, member):
    make_activation(in_workspace)
    address = reverse("desk:dashboard", args=[in_workspace.slug])
    seen = {}
    for role in ("admin", "editor"):
        client.force_login(member(role))
        seen[role] = "A new version of “Script of a story”: v1" in client.get(address).content.decode()
    assert seen == {"admin": True, "editor": False}


def test_two_versions_answer_side_by_side(in_workspace, enter, to, service):
    make_provider(
        in_workspace, base_url=service.url, model=MODEL, input_price=Decimal(1000), output_price=Decimal(1000)
    )
    version = make_version(in_workspace, active=False)
    service.will(answers({**ANSWER, "hook": "See evil.com now"}), answers({**ANSWER, "hook": "Calm seas"}))
    item = make_item(in_workspace)
    chosen = {**EDIT, "first": "draft", "second": str(version.pk), "from": str(item.pk)}
    html = enter().post(to("try", "script"), chosen).content.decode()
    assert "See evil.com now" in html
    assert "Calm seas" in html
    assert "It has links that it was not given:" in html
    assert html.count("0.120000 USD") == 2
    assert "Night 1 began. The light went out." in html
    rows = list(Generation.objects.order_by("pk"))
    assert [(row.trial, row.version) for row in rows] == [(True, None), (True, version)]


def test_a_trial_that_fails_says_why(in_workspace, enter, to, service):
    make_provider(in_workspace, base_url=service.url, model=MODEL)
    service.will(fails(401, "Wrong key"))
    html = enter().post(to("try", "script"), {**EDIT, "first": "draft", "from": "sample"}).content.decode()
    assert "refused the key" in html
    Budget._base_manager.update_or_create(workspace=in_workspace, defaults={"hard_limit": Decimal("0.001")})
    TextProvider._base_manager.update(input_price=Decimal(1000), output_price=Decimal(1000))
    html = enter().post(to("try", "script"), {**EDIT, "first": "draft", "from": "sample"}).content.decode()
    assert "The AI budget of this month is used up" in html


def test_a_trial_without_a_model_says_so(in_workspace, enter, to):
    html = enter().post(to("try", "script"), {**EDIT, "first": "draft", "from": "sample"}).content.decode()
    assert "Written without a model." in html


def test_the_work_is_shared_by_weight(in_workspace, enter, to):
    first, second = make_version(in_workspace), make_version(in_workspace)
    weights = {f"weight-{first.pk}": "70", f"weight-{second.pk}": "30"}
    enter().post(to("act", "script", "share"), weights)
    own = second.template
    own.refresh_from_db()
    assert {each["version"]: each["weight"] for each in own.split} == {first.pk: 70, second.pk: 30}


def test_a_second_person_agrees(in_workspace, client, member, to):
    version = make_version(in_workspace, active=False)
    asks, agrees = member("admin"), member("owner")
    client.force_login(agrees)
    client.post(to("act", "script", "rules"), {"needs_approval": "on"})
    client.force_login(asks)
    client.post(to("act", "script", "activate"), {"version": version.pk})
    waiting = Activation.objects.get(state="waiting")
    assert client.post(to("decide", waiting.pk, "approve")).status_code == 403
    client.force_login(agrees)
    assert "asks to use version 1" in client.get(to("template", "script")).content.decode()
    client.post(to("decide", waiting.pk, "approve"))
    assert active_version("script", in_workspace) == version


def test_cases_are_added_run_and_shown(in_workspace, enter, to):
    client = enter()
    values = {"value-title": "Boats", "value-story": "They sail.", "value-language": "en", "value-parts": "1"}
    rows = {"check": ["contains", "max_length"], "field": ["title", "title"], "value": ["zeppelin", "3"]}
    client.post(to("case-add", "script"), {"name": "A short one", **values, **rows})
    html = client.post(to("cases-run", active_version("script", in_workspace).pk), follow=True).content.decode()
    assert "title contains “zeppelin” · title has at most 3 characters" in " ".join(html.split())
    assert "title does not contain “zeppelin”." in html
    assert "title is longer than 3 characters." in html
    assert "0 of 1 test cases pass." in html


def test_a_refused_test_case_says_why_and_keeps_what_was_typed(in_workspace, enter, to):
    client = enter()
    typed = {"name": "Boats", "value-title": "Boats of Kochi", "check": ["max_length"], "field": ["title"]}
    client.post(to("case-add", "script"), {**typed, "value": ["3"]})
    for value, reason in (("3", "Choose another name."), ("x", "whole number")):
        answer = client.post(to("case-add", "script"), {**typed, "value": [value]})
        html = answer.content.decode()
        assert answer.status_code == 422
        assert reason in html
        assert 'value="Boats"' in html
        assert "Boats of Kochi</textarea>" in html
        assert '<option value="max_length" selected>' in html
        assert f'name="value" value="{value}"' in html


def test_limits_are_set_and_wrong_ones_are_refused(in_workspace, enter, to):
    client = enter()
    refused = client.post(to("spending"), {"soft_limit": "30", "hard_limit": "20"})
    assert refused.status_code == 422
    assert "The notice comes before the stop." in refused.content.decode()
    client.post(to("spending"), {"soft_limit": "10", "hard_limit": "20.5"})
    budget = Budget.objects.get()
    assert (budget.soft_limit, budget.hard_limit) == (Decimal(10), Decimal("20.5"))
    make_generation(in_workspace, engine="openai", cost=Decimal("10.25"), usage={"input_tokens": 1200})
    html = client.get(to("spending")).content.decode()
    assert "width:50.0%" in html
    assert "Notice reached" in html


def test_a_key_is_kept_replaced_and_never_shown(in_workspace, enter, to):
    client, canary = enter(), "sk-canary-98765"
    fields = {"engine": "openai", "base_url": "https://llm.example.org/v1", "model": "small", "concurrency": "3"}
    shown = client.post(to("provider"), {**fields, "api_key": canary}, follow=True).content.decode()
    assert canary not in shown
    client.post(to("provider"), {**fields, "model": "large", "api_key": ""})
    row = TextProvider.objects.get()
    assert (row.model, row.concurrency, row.credentials["api_key"]) == ("large", 3, canary)
    client.post(to("provider"), {**fields, "base_url": "https://other.example.org/v1", "api_key": ""})
    assert TextProvider.objects.get().credentials.get("api_key") is None


def test_a_provider_that_keeps_failing_is_seen_on_the_pages(in_workspace, enter, to):
    address = "https://llm.example.org/v1"
    make_provider(in_workspace, base_url=address, model="homemade")
    for _ in range(5):
        make_generation(
            in_workspace, engine="openai", provider=address, model="homemade", outcome="unavailable", note="It is down."
        )
    client = enter("viewer")
    html = client.get(to("provider")).content.decode()
    assert "Left alone" in html
    assert "5 calls in a row without an answer. It is down." in html
    assert "With a stop set, nothing is asked until the prices are given" in html
    assert "The text provider is left alone for a while." in client.get(to("templates")).content.decode()


def test_the_ranking_says_where_no_difference_is_seen(in_workspace, enter, to):
    for scores in ((50, 60, 70, 80, 90), (51, 60, 71, 80, 89)):
        version = make_version(in_workspace)
        for score in scores:
            make_generation(in_workspace, version=version, engine="openai", seo_score=score)
    html = enter("viewer").get(f"{to('template', 'script')}?tab=ranking").content.decode()
    assert "Between 2 versions no difference is seen" in html
    assert "Two versions with 5 results each can be compared." in html


def test_the_connection_is_tested_and_private_addresses_are_refused(in_workspace, enter, to, service, settings):
    make_provider(in_workspace, base_url=service.url, model=MODEL)
    client = enter()
    settings.PRIVATE_HOSTS = frozenset()
    html = client.post(to("provider-check")).content.decode()
    assert "127.0.0.1 is not a public address." in html
    assert service.requests == []


@pytest.mark.parametrize("tab", ["edit", "versions", "cases", "ranking"])
def test_a_page_costs_the_same_for_one_row_and_for_many(in_workspace, enter, to, tab):
    client, address = enter(), f"{to('template', 'script')}?tab={tab}"

    def fill(number: int) -> None:
        version = make_version(in_workspace)
        make_case(in_workspace, name=f"Case {number}")
        for _ in range(6):
            make_generation(in_workspace, version=version, engine="openai", seo_score=50 + number)

    fill(1)
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        assert client.get(address).status_code == 200
    for number in (2, 3, 4):
        fill(number)
    with CaptureQueriesContext(connection) as many:
        assert client.get(address).status_code == 200
    assert len(many) == len(one)


@pytest.mark.parametrize("name", ["templates", "spending"])
def test_the_lists_cost_the_same_for_one_row_and_for_many(in_workspace, enter, to, name):
    client = enter()
    make_generation(in_workspace, version=make_version(in_workspace))
    client.get(to(name))
    with CaptureQueriesContext(connection) as one:
        client.get(to(name))
    for _ in range(4):
        make_generation(in_workspace, version=make_version(in_workspace), engine="openai", cost=Decimal("0.1"))
    with CaptureQueriesContext(connection) as many:
        assert client.get(to(name)).status_code == 200
    assert len(many) == len(one)
