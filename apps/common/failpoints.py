"""Named places where a test may stop a process, to prove that what remains can be put right.

RUNDOWN_FAILPOINTS="uploads.after_intent=crash,uploads.after_call=hang"; unset, which is everywhere but in fault tests,
a failpoint costs one look at the environment.
"""

from __future__ import annotations

import os
import signal
import time


def failpoint(name: str) -> None:
    """crash: die at once, as by kill -9. hang: stand still. stop: stand still until a SIGCONT comes."""
    armed = os.environ.get("RUNDOWN_FAILPOINTS")
    if not armed:
        return
    for pair in armed.split(","):
        point, _equals, action = pair.partition("=")
        if point.strip() == name:
            _act(action.strip())


def _act(action: str) -> None:
    if action == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif action == "hang":
        while True:
            time.sleep(3600)
    else:
        raise ValueError(f"A failpoint knows crash, stop and hang, not “{action}”.")
