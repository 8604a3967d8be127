"""All checks of a page, and their overall scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.engines.seo import on_page, readability
from apps.engines.seo.check import Check
from apps.engines.seo.keyphrase import Keyphrase
from apps.engines.seo.page import Page

_BEST = 9
# What the checks of readability take off, by verdict.
_PENALTY = {"bad": 3, "ok": 2, "good": 0, "info": 0}
# What a check is called that does not apply; those that do say it themselves.
_LABELS = {
    "keyphrase_length": _("Keyphrase length"),
    "density": _("Keyphrase density"),
    "text_length": _("Text length"),
    "subheading_distribution": _("Subheading distribution"),
    "paragraph_length": _("Paragraph length"),
    "sentence_length": _("Sentence length"),
    "sentence_beginnings": _("Sentence beginnings"),
    "passive_voice": _("Passive voice"),
    "transition_words": _("Transition words"),
}
_ENGLISH = frozenset({"sentence_beginnings", "passive_voice", "transition_words"})


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
    def left_out(self) -> list[tuple[Any, list[Any]]]:
        """Why checks do not apply, each reason with what these checks are called."""
        english = [_LABELS[name] for name in self.skipped if name in _ENGLISH]
        others = [_LABELS[name] for name in self.skipped if name not in _ENGLISH]
        reasons = (
            (_("Nothing marks the words in this language, and the thresholds are numbers of words."), others),
            (_("Word lists for them are there for English only."), english),
        )
        return [(reason, labels) for reason, labels in reasons if labels]

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
