"""Not waiting for a hanging service again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

# A refusal comes at once; whoever is kept waiting for longer has met something that hangs.
_SOON = 0.5
_LEFT_ALONE = 5.0


class Patience:
    """One service, as a process knows it. Each of its users does without it while it `is_resting`."""

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def is_resting(self) -> bool:
        return time.monotonic() < self._until

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Around a call: one that fails after a long wait leaves the service alone for some seconds."""
        began = time.monotonic()
        try:
            yield
        except Exception:
            if time.monotonic() - began > _SOON:
                self._until = time.monotonic() + _LEFT_ALONE
            raise


# Broker, cache and channel layer, which are one server.
BROKER = Patience()
