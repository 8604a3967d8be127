"""Becomes the given program, after asking the kernel to signal it when its supervisor dies.

Run by path, not as a module: `python -I -S launch.py SUPERVISOR_PID SIGNAL PROGRAM [ARGUMENT...]`. It imports nothing
of ours and next to nothing of Python's, so it costs a few milliseconds. A preexec_fn could do the same, but is unsafe
in a supervisor with threads.
"""

import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    supervisor, signal_number, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    # The supervisor may have died before the kernel was asked; then nobody would ever signal us.
    if os.getppid() != supervisor:
        sys.exit("The supervisor is gone.")
    try:
        os.execvp(program[0], program)  # noqa: S606 (no shell is the point)
    except OSError as error:
        sys.exit(f"{program[0]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    main()
