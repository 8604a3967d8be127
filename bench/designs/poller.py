"""The plain way to publish on time, to compare with: once a second, ask what is due and hand it to the workers."""

from __future__ import annotations

import time

import django


def main() -> None:
    django.setup()
    from django.db import transaction
    from django.utils import timezone

    from apps.common.processes.ready import say_ready
    from apps.pipeline import tasks
    from apps.schedules.models import Post

    say_ready()
    while True:
        with transaction.atomic():
            due = Post._base_manager.filter(wake_at__lte=timezone.now(), sent_at=None).order_by("wake_at")
            found = list(due.values_list("workspace_id", "pk"))
            Post._base_manager.filter(pk__in=[pk for _workspace, pk in found]).update(sent_at=timezone.now())
        for workspace, pk in found:
            tasks.publish.apply_async(args=(workspace, pk), queue="posting")
        time.sleep(1)


if __name__ == "__main__":
    main()
