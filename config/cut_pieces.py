"""What came of an upload's piece counts, also when the connection breaks before the rest.

Daphne hands a request over once its body is whole and forgets what it has of one that ends early. Clients of tus send a
film as one single piece unless they are told otherwise: over a poor line it would never arrive.
"""

from __future__ import annotations

import re
from typing import Any

from daphne import http_protocol

_PIECES = re.compile(rb"/api/v1/clips/uploads/[0-9a-f-]+$")


class KeepingRequest(http_protocol.WebRequest):
    """A request that, when it is cut off in the middle of a piece, is carried out with what came of it."""

    def connectionLost(self, reason: Any) -> None:
        if self.application_queue is None and self._is_piece():
            channel = self.channel
            self.requestReceived(channel._command, channel._path, channel._version)
            self.application_queue = None  # it would be told that nobody listens, and stop
        super().connectionLost(reason)

    def _is_piece(self) -> bool:
        """Whether the body of a piece is being received, and something of it is here."""
        # The channel knows its request by these names from the end of the headers to the end of the body.
        command, path = (getattr(self.channel, name, b"") for name in ("_command", "_path"))
        return (
            command == b"PATCH" and bool(_PIECES.match(path)) and self.content is not None and self.content.tell() > 0
        )


def keep_what_came() -> None:
    """Have Daphne use it. There is no setting for that; its factory looks the class up by this name."""
    http_protocol.WebRequest = KeepingRequest
