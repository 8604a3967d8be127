"""What became of the posts: the platform's own log against the rows of the database."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from apps.schedules.models import Post
from tests.servers.platform_server import Apart

# The variables by which `make faults` asks for the long form.
POSTS = int(os.environ.get("FAULT_POSTS", "0"))
SEEDS = int(os.environ.get("FAULT_SEEDS", "1"))
RESULTS = "FAULT_RESULTS"
# Of the loopback adapters: timeout and margin.
LEASE = timedelta(seconds=1.5)


@dataclass
class Row:
    """A line of the table in docs/reliability.md. naive: what became of the naive publisher; faults: how many."""

    scenario: str
    posts: int
    faults: int
    doubled: int
    lost: int
    stuck: int
    naive: str
    seed: int | str = "-"
    seconds: float = 0.0
    database: str = ""


@dataclass(frozen=True)
class Verdict:
    """Titles that were published more than once; that are neither public nor with a person; that are not settled."""

    doubled: list[str]
    lost: list[str]
    stuck: list[str]
    asked: int

    @property
    def counts(self) -> dict[str, int]:
        return {"doubled": len(self.doubled), "lost": len(self.lost), "stuck": len(self.stuck)}


CLEAN = {"doubled": 0, "lost": 0, "stuck": 0}


def verdict(platform: Apart, posts: Iterable[Post]) -> Verdict:
    """A post that waits for a person is not lost; one that is said to be published and is not public is."""
    ids = {post.pk for post in posts}
    rows = Post._base_manager.select_related("variant").order_by("pk")
    found = [(post.variant.title, post.state, post.wake_at) for post in rows if post.pk in ids]
    counts = platform.counts()
    return Verdict(
        doubled=[title for title, _state, _wake in found if counts[title] > 1],
        lost=[title for title, state, wake in found if not counts[title] and wake is None and state != "needs_human"],
        stuck=[title for title, _state, wake in found if wake is not None],
        asked=sum(state == "needs_human" for _title, state, _wake in found),
    )


def unfinished() -> int:
    return Post._base_manager.filter(wake_at__isnull=False).count()


def beyond_two_leases() -> int:
    """Posts that a worker took and that nobody has looked after for two leases since its own ended."""
    held = Post._base_manager.filter(state__in=["claimed", "submitting"])
    return held.filter(lease_until__lt=timezone.now() - 2 * LEASE).count()


def wait_until(condition: Callable[[], object], seconds: float, what: str = "it") -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)


def note(row: Row, began: float) -> None:
    """Keep a line for the table, when somebody asked for one. began: time.monotonic() at the start."""
    row.seconds, row.database = round(time.monotonic() - began, 1), connection.vendor
    if path := os.environ.get(RESULTS):
        with open(path, "a") as file:
            file.write(json.dumps(asdict(row)) + "\n")
