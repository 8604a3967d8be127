"""Where the processes of one installation keep their sockets and pid files."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

# A unix socket's address has 108 bytes on Linux, its closing zero included.
LONGEST_SOCKET = 100


def run_dir(home: Path) -> Path:
    """The folder of sockets and pid files: in `home`, or where its path is too long for a socket, a short one."""
    folder = home / "run"
    if len(os.fsencode(folder / "valkey.sock")) <= LONGEST_SOCKET:
        return folder
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"rundown-{os.getuid()}-{name}"


def socket_path(home: Path) -> Path:
    """The socket of the embedded Valkey."""
    return run_dir(home) / "valkey.sock"
