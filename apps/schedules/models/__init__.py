from apps.schedules.models.calendar_feed import CalendarFeed
from apps.schedules.models.evergreen import EvergreenEntry, EvergreenPool
from apps.schedules.models.post import POST_MACHINE, Post, Waiting
from apps.schedules.models.recurrence import Recurrence
from apps.schedules.models.reservation import Reservation
from apps.schedules.models.slot import Slot

__all__ = [
    "POST_MACHINE",
    "CalendarFeed",
    "EvergreenEntry",
    "EvergreenPool",
    "Post",
    "Recurrence",
    "Reservation",
    "Slot",
    "Waiting",
]
