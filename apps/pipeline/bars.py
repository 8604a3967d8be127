"""Progress in a terminal, drawn from the live events of a workspace."""

from __future__ import annotations

import sys
from typing import Any, TextIO

WIDTH = 28


class Bars:
    """One line a step: redrawn in place on a terminal, written when it is done elsewhere."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._live = out.isatty()
        self._open = ""
        self._done: set[tuple[str, int, int]] = set()

    def show(self, event: dict[str, Any]) -> None:
        """Draw a `run.progress` event."""
        data, step = event["data"], event["data"]["step"]
        key = (event["subject"], data["attempt"], step["number"])
        if key in self._done:
            return
        percent = data["step_percent"]
        line = f"  {step['label'][:34]:<34} {bar(percent)} {percent:5.1f}%  {data['note']}"
        if percent >= 100:
            self._done.add(key)
            self._write(line, end="\n")
        elif self._live:
            self._write(line, end="")

    def say(self, text: str) -> None:
        self._write(text, end="\n")

    def _write(self, line: str, *, end: str) -> None:
        clear = "\r\x1b[2K" if self._open else ""
        self._out.write(f"{clear}{line}{end}")
        self._out.flush()
        self._open = "" if end else line


def bar(percent: float, width: int = WIDTH) -> str:
    filled = round(width * min(100.0, percent) / 100)
    return "█" * filled + "░" * (width - filled)
