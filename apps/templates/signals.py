"""What others may want to know of; `apps.pipeline` listens."""

from django.dispatch import Signal

# A limit, a price or the provider of a workspace has changed (workspace): what waited for money may go on.
money_changed = Signal()
