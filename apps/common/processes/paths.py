"""Where the processes of one installation keep their sockets and pid files."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from apps.common.errors import DomainError

# A unix socket's address has 108 bytes on Linux, its closing zero included.
LONGEST_SOCKET = 100


def run_dir(home: Path) -> Path:
    """The folder of sockets and pid files: in `home`, or where its path is too long for a socket, a short one."""
    folder = home / "run"
    if len(os.fsencode(folder / "valkey.sock")) <= LONGEST_SOCKET:
        return folder
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"rundown-{os.getuid()}-{name}"


def private_folder(folder: Path) -> None:
    """Make `folder` for its owner alone; raises DomainError when somebody else made it first."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.getuid():
        raise DomainError(f"{folder} belongs to another user.", hint="Set RUNDOWN_HOME to a folder of your own.")
    folder.chmod(0o700)


def socket_path(home: Path) -> Path:
    """The socket of the embedded Valkey."""
    return run_dir(home) / "valkey.sock"
