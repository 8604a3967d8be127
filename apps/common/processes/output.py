"""What the processes say: on the terminal with the process's name before each line, and in files of limited size."""

from __future__ import annotations

import logging
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Lock
from typing import BinaryIO, TextIO

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
LOG_BYTES = 5_000_000
LOG_FILES = 3
TAIL_LINES = 20


class Console:
    """One terminal shared by many writers; lines never mix."""

    def __init__(self, stream: TextIO | None, names: tuple[str, ...]) -> None:
        self._stream = stream
        self._lock = Lock()
        self._width = max((len(name) for name in names), default=0)
        coloured = stream is not None and stream.isatty()
        self._colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)} if coloured else {}

    def line(self, name: str, text: str) -> None:
        if self._stream is None:
            return
        label = f"{name:<{self._width}} |"
        if name in self._colours:
            label = f"\033[{self._colours[name]}m{label}\033[0m"
        with self._lock:
            self._stream.write(f"{label} {text}\n")
            self._stream.flush()


class ProcessLog:
    """Keeps a process's lines in `folder`/`name`.log, rotated by size, and its last ones in memory."""

    def __init__(self, folder: Path, name: str, console: Console) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._name = name
        self._console = console
        self._file = RotatingFileHandler(
            folder / f"{name}.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)

    def follow(self, pipe: BinaryIO) -> None:
        """Read `pipe` to its end."""
        with pipe:
            for raw in pipe:
                text = raw.decode("utf-8", "replace").rstrip()
                self.tail.append(text)
                self._file.emit(logging.makeLogRecord({"msg": text}))
                self._console.line(self._name, text)

    def close(self) -> None:
        self._file.close()
