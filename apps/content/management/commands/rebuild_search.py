from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.content.search import rebuild


class Command(BaseCommand):
    help = "Write anew what stories, plans and items are found by, such as after rows were written past Rundown."

    def handle(self, *args: Any, **options: Any) -> None:
        for kind, count in rebuild().items():
            self.stdout.write(f"{kind}: {count}")
