"""Asking for text on behalf of a plan: which version of a template, and what it all cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.content.voice import style_for
from apps.content_plans.models import ContentPlan
from apps.content_plans.queries import paid_for, rounds_of, spent_on
from apps.templates.generation import generate
from apps.templates.models import Generation, Kind, PromptVersion
from apps.templates.outcomes import record_outcome
from apps.templates.queries import versions_of
from apps.workspaces.actors import SYSTEM

# Whose answer is the text itself, and whose answers its score says something about.
_TEXT = frozenset({Kind.BLOG_DRAFT, Kind.SEO_REWRITE})
_SCORED = _TEXT | {Kind.OUTLINE, Kind.METADATA}


@dataclass(frozen=True)
class Bill:
    """What a round took. cost: US dollars, with all that failed on the way; None when one answer's cost is unknown.

    calls: questions that were not answered before. written: the answers it is made of.
    """

    cost: Decimal | None
    calls: int
    written: tuple[Generation, ...]

    @property
    def text(self) -> Generation | None:
        """The answer that the text is from, as far as it is from one."""
        texts = [each for each in self.written if each.kind in _TEXT]
        return (texts or [None])[-1]

    def score(self, seo_score: int) -> None:
        """Tell the ranking of versions; an answer that was used again has its score from the first time."""
        for each in self.written:
            if each.kind in _SCORED and each.reused_id is None:
                record_outcome(generation=each, seo_score=seo_score)


@dataclass
class Writer:
    """Asks for a plan's texts and keeps what was answered."""

    plan: ContentPlan
    written: list[Generation] = field(default_factory=list)

    def ask(self, kind: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Raises what `generate` raises."""
        plan = self.plan
        written = generate(
            workspace=plan.workspace,
            kind=kind,
            variables={**variables, "language": plan.language},
            actor=SYSTEM,
            subject=plan,
            version=self._version(kind),
            style=style_for(plan.workspace, plan.language),
        )
        self.written.append(written.generation)
        return written.data

    def _version(self, kind: str) -> PromptVersion | None:
        """The plan's own choice; None where it has none, or where it is gone."""
        chosen = self.plan.overrides.get(kind)
        return versions_of(self.plan.workspace).filter(pk=chosen, template__kind=kind).first() if chosen else None

    def settle(self) -> Bill:
        """The bill since the round before, also of work that was broken off; the next one begins at nothing."""
        written, self.written = tuple(self.written), []
        last = rounds_of(self.plan).filter(edition=self.plan.edition).last()
        since = last.created_at if last else self.plan.begun_at
        rows = paid_for(self.plan).exclude(kind=Kind.VARIANT)
        rows = rows.filter(created_at__gt=since) if since else rows
        spent = spent_on(rows)
        return Bill(None if spent["unknown"] else spent["cost"], spent["calls"], written)
