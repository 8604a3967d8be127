"""Looking into a watched folder, without following anything out of it and without changing anything in it."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from apps.clips.inbox.tracker import Listed

HINT = "README.txt"
# What programs call a file that they are still writing, and what systems leave lying about.
UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", ".temp", ".filepart", ".opdownload", ".!ut", "~")
LITTER = frozenset({"thumbs.db", "desktop.ini"})
MOST_FILES = 5000
DEEPEST = 4


def list_files(root: Path) -> list[Listed]:
    """The files that may be videos, folders within included. Links, hidden and unfinished files are not there."""
    return [file for number, file in enumerate(_walk(root, "", DEEPEST)) if number < MOST_FILES]


def list_links(root: Path) -> list[str]:
    """Names of links that lie directly in the folder: somebody expects them to be taken, and they are not."""
    with suppress(OSError), os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.is_symlink() and not is_ignored(entry.name))
    return []


def is_ignored(name: str) -> bool:
    lower = name.lower()
    return name.startswith((".", "~")) or lower.endswith(UNFINISHED) or lower in LITTER or name == HINT


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[Listed]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if is_ignored(entry.name) or entry.is_symlink() or not _is_text(entry.name):
                continue
            with suppress(OSError):  # gone since it was listed
                if entry.is_dir(follow_symlinks=False):
                    if depth:
                        yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", depth - 1)
                    continue
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(found.st_mode):
                    yield Listed(f"{prefix}{entry.name}", found.st_size, found.st_mtime_ns)


def _is_text(name: str) -> bool:
    """Names are bytes to Linux; what is no text cannot be written down."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in name


@contextmanager
def opened(root: Path, relative: str) -> Iterator[BinaryIO]:
    """A file of the folder, to read; no link on the way to it is followed, whatever was put there since it was listed.

    Raises OSError.
    """
    *folders, name = relative.split("/")
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            deeper = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = deeper
        # A pipe in its place would make a plain open wait for ever.
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
    finally:
        os.close(here)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{relative} is no plain file")
        yield file


def identity(file: BinaryIO) -> tuple[int, int]:
    """Size and time of the last change, as `list_files` gives them."""
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def is_being_written(path: Path) -> bool:
    """Whether a process of this machine that we may look at has the file open for writing; Linux tells."""
    if sys.platform != "linux":
        return False
    try:
        wanted = path.stat()
    except OSError:
        return False
    with os.scandir("/proc") as processes:
        others = [each.path for each in processes if each.name.isdigit() and int(each.name) != os.getpid()]
    return any(_writes(process, wanted) for process in others)


def _writes(process: str, wanted: os.stat_result) -> bool:
    with suppress(OSError), os.scandir(f"{process}/fd") as handles:  # most processes are others', and end at any time
        for handle in handles:
            with suppress(OSError):
                found = os.stat(handle.path)
                if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
                    about = Path(f"{process}/fdinfo/{handle.name}").read_text()
                    flags = next(int(line.split()[1], 8) for line in about.splitlines() if line.startswith("flags:"))
                    if flags & os.O_ACCMODE != os.O_RDONLY:
                        return True
    return False
