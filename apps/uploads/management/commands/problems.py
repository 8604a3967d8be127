from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import override

from apps.lifecycle.retries import as_markdown as retries
from apps.uploads.problems import as_markdown as problems

PAGE = """\
# What can go wrong, and how often it is tried

Made by `manage.py problems` from the tables in `apps/uploads/problems.py` and `apps/lifecycle/retries.py`. The same
errors stand on the page “What errors mean”, in the admin and under `GET /api/v1/schedule/problems`.

## Posts

{problems}
## Retries

Waits grow by the factor up to the longest one, a quarter up or down. What the other side asks for (Retry-After) goes
before, and holds for the whole account. What is left after the last try is a dead letter: a failed run, or a post that
needs a person. `look` is spread over a day.

{retries}"""


class Command(BaseCommand):
    help = "Writes docs/problems.md: what can go wrong with a post, and the retry policy of each kind of work."

    def handle(self, *args: Any, **options: Any) -> None:
        with override("en"):
            text = PAGE.format(problems=problems(), retries=retries())
        (settings.BASE_DIR / "docs" / "problems.md").write_text(text, encoding="utf-8")
