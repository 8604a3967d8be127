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

from apps.common.clock import database_now
from apps.common.errors import AdapterError, Invalid, Postponed
from apps.lifecycle.models import Event
from apps.templates import generation, money, prices
from apps.templates.generation import generate
from apps.templates.models import Budget, Generation
from apps.templates.providers import asked_of
from apps.templates.spending import BudgetExceeded, LetIn, Unpriced, admit, release_all_lost
from apps.templates.turns import LOST_AFTER, health_of
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
        with pytest.raises(BudgetExceeded, match=r"used up: 0\.00 of 0\.05 USD, and this text may cost \d\.\d\d\."):
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
    limits(paying, hard_limit=Decimal(5))
    old = make_generation(paying, cost=Decimal(9), engine="openai")
    Generation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=32))
    server.will(answers(ANSWER))
    assert write(paying).data == ANSWER


def test_money_is_set_aside_while_a_call_runs_and_free_when_its_worker_is_lost(paying, server):
    limits(paying, hard_limit=Decimal(5))
    running = make_generation(paying, outcome="running", reserved=Decimal("4.50"), engine="openai")
    with pytest.raises(BudgetExceeded) as caught:
        write(paying)
    assert caught.value.retry_after == 60  # what is only set aside may come back
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
        make_generation(paying, outcome="running", engine="openai", provider=server.url, question="1" * 64)
    with pytest.raises(Postponed, match="as many calls at once") as caught:
        write(paying)
    assert (caught.value.retry_after, server.requests) == (0.3, [])


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
        make_generation(paying, outcome="unavailable", engine="openai", provider=server.url, model=MODEL, note="Down.")
    health = health_of(paying, asked_of(paying))
    assert (health.state, health.failures, health.said) == ("resting", 5, "Down.")
    with pytest.raises(Postponed, match="5 times in a row") as caught:
        write(paying)
    assert 0 < caught.value.retry_after <= 60
    assert server.requests == []
    Generation.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    assert health_of(paying, asked_of(paying)).state == "failing"
    server.will(answers(ANSWER))
    assert write(paying).data == ANSWER
    assert health_of(paying, asked_of(paying)).state == "answers"


def test_failures_that_answers_lie_between_are_not_in_a_row(paying, server):
    for number in range(6):
        dated = {"outcome": "parsed", "model": f"{MODEL}-2026-01-01"}  # as the provider calls it
        about = dated if number == 3 else {"outcome": "unavailable", "model": MODEL}
        make_generation(paying, engine="openai", provider=server.url, **about)
    health = health_of(paying, asked_of(paying))
    assert (health.state, health.failures, health.answered_at is not None) == ("failing", 2, True)
    server.will(answers(ANSWER))
    assert write(paying).data == ANSWER


def test_a_provider_that_is_exchanged_is_asked_at_once(paying, server, actor):
    for _ in range(5):
        make_generation(paying, outcome="unavailable", engine="openai", provider="https://old.example", model=MODEL)
    server.will(answers(ANSWER))
    assert write(paying).data == ANSWER


def test_no_call_of_the_workspace_is_earlier_than_the_provider_asked_for(paying, server):
    server.will(fails(429, Retry_After="900"))
    with pytest.raises(AdapterError):
        write(paying)
    with pytest.raises(Postponed, match="asked to be left alone") as caught:
        write(paying, "Ships")
    assert 890 < caught.value.retry_after <= 900
    assert (len(server.requests), health_of(paying, asked_of(paying)).state) == (1, "resting")


def test_the_installations_provider_is_one_for_all_workspaces(in_workspace, server, settings, monkeypatch):
    monkeypatch.setattr(generation, "_TURN_WITHIN", 0.3)
    settings.TEXT_ENGINE, settings.OPENAI_BASE_URL, settings.OPENAI_MODEL = "openai", server.url, MODEL
    settings.OPENAI_CONCURRENCY = 1
    make_version(in_workspace)
    running = make_generation(WorkspaceFactory(), outcome="running", engine="openai", question="1" * 64)
    with pytest.raises(Postponed, match="as many calls at once"):
        write(in_workspace)
    Generation._base_manager.filter(pk=running.pk).update(outcome="parsed")
    server.will(answers(ANSWER))
    assert write(in_workspace).data == ANSWER


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


def test_what_is_set_aside_covers_two_repairs_that_repeat_everything_said_before():
    price = prices.Price(Decimal(1), Decimal(10))
    cost = prices.most_it_costs(price, sent="x" * 1998, max_output_tokens=800, repairs=2)
    asked = 3 * 1000 + 3 * (800 + 200)
    assert cost == (Decimal(asked) + 10 * 3 * 800) / 1_000_000
    assert prices.most_it_costs(price, sent="ക" * 666, max_output_tokens=800, repairs=2) == cost
    assert prices.price_of("gpt-5-mini").thinks == 4000


