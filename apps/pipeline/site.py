"""Running the whole site on one machine: set-up, and the processes under one supervisor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.core.management import call_command

from apps.common.processes.site import site_processes
from apps.common.processes.supervisor import Supervisor
from apps.common.translations import compile_catalogues


def set_up() -> None:
    """Bring folders, database and timers to the present version; safe to repeat."""
    for folder in (settings.HOME, settings.MEDIA_ROOT, settings.CACHE_ROOT):
        Path(folder).mkdir(parents=True, exist_ok=True)
    for folder in settings.LOCALE_PATHS:
        compile_catalogues(Path(folder))
    call_command("migrate", interactive=False, verbosity=0)
    if not settings.LOCAL:
        call_command("collectstatic", interactive=False, verbosity=0)


def supervisor(stream: TextIO | None = sys.stdout) -> Supervisor:
    """Every process of the site: the broker if it is embedded, workers, beat, dispatcher and web."""
    processes = site_processes(
        home=Path(settings.HOME),
        project=Path(settings.BASE_DIR),
        bind=settings.BIND,
        port=settings.PORT,
        queues=settings.QUEUES,
        concurrency=settings.WORKER_CONCURRENCY,
        embedded_broker=settings.REDIS_URL.startswith("unix://"),
    )
    return Supervisor(Path(settings.HOME), processes, stream=stream, cwd=Path(settings.BASE_DIR))
