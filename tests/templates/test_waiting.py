"""Work that the budget does not allow waits where people see it, and goes on by itself."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.content.models import Item
from apps.lifecycle.models import Run
from apps.lifecycle.runs import execute_run
from apps.pipeline.work import carry_out
from apps.stories.services import request_script
from apps.templates import money
from apps.templates.models import Budget, Generation
from tests.factories.stories import make_story
from tests.factories.templates import make_generation, make_provider, make_version
from tests.servers import openai_server
from tests.servers.openai_server import MODEL, answers, fails

ANSWER = {"title": "A", "hook": "B", "description": "C", "call_to_action": "D", "hashtags": ["e"]}


@pytest.fixture
def server(settings):
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with openai_server.serve() as running:
        yield running


@pytest.fixture
def waiting(in_workspace, server, actor):
    """A story whose script met the month's limit."""
    price = {"input_price": Decimal(1000), "output_price": Decimal(1000)}
    make_provider(in_workspace, base_url=server.url, model=MODEL, **price)
    make_version(in_workspace)
    Budget._base_manager.create(workspace=in_workspace, hard_limit=Decimal("0.01"))
    run = request_script(story=make_story(in_workspace), actor=actor("editor"))
    return carried_out(run)


def carried_out(run: Run) -> Run:
    with execute_run(run.pk) as work:
        if work is not None:
            carry_out(work)
    return Run._base_manager.get(pk=run.pk)


def test_over_the_limit_a_story_waits_for_the_next_month_and_loses_no_try(waiting, server):
    assert (waiting.state, waiting.attempt, waiting.error["code"]) == ("queued", 0, "over_budget")
    assert "used up: 0.00 of 0.01 USD" in waiting.error["message"]
    assert (waiting.not_before.day, waiting.not_before.hour) == (1, 0)
    assert server.requests == []
    assert carried_out(waiting).error == waiting.error


def test_the_story_says_why_it_waits_and_until_when(waiting, client, member):
    client.force_login(member("editor"))
    html = client.get(f"/w/{waiting.workspace.slug}/stories/?state=shortlisted").content.decode()
    assert "The AI budget of this month is used up: 0.00 of 0.01 USD" in html
    assert "Raise the limit under AI, or wait for the next month; the work waits." in html
    assert "It is tried again by itself, at 1 " in html


def test_a_raised_limit_sets_it_going_at_once(waiting, server, actor, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        money.set_budget(workspace=waiting.workspace, actor=actor("owner"), soft_limit=None, hard_limit=Decimal(50))
    waiting.refresh_from_db(from_queryset=Run._base_manager.all())
    assert waiting.not_before is None
    server.will(answers(ANSWER))
    assert carried_out(waiting).state == "succeeded"
    assert Item.objects.get().title == "A"


def test_a_month_that_turns_sets_it_going(waiting, server):
    workspace = waiting.workspace
    Budget._base_manager.update(hard_limit=Decimal(50))
    spent = make_generation(workspace, engine="openai", cost=Decimal(49))
    Run._base_manager.filter(pk=waiting.pk).update(not_before=None)
    assert carried_out(waiting).error["code"] == "over_budget"
    # What was spent this month becomes last month's, and its hour comes.
    Generation._base_manager.filter(pk=spent.pk).update(created_at=timezone.now() - timedelta(days=32))
    Run._base_manager.filter(pk=waiting.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    server.will(answers(ANSWER))
    assert carried_out(waiting).state == "succeeded"


def test_a_provider_that_fails_uses_up_tries_as_before(waiting, server):
    Budget._base_manager.update(hard_limit=Decimal(50))
    Run._base_manager.filter(pk=waiting.pk).update(not_before=None)
    server.will(fails(429, Retry_After="900"))
    run = carried_out(waiting)
    assert (run.state, run.attempt) == ("queued", 1)
    Run._base_manager.filter(pk=run.pk).update(not_before=None)
    run = carried_out(run)
    assert (run.state, run.attempt, run.error["code"]) == ("queued", 1, "postponed")
