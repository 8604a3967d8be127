"""A source and its timer come and go together, also when a whole workspace is deleted."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver
from django_celery_beat.models import PeriodicTask

from apps.stories.models import Source


@receiver(post_delete, sender=Source, dispatch_uid="stories.delete_timer")
def delete_timer(instance: Source, **_: Any) -> None:
    PeriodicTask.objects.filter(pk=instance.timer_id).delete()
