"""A PostgreSQL of one's own, in a temporary folder, gone afterwards.

python -m tests.servers.postgres -- pytest tests    # DATABASE_URL names it for the command
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ACCOUNT = "postgres"
# Speed before safety: the data lives as long as the test run.
OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300"


@contextlib.contextmanager
def running_postgres() -> Iterator[str]:
    """The DATABASE_URL of a fresh server on 127.0.0.1."""
    with tempfile.TemporaryDirectory(prefix="rundown-pg-", ignore_cleanup_errors=True) as folder:
        data, port = Path(folder) / "data", _free_port()
        if os.getuid() == 0:
            shutil.chown(folder, ACCOUNT)
        _run("initdb", "-D", data, "-A", "trust", "-U", ACCOUNT, "-E", "UTF8", "--no-sync", cwd=folder)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {OPTIONS}"
        log = Path(folder) / "log"
        try:
            _run("pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start", cwd=folder)
            yield f"postgres://{ACCOUNT}@127.0.0.1:{port}/postgres"
        finally:
            _run("pg_ctl", "-D", data, "-m", "immediate", "stop", cwd=folder, check=False)


def _run(program: str, *arguments: object, cwd: str, check: bool = True) -> None:
    command = [str(_program(program)), *map(str, arguments)]
    # The server refuses root: its own account runs it, with nothing of root's left.
    as_account: dict[str, object] = {}
    if os.getuid() == 0:
        account = pwd.getpwnam(ACCOUNT)
        as_account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    # Not through pipes: the server would inherit and hold them open.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(command, cwd=cwd, stdout=output, stderr=subprocess.STDOUT, check=False, **as_account)
        if check and done.returncode:
            output.seek(0)
            raise RuntimeError(f"{program} failed:\n{output.read().decode(errors='replace')}")


def _program(name: str) -> Path:
    """Debian keeps the server's programs off PATH, a folder per version; the newest is taken."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    for folder in reversed(versions):
        if (folder / name).exists():
            return folder / name
    if found := shutil.which(name):
        return Path(found)
    raise RuntimeError(f"{name} is not installed; the Debian package is postgresql.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> int:
    command = sys.argv[sys.argv.index("--") + 1 :]
    # A Ctrl-C reaches the command too; it ends first, then the server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with running_postgres() as url:
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
