"""Become ffmpeg, with limits, and die with the parent.

Runs as a script in a fresh interpreter (`python -I -S guard.py PARENT CPU MEMORY FILE -- ffmpeg ...`) and then replaces
itself by the program. A fresh process may set limits and the parent-death signal safely; code between fork and exec of
a threaded worker may not.
"""

import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process (the setting outlives exec) when the thread that started it ends."""
    import ctypes  # only here: Linux alone has prctl

    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the request was in place
        os._exit(1)


def limit(kind: int, value: int) -> None:
    """Lower a limit, never above what the machine already imposes."""
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def main(argv: list[str]) -> None:
    parent, cpu, memory, file_size = (int(value) for value in argv[:4])
    if sys.platform == "linux":
        die_with(parent)
        limit(resource.RLIMIT_AS, memory)
    limit(resource.RLIMIT_CPU, cpu)
    limit(resource.RLIMIT_FSIZE, file_size)
    limit(resource.RLIMIT_CORE, 0)
    command = argv[5:]
    os.execv(command[0], command)  # noqa: S606 - a list, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
