from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.pipeline.sweeper import sweep_all


class Command(BaseCommand):
    help = "One pass of the sweeper: finds lost work and sends it on its way."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, count in sweep_all().items():
            self.stdout.write(f"{name}: {count}")
