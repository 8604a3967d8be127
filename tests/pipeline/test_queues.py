"""Tasks reach the queue that is theirs, and a message that is lost or doubled does no harm."""

from __future__ import annotations

import re

import pytest
import redis
from celery import current_app
from django.conf import settings

from apps.lifecycle.runs import start_run
from apps.pipeline import tasks


@pytest.fixture
def broker():
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


def waiting(broker) -> dict[str, int]:
    return {queue: count for queue in settings.QUEUES if (count := broker.llen(queue))}


def test_a_post_goes_to_the_posting_queue_and_everything_else_to_its_own(broker):
    tasks.publish.delay(1, 2)
    tasks.sweep.delay()
    tasks.tell.delay(1)
    assert waiting(broker) == {"posting": 1, "default": 2}


@pytest.mark.django_db(transaction=True)
def test_a_run_goes_to_the_queue_that_it_names(broker, workspace):
    for queue in ("media", "autonomous", "metrics", "reports"):
        start_run(workspace=workspace, kind=queue, subject="canary:1", queue=queue)
    assert waiting(broker) == {"media": 1, "autonomous": 1, "metrics": 1, "reports": 1}


def test_workers_give_back_what_they_do_not_finish():
    conf = current_app.conf
    assert set(settings.QUEUES) == {"autonomous", "reports", "metrics", "posting", "media", "default"}
    assert {queue.name for queue in conf.task_queues} == set(settings.QUEUES)
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
    assert conf.worker_soft_shutdown_timeout > 0
    assert conf.broker_transport_options["unacked_restore_throttle"] == 1


def test_no_task_is_ever_sent_with_a_time():
    """A countdown longer than the broker's visibility timeout runs several times."""
    timed = re.compile(r"\b(countdown|eta)=")
    files = (settings.BASE_DIR / "apps").rglob("*.py")
    assert [path.name for path in files if timed.search(path.read_text())] == []
