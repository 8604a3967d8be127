"""Money and turns: what is asked of a provider, how often, and what it may cost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scope

from apps.common.errors import AdapterError
from apps.lifecycle.models import Event
from apps.templates import generation, prices
from apps.templates.generation import generate
from apps.templates.models import Budget, Generation
from apps.templates.spending import LOST_AFTER, BudgetExceeded
from apps.workspaces.actors import SYSTEM
from tests.factories.templates import make_generation, make_provider, make_version
from tests.factories.workspaces import WorkspaceFactory
from tests.servers import openai_server
from tests.servers.openai_server import MODEL, OpenAIServer, answers, fails, hangs

ANSWER = {"title": "A", "hook": "B", "description": "C", "call_to_action": "D", "hashtags": ["e"]}


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server.serve() as running:
        yield running


@pytest.fixture(autouse=True)
def loopback_is_allowed(settings):
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})


@pytest.fixture
def paying(in_workspace, server):
    """A workspace that asks the loopback provider, at a dollar per thousand tokens."""
    price = {"input_price": Decimal(1000), "output_price": Decimal(1000)}
    make_provider(in_workspace, base_url=server.url, model=MODEL, **price)
    make_version(in_workspace, options={"max_output_tokens": 100})
    return in_workspace


def write(workspace, title="Boats"):
    variables = {"title": title, "story": "They sail.", "language": "en", "parts": 1}
    return generate(workspace=workspace, kind="script", variables=variables, actor=SYSTEM)


def limits(workspace, **fields) -> None:
    Budget._base_manager.update_or_create(workspace=workspace, defaults=fields)


def test_a_call_costs_what_the_provider_counted_at_the_workspaces_price(paying, server):
    server.will(answers(ANSWER))
    row = write(paying).generation
    assert (row.usage, row.cost, row.reserved) == (
        {"input_tokens": 100, "output_tokens": 20},
        Decimal("0.12"),
        Decimal(0),
    )
    row.refresh_from_db()
    assert (row.outcome, row.model, row.cost) == ("parsed", MODEL, Decimal("0.12"))


def test_over_the_hard_limit_nothing_is_asked_and_people_are_told_once(paying, server):
    limits(paying, hard_limit=Decimal("0.05"))
    for title in ("Boats", "Ships"):
        with pytest.raises(BudgetExceeded, match=r"used up: 0\.00 of 0\.05 USD"):
            write(paying, title)
    assert server.requests == []
    assert not Generation.objects.exists()
    (event,) = Event.objects.filter(type="budget.reached")
    assert (event.data["kind"], Decimal(event.data["limit"])) == ("hard", Decimal("0.05"))


def test_the_soft_limit_tells_and_lets_go_on(paying, server):
    limits(paying, soft_limit=Decimal("0.20"))
    server.will(*[answers(ANSWER)] * 3)
    for title in ("Boats", "Ships", "Rafts"):
        write(paying, title)
    assert [event.data["kind"] for event in Event.objects.filter(type="budget.reached")] == ["soft"]


def test_last_months_spending_is_last_months(paying, server):
    limits(paying, hard_limit=Decimal("0.50"))
    old = make_generation(paying, cost=Decimal(9), engine="openai")
    Generation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=32))
    server.will(answers(ANSWER))
    assert write(paying).data == ANSWER


def test_money_is_set_aside_while_a_call_runs_and_free_when_its_worker_is_lost(paying, server):
    limits(paying, hard_limit=Decimal("0.50"))
    running = make_generation(paying, outcome="running", reserved=Decimal("0.40"), engine="openai")
    with pytest.raises(BudgetExceeded):
        write(paying)
    Generation.objects.filter(pk=running.pk).update(created_at=timezone.now() - LOST_AFTER - timedelta(seconds=1))
    server.will(answers(ANSWER))
    assert write(paying).data == ANSWER
    running.refresh_from_db()
    assert (running.outcome, running.reserved, running.note) == ("error", 0, "The worker was lost.")


@pytest.mark.django_db(transaction=True)
def test_the_same_question_asked_twice_at_once_is_paid_once(server):
    workspace = WorkspaceFactory()
    with scope(workspace=workspace):
        make_provider(workspace, base_url=server.url, model=MODEL)
        make_version(workspace)
    server.will(answers(ANSWER), answers(ANSWER))
    found = []

    def ask() -> None:
        with scope(workspace=workspace):
            found.append(write(workspace).data)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (found, len(server.requests)) == ([ANSWER] * 4, 1)
    rows = Generation._base_manager.filter(workspace=workspace)
    assert sorted(row.reused_id is None for row in rows) == [False, False, False, True]


def test_no_more_calls_at_once_than_agreed(paying, server, monkeypatch):
    monkeypatch.setattr(generation, "_TURN_WITHIN", 0.3)
    for _ in range(2):
        make_generation(paying, outcome="running", engine="openai", question="1" * 64)
    with pytest.raises(AdapterError, match="as many calls at once") as caught:
        write(paying)
    assert (caught.value.permanent, caught.value.retry_after, server.requests) == (False, 0.3, [])


def test_a_busy_provider_is_asked_again_after_as_long_as_it_says(paying, server):
    server.will(fails(429, Retry_After="0.2"), fails(503, Retry_After="0.1"), answers(ANSWER))
    row = write(paying).generation
    assert (row.outcome, len(server.requests)) == ("parsed", 3)
    assert Generation.objects.count() == 1


def test_a_wait_that_is_too_long_is_left_to_the_caller(paying, server):
    server.will(fails(429, Retry_After="900"))
    with pytest.raises(AdapterError) as caught:
        write(paying)
    assert (caught.value.permanent, caught.value.retry_after, len(server.requests)) == (False, 900.0, 1)
    assert Generation.objects.get().outcome == "unavailable"


def test_a_provider_that_keeps_failing_is_left_alone_for_a_minute(paying, server):
    for _ in range(5):
        make_generation(paying, outcome="unavailable", engine="openai", model=MODEL)
    with pytest.raises(AdapterError, match="5 times in a row") as caught:
        write(paying)
    assert 0 < caught.value.retry_after <= 60
    assert server.requests == []
    Generation.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    server.will(answers(ANSWER))
    assert write(paying).data == ANSWER


def test_a_providers_key_is_shown_nowhere(in_workspace, server, caplog):
    canary = "sk-canary-1234567890"
    provider = make_provider(in_workspace, base_url=server.url, model=MODEL, api_key=canary)
    make_version(in_workspace)
    server.will(fails(401, f"Wrong key {canary}"))
    with pytest.raises(AdapterError) as caught:
        write(in_workspace)
    assert server.requests[0].headers["authorization"] == f"Bearer {canary}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM prompt_templates_textprovider")
        stored = cursor.fetchone()[0]
    shown = [str(caught.value), caught.value.details, provider.credentials, caplog.text, stored]
    shown += list(Generation.objects.values("note", "data")) + list(Event.objects.values("data"))
    assert canary not in repr(shown)


def test_the_price_list_knows_dated_names_and_says_nothing_of_others():
    assert prices.price_of("gpt-4o-2024-08-06") == prices.price_of("gpt-4o")
    assert prices.price_of("gpt-4o-mini-2024-07-18") == prices.price_of("gpt-4o-mini")
    assert prices.price_of("llama-3") is None
    cost = prices.most_it_costs(prices.price_of("gpt-4o"), prompt="x" * 3000, max_output_tokens=1000)
    assert cost == Decimal("0.0125025")


def test_a_hanging_provider_ends_with_the_versions_timeout(paying, server, monkeypatch):
    monkeypatch.setattr(generation, "_TRY_WITHIN", 0.0)
    monkeypatch.setattr(generation, "_TIMEOUT", 0.5)
    server.will(hangs)
    with pytest.raises(AdapterError, match="took too long"):
        write(paying)
