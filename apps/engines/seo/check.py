"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from apps.engines.seo.page import Span

Verdict = Literal["good", "ok", "bad", "info"]
Group = Literal["keyphrase", "page", "readability"]


@dataclass(frozen=True)
class Check:
    """One finding.

    id: stable name. score: 9 is best, below 5 is bad, negative weighs against the page. value: what was measured;
    threshold: what is asked for, in words. evidence: the places it is about. hint: what to do, "" when nothing.
    """

    id: str
    group: Group
    label: Any
    score: int
    value: float | int | str | None = None
    threshold: Any = ""
    evidence: tuple[Span, ...] = ()
    hint: Any = ""

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.score)


def verdict_of(score: int) -> Verdict:
    if score == 0:
        return "info"
    return "good" if score >= 8 else "ok" if score >= 5 else "bad"
