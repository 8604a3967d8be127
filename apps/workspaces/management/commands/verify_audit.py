from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.workspaces.audit import Broken, heads, verify, verify_contains
from apps.workspaces.models import Workspace


class Command(BaseCommand):
    help = (
        "Walk the audit trail of every workspace and report where it was changed. Keep what --export prints outside of "
        "this machine: a later --compare also shows when a whole trail was written anew."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--export", action="store_true", help="print the heads as JSON")
        parser.add_argument("--compare", metavar="FILE", help="heads exported earlier, which the trails must contain")

    def handle(self, *, export: bool, compare: str | None, **options: Any) -> None:
        broken = [each for workspace in Workspace.objects.order_by("pk") for each in verify(workspace)]
        if compare:
            broken += list(self._compare(compare))
        for each in broken:
            self.stderr.write(f"{each.workspace}: row {each.seq}: {each.reason}")
        if broken:
            raise CommandError(f"The audit trail is broken in {len(broken)} place(s).")
        if export:
            self.stdout.write(json.dumps(heads(), indent=2))
        else:
            self.stdout.write(f"{Workspace.objects.count()} audit trail(s) are as they were written.")

    def _compare(self, path: str) -> Iterator[Broken]:
        with open(path) as file:
            kept = json.load(file)
        for slug, head in kept.items():
            yield from verify_contains(slug, seq=head["seq"], digest=head["hash"])
