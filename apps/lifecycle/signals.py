"""Sent after a state change has been committed. Only `pipeline` listens, and answers by enqueuing work."""

from django.dispatch import Signal

# sender: the model; instance, action, source, target
advanced = Signal()
# sender: Run; run: a queued run that a worker should take
run_queued = Signal()
