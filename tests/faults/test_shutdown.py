"""A worker that is told to end, as by a deploy, ends what it publishes first, or leaves it to be found out."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.schedules.models import Post
from apps.uploads.services import publish_post
from tests.faults.broker import WORKER, Broker, send
from tests.faults.judge import CLEAN, verdict, wait_until
from tests.faults.stock import accounts, posts_on
from tests.servers import platform_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

# A queue, and the signal that its worker gets: docker-compose.yml's for `posting`, and everybody else's.
SIGNALS = {"posting": signal.SIGTERM, "metrics": signal.SIGQUIT}
WORKERS = tuple((*WORKER, "-Q", queue, "-n", f"{queue}@%h") for queue in SIGNALS)
# Longer than the ten seconds that running tasks are given after SIGQUIT.
TOO_LONG = "slow:14"


def states() -> Counter[str]:
    return Counter(Post._base_manager.values_list("state", flat=True))


def find_out(post: Post) -> None:
    """As when the lease has ended, and its quarantine."""
    while Post._base_manager.filter(pk=post.pk, wake_at__isnull=False).exists():
        past = timezone.now() - timedelta(seconds=1)
        Post._base_manager.filter(pk=post.pk).update(wake_at=past, lease_until=past)
        publish_post(post_id=post.pk)


def test_a_worker_that_is_told_to_end_finishes_what_it_publishes(broker: Broker) -> None:
    with platform_server.apart() as platform, broker.processes(*WORKERS) as workers:
        [account] = accounts(platform, ["fake_patient"])
        # As many as both can hold, each in a call that outlasts the word to end.
        posts = posts_on([account], [f"Deploy {number}" for number in range(4)])
        platform.script({post.variant.title: ["slow:4"] for post in posts[:3]})
        platform.script({posts[3].variant.title: [TOO_LONG]})
        send(broker, posts, queues=tuple(SIGNALS))
        wait_until(lambda: states() == {"submitting": 4}, 60, "the calls")
        for worker, number in zip(workers, SIGNALS.values(), strict=True):
            worker.send_signal(number)
        assert [worker.wait(60) for worker in workers] == [0, 0]
        assert states() == {"published": 3, "submitting": 1}
        wait_until(lambda: sum(platform.counts().values()) == 4, 60, "the platform")
        find_out(posts[3])
        assert states() == {"published": 4}
        assert platform.counts() == {post.variant.title: 1 for post in posts}
        assert verdict(platform, posts).counts == CLEAN
