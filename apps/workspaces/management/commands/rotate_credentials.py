from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.common.crypto import CredentialUnreadable
from apps.workspaces.rotation import rotate_all


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret with the first of CREDENTIAL_KEYS. Put the new key first, restart, run this, then "
        "drop the old key."
    )

    def handle(self, **options: Any) -> None:
        try:
            counts = rotate_all()
        except CredentialUnreadable as error:
            raise CommandError(str(error)) from error
        for field, count in sorted(counts.items()):
            self.stdout.write(f"{field}: {count}")
