from __future__ import annotations

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from apps.pipeline import tasks
from apps.pipeline.receivers import send
from apps.schedules.dispatcher import Dispatcher


class Command(BaseCommand):
    help = "Sends posts to the posting queue the moment they are due. Two of them do no harm."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        Dispatcher(_send_posts).run(stop)


def _send_posts(posts: list[tuple[int, int]]) -> None:
    for workspace_id, post_id in posts:
        send(tasks.publish, workspace_id, post_id, queue="posting")
