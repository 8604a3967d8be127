from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django_scopes import scopes_disabled

from apps.uploads.restoring import settle_restored


class Command(BaseCommand):
    help = (
        "To be run once after the database was restored from a backup, before workers and dispatcher start: pauses "
        "every workspace, and asks people about the posts that may have gone out since the backup was made."
    )

    @scopes_disabled()
    def handle(self, *args: Any, **options: Any) -> None:
        found = settle_restored()
        self.stdout.write(f"{found['workspaces']} workspace(s) are paused; nothing goes out until they are resumed.")
        self.stdout.write(f"{found['posts']} post(s) may be online already and wait under “Needs you”.")
