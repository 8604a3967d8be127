from apps.schedules.models.post import POST_MACHINE, Post, Waiting
from apps.schedules.models.slot import Slot

__all__ = ["POST_MACHINE", "Post", "Slot", "Waiting"]
