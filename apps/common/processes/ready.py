"""How a process tells its supervisor that it can do its work."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "RUNDOWN_READY_FILE"


def ready_file(path: Path) -> dict[str, str]:
    """The variable that tells a process where to say it."""
    return {VARIABLE: str(path)}


def say_ready() -> None:
    """Called by a process once it works; does nothing when no supervisor asked."""
    if path := os.environ.get(VARIABLE):
        Path(path).touch()
