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


# For a server that is to be crashed: what it has confirmed must be there afterwards.
DURABLE = "-c fsync=off -c synchronous_commit=on -c full_page_writes=on -c max_connections=100"


@contextlib.contextmanager
def running_postgres() -> Iterator[str]:
    """The DATABASE_URL of a fresh server on 127.0.0.1."""
    with Postgres() as server:
        yield server.url


class Postgres:
    """`with Postgres(DURABLE) as server:` runs one that can be crashed and started again."""

    def __init__(self, options: str = OPTIONS) -> None:
        self.port = _free_port()
        self.url = f"postgres://{ACCOUNT}@127.0.0.1:{self.port}/postgres"
        self._options = options

    def __enter__(self) -> Postgres:
        self._folder = tempfile.TemporaryDirectory(prefix="rundown-pg-", ignore_cleanup_errors=True)
        self._home = Path(self._folder.name)
        if os.getuid() == 0:
            shutil.chown(self._home, ACCOUNT)
        try:
            self._run("initdb", "-A", "trust", "-U", ACCOUNT, "-E", "UTF8", "--no-sync")
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self) -> None:
        options = f"-p {self.port} -k {self._home} -c listen_addresses=127.0.0.1 {self._options}"
        self._run("pg_ctl", "-w", "-l", self._home / "log", "-o", options, "start")

    def crash(self) -> None:
        """At once, without a word to its clients; it recovers when it is started again."""
        self._run("pg_ctl", "-m", "immediate", "stop", check=False)

    def allow_files(self, size: int | str) -> None:
        """How long the server's files may become, in bytes or "unlimited"; a full disk, without filling one."""
        if self.pid is None:
            return
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for pid in (self.pid, *children):
            _run("prlimit", f"--pid={pid}", f"--fsize={size}:", cwd=str(self._home), check=False)

    @property
    def pid(self) -> int | None:
        """Of the server's first process; None while it does not run."""
        try:
            pid = int((self._home / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError, IndexError):
            return None
        return pid

    def __exit__(self, *_: object) -> None:
        self.crash()
        self._folder.cleanup()

    def _run(self, program: str, *arguments: object, check: bool = True) -> None:
        _run(program, "-D", self._home / "data", *arguments, cwd=str(self._home), check=check)


def program(name: str) -> str:
    """The path of a program that comes with the server, such as pg_dump."""
    return str(_program(name))


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
