"""How often each kind of work is tried, and how long it waits in between: one table for runs, posts and mails.

Waits grow from `first` by `factor` up to `most`, a quarter up or down, so that many failures do not come back together.
What the other side asks for (Retry-After) goes before. What is left after the last try is a dead letter: a failed run,
or a post that needs a person.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Retry:
    """tries: calls in all. first, most: seconds."""

    tries: int
    first: float
    factor: float = 2.0
    most: float = 900.0

    def wait(self, failures: int, *, first: float | None = None) -> float:
        """Seconds to wait after so many failures; first: where the other side has a first wait of its own."""
        ceiling = (first or self.first) * self.factor ** max(failures - 1, 0)
        return min(ceiling, self.most) * random.uniform(0.75, 1.25)


RETRIES = {
    # A publish call that certainly did nothing; the platform's `first_retry` is the first wait.
    "publish": Retry(tries=3, first=30, factor=4, most=3600),
    # Looking what became of a call; spread over a day, as `outcomes.still_unknown` counts it.
    "look": Retry(tries=25, first=30, factor=2, most=3600),
    "mail": Retry(tries=12, first=60, factor=2, most=3600),
    "fetch": Retry(tries=3, first=60, factor=4, most=3600),
    "script": Retry(tries=3, first=10, factor=3),
    "preview": Retry(tries=2, first=5),
    "footage": Retry(tries=3, first=5),
    "render": Retry(tries=3, first=5),
}
OTHER = Retry(tries=3, first=5)


def retry_of(kind: str) -> Retry:
    """The row of that kind of work, or the common one."""
    return RETRIES.get(kind, OTHER)


def as_markdown() -> str:
    lines = ["| work | tries | first wait | factor | longest wait |", "|---|---|---|---|---|"]
    rows = {**RETRIES, "anything else": OTHER}
    lines += [
        f"| {kind} | {row.tries} | {row.first:g} s | {row.factor:g} | {row.most:g} s |" for kind, row in rows.items()
    ]
    return "\n".join(lines) + "\n"
