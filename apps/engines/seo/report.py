"""All checks of a page, and their overall scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from apps.engines.seo import on_page, readability
from apps.engines.seo.check import Check
from apps.engines.seo.keyphrase import Keyphrase
from apps.engines.seo.page import Page

_BEST = 9
# What the checks of readability take off, by verdict.
_PENALTY = {"bad": 3, "ok": 2, "good": 0, "info": 0}


@dataclass(frozen=True)
class Report:
    """checks: all that apply to the page's language. skipped: ids of those that do not."""

    checks: tuple[Check, ...]
    skipped: tuple[str, ...]

    def __getitem__(self, name: str) -> Check:
        return next(check for check in self.checks if check.id == name)

    @cached_property
    def score(self) -> int:
        """0 to 100: the mean of the keyphrase and page checks; negative checks pull it down, never below 0."""
        counted = [check.score for check in self.checks if check.group != "readability"]
        return max(0, min(100, round(sum(counted) / (len(counted) * _BEST) * 100))) if counted else 0

    @cached_property
    def readability(self) -> int:
        """30 hard, 60 fair, 90 easy."""
        penalty = sum(_PENALTY[check.verdict] for check in self.checks if check.group == "readability")
        partial = bool(self.skipped)
        if penalty > (4 if partial else 6):
            return 30
        return 60 if penalty > (2 if partial else 4) else 90

    @property
    def to_do(self) -> list[Check]:
        """What is not good yet, worst first."""
        return sorted((check for check in self.checks if check.verdict in ("bad", "ok")), key=lambda check: check.score)


def judge(page: Page) -> Report:
    phrase = Keyphrase.of(page)
    found = [(rule.__name__, rule(page, phrase)) for rule in on_page.RULES]
    found += [(rule.__name__, rule(page)) for rule in readability.RULES]
    skipped = tuple(name for name, check in found if check is None)
    return Report(tuple(check for _name, check in found if check is not None), skipped)
