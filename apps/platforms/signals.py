"""Sent inside the transaction that changes an account, so that what belongs to it changes with it or not at all."""

from django.dispatch import Signal

# sender: Account; account: the new row
account_connected = Signal()
# sender: Account; account: the row, locked; actor. A receiver that raises keeps the account connected.
account_disconnecting = Signal()
# sender: Account; account. Asked before anybody disconnects it: receivers give sentences of what would stop then.
account_leaving = Signal()
