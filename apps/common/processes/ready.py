"""How a process tells its supervisor, or the health check of its container, that it can do its work."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "RUNDOWN_READY_FILE"


def ready_file(path: Path) -> dict[str, str]:
    """The variable that tells a process where to say it."""
    return {VARIABLE: str(path)}


def say_ready() -> None:
    """Called by a process once it works, and again as a sign of life; does nothing when nobody asked."""
    if path := os.environ.get(VARIABLE):
        Path(path).touch()
