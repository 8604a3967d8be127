"""A worker that is told to end, as by a deploy, ends what it publishes first, whichever way it is told."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from apps.schedules.models import Post
from tests.faults.broker import WORKER, Broker, send
from tests.faults.judge import CLEAN, verdict, wait_until
from tests.faults.stock import accounts, posts_on
from tests.servers import platform_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

# A service manager's signal, and the one that docker-compose.yml names.
SIGNALS = (signal.SIGTERM, signal.SIGQUIT)
WORKERS = tuple((*WORKER, "-Q", "posting", "-n", f"{name}@%h") for name in ("one", "two"))


def states() -> Counter[str]:
    return Counter(Post._base_manager.values_list("state", flat=True))


def test_a_worker_that_is_told_to_end_finishes_what_it_publishes(broker: Broker) -> None:
    with platform_server.apart() as platform, broker.processes(*WORKERS) as workers:
        [account] = accounts(platform, ["fake_patient"])
        # As many as both can hold, each in a call that outlasts the word to end.
        posts = posts_on([account], [f"Deploy {number}" for number in range(4)])
        platform.script({post.variant.title: ["slow:4"] for post in posts})
        send(broker, posts)
        wait_until(lambda: states() == {"submitting": 4}, 60, "the calls")
        for worker, number in zip(workers, SIGNALS, strict=True):
            worker.send_signal(number)
        assert [worker.wait(60) for worker in workers] == [0, 0]
        assert states() == {"published": 4}
        assert platform.counts() == {post.variant.title: 1 for post in posts}
        assert verdict(platform, posts).counts == CLEAN