def test_an_answer_that_is_mended_twice_never_costs_more_than_was_set_aside(paying, server, monkeypatch):
    seen = []
    monkeypatch.setattr(generation._Call, "_ask", _noting(generation._Call._ask, seen))
    server.will(*[answers("no", prompt_tokens=700, completion_tokens=100)] * 2, answers(ANSWER))
    row = write(paying).generation
    assert row.usage == {"input_tokens": 1500, "output_tokens": 220}
    assert row.cost <= seen[0]


def _noting(ask, seen):
    def wrapped(self, row):
        seen.append(row.reserved)
        return ask(self, row)

    return wrapped


def test_a_provider_that_counts_nothing_is_billed_as_set_aside(paying, server):
    server.will(answers(ANSWER, prompt_tokens=None, completion_tokens=-1))
    row = write(paying).generation
    assert (row.usage, row.cost > 1) == ({}, True)


def test_with_a_stop_and_no_price_nothing_is_asked(in_workspace, server, actor):
    make_provider(in_workspace, base_url=server.url, model="homemade")
    make_version(in_workspace)
    server.will(answers(ANSWER), answers(ANSWER))
    write(in_workspace)  # without a stop there is nothing to keep to
    limits(in_workspace, hard_limit=Decimal(5))
    with pytest.raises(Unpriced, match=r"Nobody knows what “homemade” costs, so the stop at 5\.00 USD could not hold"):
        write(in_workspace, "Ships")
    assert len(server.requests) == 1
    fields = {"input_price": Decimal(0), "output_price": Decimal(0)}
    money.set_provider(workspace=in_workspace, actor=actor("owner"), fields=fields)
    assert write(in_workspace, "Ships").generation.cost == 0


def test_the_installation_may_say_what_its_model_costs(in_workspace, server, settings):
    settings.TEXT_ENGINE, settings.OPENAI_BASE_URL, settings.OPENAI_MODEL = "openai", server.url, "homemade"
    settings.OPENAI_PRICE = ["1000", "2000"]
    make_version(in_workspace)
    server.will(answers(ANSWER))
    assert write(in_workspace).generation.cost == Decimal("0.14")


@pytest.mark.django_db(transaction=True)
def test_calls_at_once_never_set_aside_more_than_the_hard_limit():
    workspace = WorkspaceFactory()
    with scope(workspace=workspace):
        price = {"input_price": Decimal(1000), "output_price": Decimal(1000)}
        make_provider(workspace, base_url="http://127.0.0.1:9/v1", model=MODEL, concurrency=64, **price)
        version = make_version(workspace)
        limits(workspace, hard_limit=Decimal(1))
    asked, gate, met = asked_of(workspace), threading.Barrier(8), []

    def ask(number: int) -> None:
        with scope(workspace=workspace):
            fields = {"kind": "script", "version": version, "prompt_hash": "", "question": f"{number}", "actor": "A"}
            draft = Generation(workspace=workspace, engine=asked.engine, provider=asked.provider, **fields)
            gate.wait(30)
            try:
                met.append(type(admit(draft=draft, asked=asked, cost=Decimal("0.3"), reuse_after=database_now())))
            except BudgetExceeded as error:
                met.append(type(error))
        connection.close()

    threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (met.count(LetIn), met.count(BudgetExceeded)) == (3, 5)
    assert sum(row.reserved for row in Generation._base_manager.filter(workspace=workspace)) == Decimal("0.9")


def test_what_was_set_aside_for_a_lost_call_comes_back_without_a_further_call(paying):
    row = make_generation(paying, outcome="running", reserved=Decimal(3), engine="openai")
    assert (release_all_lost(), money.month(paying).reserved) == (0, 3)
    Generation.objects.filter(pk=row.pk).update(created_at=timezone.now() - LOST_AFTER - timedelta(seconds=1))
    assert (release_all_lost(), money.month(paying).reserved) == (1, 0)


@pytest.mark.parametrize("key", ["sk-ü", "sk a", "sk\nb"])
def test_a_key_that_could_not_be_sent_is_refused_at_once(in_workspace, actor, key):
    with pytest.raises(Invalid) as caught:
        money.set_provider(workspace=in_workspace, actor=actor("owner"), fields={"model": "small"}, api_key=key)
    assert list(caught.value.details) == ["api_key"]
    assert key not in str(caught.value) + repr(caught.value.details)


def test_a_hanging_provider_ends_with_the_versions_timeout(paying, server, monkeypatch):
    monkeypatch.setattr(generation, "_TRY_WITHIN", 0.0)
    monkeypatch.setattr(generation, "_TIMEOUT", 0.5)
    server.will(hangs)
    with pytest.raises(AdapterError, match="took too long"):
        write(paying)
