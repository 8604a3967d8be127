"""Asking for text on behalf of a plan: which version of a template, and what it all cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.content_plans.models import ContentPlan
from apps.templates.generation import Written, generate
from apps.templates.models import Generation
from apps.templates.queries import versions_of
from apps.workspaces.actors import SYSTEM


@dataclass
class Bill:
    """What was asked since it was opened. cost: US dollars; None once the cost of an answer is unknown."""

    cost: Decimal | None = Decimal(0)
    calls: int = 0
    last: Generation | None = None

    def add(self, generation: Generation) -> None:
        self.last = generation
        if generation.reused_id is not None or generation.engine == "extractive":
            return
        self.calls += 1
        self.cost = None if self.cost is None or generation.cost is None else self.cost + generation.cost


@dataclass
class Writer:
    """Asks for a plan's texts and keeps the bill."""

    plan: ContentPlan
    bill: Bill = field(default_factory=Bill)

    def ask(self, kind: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Raises what `generate` raises."""
        return self.written(kind, variables).data

    def written(self, kind: str, variables: Mapping[str, Any]) -> Written:
        plan = self.plan
        written = generate(
            workspace=plan.workspace,
            kind=kind,
            variables={**variables, "language": plan.language},
            actor=SYSTEM,
            subject=plan,
            version=self._version(kind),
        )
        self.bill.add(written.generation)
        return written

    def _version(self, kind: str):
        """The plan's own choice; None where it has none, or where it is gone."""
        chosen = self.plan.overrides.get(kind)
        return versions_of(self.plan.workspace).filter(pk=chosen, template__kind=kind).first() if chosen else None

    def settle(self) -> Bill:
        """The bill so far; the next one begins at nothing."""
        bill, self.bill = self.bill, Bill()
        return bill
