"""Sent inside the transaction that connects an account, so that what belongs to it is made with it or not at all."""

from django.dispatch import Signal

# sender: Account; account: the new row
account_connected = Signal()
