"""4. The broker is killed, its data kept or wiped, or it hangs: it only wakes workers, so nothing is lost with it."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from apps.platforms.models import Account
from apps.schedules.models import Post
from tests.faults.broker import DISPATCHER, WORKER, Broker, send
from tests.faults.judge import CLEAN, Row, note, unfinished, verdict, wait_until
from tests.faults.stock import accounts, posts_on
from tests.servers import platform_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

COUNT = 8
SECONDS = 240


def all_out() -> bool:
    return unfinished() == 0


def strand(worker: subprocess.Popen, account: Account, name: str) -> list[Post]:
    """Posts whose messages lie in the broker: the process that would fetch them stands still."""
    os.kill(worker.pid, signal.SIGSTOP)
    posts: list[Post] = []
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        batch = posts_on([account], [f"{name} {n}" for n in range(len(posts), len(posts) + COUNT)])
        posts += batch
        rows = Post._base_manager.filter(pk__in=[post.pk for post in batch], state="scheduled")
        wait_until(lambda rows=rows: not rows.filter(sent_at=None).exists(), SECONDS, "the sending")
        if rows.count() == COUNT:
            return posts
        # The dispatcher has not come back to the broker yet, and published these itself.
    raise AssertionError("nothing was left in the broker")


def test_a_broker_that_is_killed_wiped_or_hangs_loses_no_post(broker):
    began = time.monotonic()
    both = broker.processes((*WORKER, "-Q", "posting"), DISPATCHER)
    with platform_server.apart() as platform, both as (worker, dispatcher):
        # Its leases leave time for a broker that has to be waited for.
        [account] = accounts(platform, ["fake_patient"])
        posts = posts_on([account], [f"Healthy {n}" for n in range(COUNT)])
        wait_until(all_out, SECONDS, "publishing with a broker")
        for name in ("Kept", "Wiped"):
            stranded = strand(worker, account, f"{name}: in the broker")
            broker.kill()
            os.kill(worker.pid, signal.SIGCONT)
            away = posts_on([account], [f"{name}: without a broker {n}" for n in range(COUNT)])
            wait_until(all_out, SECONDS, "publishing without a broker")
            if name == "Wiped":
                broker.wipe()
            broker.start()
            posts += stranded + away + posts_on([account], [f"{name}: afterwards {n}" for n in range(COUNT)])
            wait_until(all_out, SECONDS, "publishing after the broker came back")
        broker.hang()
        posts += posts_on([account], [f"Hanging {n}" for n in range(2)])
        wait_until(all_out, SECONDS, "publishing beside a broker that hangs")
        broker.go_on()
        found = verdict(platform, posts)
        dispatcher.kill()
        lost = naive_result(broker, worker, account)
    said = f"{lost} of {COUNT} lost"
    note(Row("4 broker killed, wiped, or hanging", len(posts), 3, **found.counts, naive=said), began)
    assert found.counts == CLEAN
    assert lost == COUNT


def naive_result(broker: Broker, worker: subprocess.Popen, account: Account) -> int:
    """Where the message is the schedule, and no row is looked at again."""
    posts = posts_on([account], [f"Naive {n}" for n in range(COUNT)])
    [marker] = posts_on([account], ["Naive marker"])
    os.kill(worker.pid, signal.SIGSTOP)
    send(broker, posts)
    broker.kill()
    broker.wipe()
    broker.start()
    os.kill(worker.pid, signal.SIGCONT)
    row = Post._base_manager.filter(pk=marker.pk, state="published")
    send(broker, [marker])
    wait_until(row.exists, SECONDS, "the worker's return")
    return Post._base_manager.filter(pk__in=[post.pk for post in posts], state="scheduled").count()
