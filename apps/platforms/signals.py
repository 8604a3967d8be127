"""Sent inside the transaction that changes an account, so that what belongs to it changes with it or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from django.dispatch import Signal


@dataclass(frozen=True)
class Stop:
    """What ends with an account. what: its name in the API. said: the same as a sentence."""

    what: str
    count: int
    said: str

    def __str__(self) -> str:
        return self.said


# sender: Account; account: the new row
account_connected = Signal()
# sender: Account; account: the row, locked; actor. A receiver that raises keeps the account connected.
account_disconnecting = Signal()
# sender: Account; account. Asked before anybody disconnects it: receivers give a list of Stop.
account_leaving = Signal()
