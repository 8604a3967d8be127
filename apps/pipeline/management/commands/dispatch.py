from __future__ import annotations

import signal
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.pipeline.posting import PostSender
from apps.schedules.dispatcher import Dispatcher


class Command(BaseCommand):
    help = "Sends posts to the posting queue the moment they are due. Two of them do no harm."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        sender = PostSender(settings.WORKER_CONCURRENCY)
        try:
            Dispatcher(sender).run(stop)
        finally:
            sender.close()
