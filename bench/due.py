"""How long after its time a post reaches its platform: the dispatcher against a poller that looks once a second.

    python -m bench.due [ROUNDS] [--sqlite]

The same posts, workers and platform for both, in turns; one post at a time, at uneven moments. Measured from the time
that the post was scheduled for to the first bytes at the platform. Without DATABASE_URL it starts a PostgreSQL of its
own, or with --sqlite uses a file. Goals: p99 at most a tenth of the poller's, on SQLite a quarter.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from datetime import timedelta

from bench.support import publishing

POSTS = 40
APART = 0.25
DESIGNS = {"dispatcher": publishing.dispatcher, "poller": publishing.poller}


def measure(design: str, platform, account, dice: random.Random) -> list[float]:
    """Seconds from due to the platform, for every post of one turn."""
    from django.utils import timezone

    from tests.faults.judge import unfinished
    from tests.faults.stock import posts_on

    before = len(platform.calls())
    with DESIGNS[design]():
        start, due = timezone.now() + timedelta(seconds=2), {}
        for number in range(POSTS):
            # Uneven, so that a poller's rhythm is met at every phase.
            at = start + timedelta(seconds=(number + dice.random()) * APART)
            [post] = posts_on([account], [f"{design} {before + number}"], due=at)
            due[post.variant.title] = at.timestamp()
        publishing.wait_until(lambda: not unfinished())
    calls = platform.calls()[before:]
    assert sorted(call.title for call in calls) == sorted(due), "not each once"
    return [call.at - due[call.title] for call in calls]


def run(rounds: int) -> dict[str, object]:
    from django.db import connection

    from tests.faults.stock import accounts
    from tests.servers import platform_server

    found: dict[str, list[list[float]]] = {design: [] for design in DESIGNS}
    with publishing.broker(), platform_server.apart() as platform, publishing.workers():
        [account] = accounts(platform, ["fake_key"])
        for design in DESIGNS:
            measure(design, platform, account, random.Random(0))  # warms every process up
        for number in range(rounds):
            for design in DESIGNS:
                found[design].append(measure(design, platform, account, random.Random(number)))
    return {
        "database": connection.vendor,
        "rounds": rounds,
        **{design: percentiles(turns) for design, turns in found.items()},
    }


def percentiles(turns: list[list[float]]) -> dict[str, float]:
    """Milliseconds, over all turns together."""
    cuts = statistics.quantiles([seconds * 1000 for turn in turns for seconds in turn], n=100)
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1)}


def tell(result: dict) -> None:
    ratio = result["dispatcher"]["p99"] / result["poller"]["p99"]
    goal = 0.1 if result["database"] == "postgresql" else 0.25
    print(f"\nFrom due to the platform on {result['database']}, {result['rounds']} rounds of {POSTS} posts\n")
    print(f"{'':<24}   p50 ms   p99 ms")
    for design in DESIGNS:
        print(f"{design:<24}{result[design]['p50']:>9.1f}{result[design]['p99']:>9.1f}")
    print(f"\np99 is {ratio:.3f} of the poller's (goal {goal})\n")
    print(json.dumps({**result, "p99_ratio": round(ratio, 4), "measured": time.strftime("%Y-%m-%d")}))


def main() -> None:
    words = sys.argv[1:]
    if "RUNDOWN_BENCH" not in os.environ:
        publishing.run_apart("bench.due", words)
        return
    publishing.set_up()
    tell(run(next((int(word) for word in words if word.isdigit()), 2)))


if __name__ == "__main__":
    main()
