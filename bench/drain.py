"""How fast 500 posts go out that are due at once, and how soon posts of killed workers are taken up again.

    python -m bench.drain [ROUNDS] [--sqlite]

Four Celery processes, the dispatcher, a loopback platform. Draining is measured from the common due time to the last
call. Then every worker process is killed with kill -9 in mid-call, and what its post does is timed. Without
DATABASE_URL it starts a PostgreSQL of its own, or with --sqlite uses a file. Goals: 25 posts a second with four
workers, none doubled; a dead worker's post is in other hands within its lease and two seconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import sys
import time
from datetime import timedelta

from bench.support import publishing

POSTS = 500
GOAL = 25.0


def drain(platform, account, turn: int) -> tuple[float, int]:
    """Posts a second, and how many were doubled."""
    from django.utils import timezone

    from tests.faults.judge import unfinished, verdict
    from tests.faults.stock import posts_on

    due = timezone.now() + timedelta(seconds=5)
    posts = posts_on([account], [f"Drain {turn} {number}" for number in range(POSTS)], due=due)
    publishing.wait_until(lambda: not unfinished(), 300)
    mine = {post.variant.title for post in posts}
    last = max(call.at for call in platform.calls() if call.title in mine)
    found = verdict(platform, posts)
    assert found.counts["lost"] == found.counts["stuck"] == 0
    return POSTS / (last - due.timestamp()), found.counts["doubled"]


def recover(platform, account, worker, turn: int) -> tuple[float, float]:
    """Seconds from the kill until another worker has the post, and until it is known to be published."""
    from apps.schedules.models import Post
    from tests.faults.stock import posts_on

    title = f"Killed {turn}"
    platform.script({title: ["accept_then_hang"]})
    [post] = posts_on([account], [title])
    row = Post._base_manager.filter(pk=post.pk)
    publishing.wait_until(lambda: platform.counts()[title])
    for child in publishing.children_of(worker):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    killed = time.monotonic()
    publishing.wait_until(lambda: not row.filter(state="submitting").exists())
    taken = time.monotonic() - killed
    publishing.wait_until(lambda: row.filter(state="published").exists())
    assert platform.counts()[title] == 1
    return taken, time.monotonic() - killed


def run(rounds: int) -> dict[str, object]:
    from django.db import connection

    from tests.faults.stock import accounts
    from tests.servers import platform_server

    with publishing.broker(), platform_server.apart() as platform:
        [account] = accounts(platform, ["fake_key"])
        with publishing.workers() as worker, publishing.dispatcher():
            drained = [drain(platform, account, turn) for turn in range(rounds)]
            recovered = [recover(platform, account, worker, turn) for turn in range(rounds)]
    lease = account.adapter.timeout + account.adapter.margin
    return {
        "database": connection.vendor,
        "rounds": rounds,
        "posts_per_second": round(statistics.median(rate for rate, _doubled in drained), 1),
        "doubled": sum(doubled for _rate, doubled in drained),
        "lease": lease,
        "taken_up_after": round(max(taken for taken, _known in recovered), 2),
        "known_after": round(max(known for _taken, known in recovered), 2),
    }


def tell(result: dict) -> None:
    print(f"\nOn {result['database']}, {result['rounds']} rounds")
    print(f"{POSTS} posts due at once, 4 workers: {result['posts_per_second']} posts/s (goal {GOAL:.0f})")
    print(f"doubled: {result['doubled']} (goal 0)")
    print(f"after kill -9, taken up again: {result['taken_up_after']} s (goal lease {result['lease']} + 2 s)")
    print(f"after kill -9, known to be published: {result['known_after']} s\n")
    print(json.dumps({**result, "measured": time.strftime("%Y-%m-%d")}))


def main() -> None:
    words = sys.argv[1:]
    if "RUNDOWN_BENCH" not in os.environ:
        publishing.run_apart("bench.drain", words)
        return
    publishing.set_up()
    tell(run(next((int(word) for word in words if word.isdigit()), 2)))


if __name__ == "__main__":
    main()
