"""The Celery application; `celery -A config worker -Q posting`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import after_task_publish, beat_init, heartbeat_sent, setup_logging, worker_ready
from django.conf import settings
from django.utils.log import configure_logging
from kombu import Queue

from apps.common.processes.ready import say_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.site")

app = Celery("rundown")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name, routing_key=name) for name in settings.QUEUES]
app.autodiscover_tasks()


@setup_logging.connect
def _use_django_logging(**_: Any) -> None:
    configure_logging("logging.config.dictConfig", settings.LOGGING)


@worker_ready.connect
@heartbeat_sent.connect
def _show_life(**_: Any) -> None:
    say_ready()


@beat_init.connect
def _show_life_of_beat(**_: Any) -> None:
    say_ready()
    # Beat has no heartbeat, but sends a tick every few seconds. Only here: a worker's pool sends tasks too.
    after_task_publish.connect(_show_life, weak=False)
