"""From a committed change to a message for a worker. A lost message is found again by the sweeper."""

from __future__ import annotations

from typing import Any

import structlog
from django.dispatch import receiver
from kombu.exceptions import OperationalError
from redis import RedisError

from apps.common.patience import BROKER
from apps.lifecycle.handlers import handler_of
from apps.lifecycle.machines import machine_of
from apps.lifecycle.models import Run
from apps.lifecycle.signals import advanced, run_queued
from apps.pipeline import tasks
from apps.workspaces.audit import describe

log = structlog.get_logger(__name__)

# What sending raises while the broker is gone, or hangs.
BROKER_AWAY = (OperationalError, RedisError, OSError)


@receiver(advanced, dispatch_uid="pipeline.advanced")
def follow_up(sender: type, instance: Any, target: str, **_: Any) -> None:
    if handler_of(machine_of(sender).name, target):
        send(tasks.follow, instance.workspace_id, describe(instance), target)


@receiver(run_queued, dispatch_uid="pipeline.run_queued")
def wake_worker(run: Run, **_: Any) -> None:
    send(tasks.execute, run.workspace_id, run.pk, queue=run.queue)


def send(task: Any, *args: Any, queue: str = "default") -> None:
    """Enqueue, and only log when the broker is away: the row is written, and the sweeper will come by."""
    if not BROKER.is_resting:
        try:
            with BROKER.asked():
                task.apply_async(args=args, queue=queue, retry=False)
            return
        except BROKER_AWAY:
            pass
    log.warning("broker_unreachable", task=task.name, args=args)
