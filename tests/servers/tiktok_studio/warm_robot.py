"""The robot with one window for many jobs, each in a tab of its own: opening a browser costs as much as a walk.

Why each job has a process and a browser of its own in the product is shown in test_driver.py, by starting them so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from apps.platforms.tiktok import driver
from apps.platforms.tiktok.robot import Robot

OVER = {"event": "over"}


class WarmRobot:
    """Does jobs as `driver.run` does, in a process that stays."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.servers.tiktok_studio.warm_robot"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=driver.ROOT, text=True
        )

    def run(
        self, job: dict[str, Any], *, folder: Path, seconds: float, on_event: Callable[[str, dict[str, Any]], None]
    ) -> driver.Ended:
        job = {**job, "folder": str(folder), "seconds": driver.seconds_of_job(seconds)}
        watchdog = threading.Timer(seconds, self._process.kill)
        watchdog.start()
        try:
            self._process.stdin.write(json.dumps(job, default=str) + "\n")
            self._process.stdin.flush()
            ended = driver.Ended(code="crash")
            while (content := json.loads(self._process.stdout.readline())) != OVER:
                driver.take(ended, content, on_event)
            return ended
        finally:
            watchdog.cancel()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def main() -> None:
    with sync_playwright() as playwright:
        context = None
        for line in sys.stdin:
            robot = Robot(json.loads(line), sys.stdout)
            if context is None:
                context = robot.context_of(robot.launch(playwright))
                context.new_page()  # keeps the window open
            context.clear_cookies()
            context.add_cookies(robot.job["cookies"])
            robot.work_in(context)
            for tab in context.pages[1:]:
                tab.close()
            print(json.dumps(OVER), flush=True)


if __name__ == "__main__":
    main()
