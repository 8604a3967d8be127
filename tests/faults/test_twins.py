"""6. Two beats and two dispatchers run by mistake: still one post a turn, and each goes out once."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks
from django_scopes import scope

from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.schedules.recurring import add_recurrence
from apps.workspaces.actors import SYSTEM
from tests.factories.schedules import ready_item
from tests.faults.broker import DISPATCHER, WORKER, Broker
from tests.faults.judge import CLEAN, Row, note, verdict, wait_until
from tests.faults.stock import accounts, posts_on
from tests.servers import platform_server
from tests.servers.platform_server import Apart

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

RULES = 3
TURNS = 10
COUNT = 12
NAIVE = 4
SECONDS = 240
BEAT = ("-m", "celery", "-A", "config", "beat", "--pidfile", "", "--max-interval", "1")
TICK = "apps.pipeline.tasks.sweep"


@pytest.fixture
def broker(tmp_path_factory):
    broker = Broker(tmp_path_factory.mktemp("b"))
    broker.start()
    yield broker
    broker.kill()


def tick_every_second(platform: Apart) -> None:
    """The product's own tick as often as beat can, and one that the platform can count."""
    interval, _made = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.exclude(task=TICK).update(enabled=False)
    PeriodicTask.objects.filter(task=TICK).update(interval=interval, enabled=True)
    counted = {"task": "tests.faults.naive_tasks.post", "args": f'["{platform.url}", "Tick"]'}
    PeriodicTask.objects.create(name="Tick", interval=interval, **counted)
    PeriodicTasks.update_changed()


def recurring(account: Account) -> None:
    with scope(workspace=account.workspace):
        for number in range(RULES):
            item = ready_item(account.workspace, title=f"Turn {number}")
            start = timezone.now() + timedelta(days=1, minutes=number)
            rule = {"every_hours": 6, "starts_at": start, "count": TURNS}
            add_recurrence(item=item, account=account, actor=SYSTEM, **rule)


def planned() -> list[tuple]:
    return list(Post._base_manager.filter(due_at__gt=timezone.now() + timedelta(hours=1)).values_list("item", "due_at"))


def test_two_beats_and_two_dispatchers_make_one_post_a_turn_and_publish_each_once(broker):
    began = time.monotonic()
    with ExitStack() as stack:
        platform = stack.enter_context(platform_server.apart())
        [account] = accounts(platform, ["fake_none"], intake=Account.Intake.BY_HAND)
        recurring(account)
        tick_every_second(platform)
        worker = (*WORKER, "-Q", "posting,default", "--include", "tests.faults.naive_tasks")
        stack.enter_context(broker.processes(worker, DISPATCHER, DISPATCHER, BEAT, BEAT))
        due = timezone.now() + timedelta(seconds=1)
        posts = posts_on([account], [f"Post {n}" for n in range(COUNT)], due=due)
        wait_until(lambda: len(planned()) >= RULES * TURNS, SECONDS, "the booking of turns")
        wait_until(lambda: not Post._base_manager.filter(wake_at__lt=due + timedelta(hours=1)).exists(), SECONDS, "all")
        before = platform.counts()["Tick"]
        wait_until(lambda: platform.counts()["Tick"] >= before + 8, SECONDS, "more ticks of both beats")
        found, turns = verdict(platform, posts), planned()
        doubled = naive_result(platform)
    said = f"{doubled} of {NAIVE} doubled"
    twice = len(turns) - len(set(turns))
    tally = {**found.counts, "doubled": found.counts["doubled"] + twice}
    note(Row("6 two beats, two dispatchers", COUNT + RULES * TURNS, 2, **tally, naive=said), began)
    assert tally == CLEAN
    assert len(turns) == RULES * TURNS
    assert found.asked == 0
    assert doubled


def naive_result(platform: Apart) -> int:
    """One periodic task a post, while both beats are up."""
    interval = IntervalSchedule.objects.get(every=1, period=IntervalSchedule.SECONDS)
    for number in range(NAIVE):
        PeriodicTask.objects.create(
            name=f"Naive {number}",
            task="tests.faults.naive_tasks.post",
            interval=interval,
            one_off=True,
            start_time=timezone.now() + timedelta(seconds=8),
            args=f'["{platform.url}", "Naive {number}"]',
        )
    counts = platform.counts
    wait_until(lambda: all(counts()[f"Naive {n}"] > 0 for n in range(NAIVE)), SECONDS, "the naive posts")
    wait_until(lambda: any(counts()[f"Naive {n}"] > 1 for n in range(NAIVE)), SECONDS, "a second time")
    return sum(counts()[f"Naive {n}"] > 1 for n in range(NAIVE))
