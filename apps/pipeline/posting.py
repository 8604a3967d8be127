"""Handing due posts to workers: through the broker, or without one, in this very process."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import close_old_connections

from apps.pipeline import tasks
from apps.pipeline.receivers import BROKER_AWAY

log = structlog.get_logger(__name__)

# A broker that is away is left alone for so long; asking it for each post would take as long as its timeouts.
LEFT_ALONE = 5.0


class PostSender:
    """For the dispatcher. threads: how many posts go out at once while there is no broker."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="posting")
        self._away_until = 0.0

    def __call__(self, posts: list[tuple[int, int]]) -> None:
        """Whoever gets a post claims it in the database, so one that goes both ways goes out once."""
        left = list(posts)
        if time.monotonic() >= self._away_until:
            left = self._by_broker(left)
        for workspace_id, post_id in left:
            self._threads.submit(_publish_here, workspace_id, post_id)

    def close(self) -> None:
        """Let calls that have begun end; posts that have not begun stay due, for whoever comes next."""
        self._threads.shutdown(cancel_futures=True)

    def _by_broker(self, posts: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Returns what the broker did not take."""
        sent = 0
        try:
            with tasks.publish.app.producer_or_acquire() as producer:
                for workspace_id, post_id in posts:
                    tasks.publish.apply_async(
                        args=(workspace_id, post_id), queue="posting", producer=producer, retry=False
                    )
                    sent += 1
        except BROKER_AWAY as error:
            self._away_until = time.monotonic() + LEFT_ALONE
            log.warning("broker_unreachable", reason=str(error), published_here=len(posts) - sent)
        return posts[sent:]


def _publish_here(workspace_id: int, post_id: int) -> None:
    close_old_connections()
    try:
        tasks.publish(workspace_id, post_id)
    except Exception:
        log.exception("publish_failed", post=post_id)
    finally:
        close_old_connections()
