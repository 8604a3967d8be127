"""Finding places in an account's time that keep its gap, its daily limit and its quiet hours."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from datetime import UTC, datetime, time, timedelta

from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.errors import Conflict, Invalid
from apps.platforms.models import Account
from apps.schedules.models import Post, Slot
from apps.schedules.quiet import is_quiet, quiet_end
from apps.schedules.slots import Occurrence, occurrences

# What is cancelled, missed or refused gives its place back.
GONE = ("cancelled", "missed", "rejected")
# What is late, or sent again together, goes out so far apart at least: an outage must not end in a burst.
CATCH_UP_GAP = timedelta(minutes=5)
_STEP = 28
_HORIZON = 364
_MARGIN = timedelta(days=2)
_FARTHEST = timedelta(days=3660)


def require_time(account: Account, at: datetime) -> None:
    """Raises Invalid for a time at which a post would be missed already, and for one that nobody can mean."""
    now = database_now()
    if at < now - timedelta(minutes=account.catch_up):
        raise Invalid(_("Its time has passed."), at=[_("Choose a time in the future.")])
    if at > now + _FARTHEST:
        raise Invalid(_("That is more than ten years ahead."), at=[_("Look at the year.")])


def next_free_slot(account: Account, *, after: datetime) -> Occurrence:
    """The first occurrence of the account's slots later than `after` that keeps its rules.

    Raises Conflict when there is none within a year.
    """
    return next_free_slots(account, after=after, count=1)[0]


def next_free_slots(account: Account, *, after: datetime, count: int) -> list[Occurrence]:
    """So many free occurrences, each keeping the rules beside the ones before it.

    Raises Conflict when there is not even one within a year.
    """
    found: list[Occurrence] = []
    slots = list(Slot._base_manager.filter(account=account))
    start = after
    for _step in range(_HORIZON // _STEP if slots else 0):
        taken = Taken(account, start)
        for place in found:
            taken.add(place.at)
        for place in occurrences(slots, after=start, days=_STEP):
            if taken.is_free(place.at):
                found.append(place)
                taken.add(place.at)
            if len(found) == count:
                return found
        start += timedelta(days=_STEP)
    if found:
        return found
    raise Conflict(
        _("“%(account)s” has no free slot within a year.") % {"account": account.name},
        hint=_("Add slots to the account, or choose a time yourself."),
    )


def free_slots_until(account: Account, *, after: datetime, until: datetime) -> list[Occurrence]:
    """Every free occurrence in that time, as if each were taken in turn."""
    slots = list(Slot._base_manager.filter(account=account))
    taken = Taken(account, after)
    found = []
    for place in occurrences(slots, after=after, days=_STEP):
        if place.at <= until and taken.is_free(place.at):
            found.append(place)
            taken.add(place.at)
    return found


def catch_up_gap(account: Account) -> timedelta:
    """How far apart posts go out that are late: the account's gap, or one for accounts that keep none."""
    return timedelta(minutes=account.minimum_gap) or CATCH_UP_GAP


def earliest(account: Account, *, at: datetime, gap: timedelta | None = None) -> datetime:
    """The first moment from `at` on that keeps the account's rules, slots or not. gap: instead of the account's own.

    Raises Conflict when there is none within a year.
    """
    if not (gap or account.minimum_gap or account.daily_limit or account.quiet_from):
        return at
    moment = at
    taken = Taken(account, moment, gap=gap)
    while moment - at < timedelta(days=_HORIZON):
        if moment >= taken.start + timedelta(days=_STEP):
            taken = Taken(account, moment, gap=gap)
        later = quiet_end(account, moment) or taken.later(moment)
        if later is None:
            return moment
        moment = later
    raise Conflict(
        _("“%(account)s” has no room within a year.") % {"account": account.name},
        hint=_("Loosen its quiet hours, its gap or its daily limit."),
    )


class Taken:
    """What stands on an account around a time, for so many days from `start`."""

    def __init__(
        self, account: Account, start: datetime, *, ignore: int | None = None, gap: timedelta | None = None
    ) -> None:
        window = (start - _MARGIN, start + timedelta(days=_STEP) + _MARGIN)
        posts = Post._base_manager.filter(account=account, due_at__range=window).exclude(state__in=GONE)
        self.account, self.start = account, start
        self.times = sorted(posts.exclude(pk=ignore).values_list("due_at", flat=True))
        self._per_day = Counter(self._day(at) for at in self.times)
        self._gap = gap or timedelta(minutes=account.minimum_gap)

    def add(self, at: datetime) -> None:
        self.times.insert(bisect_left(self.times, at), at)
        self._per_day[self._day(at)] += 1

    def is_free(self, at: datetime) -> bool:
        at_once = self._nearest(at) == at
        return not at_once and not is_quiet(self.account, at) and self.later(at) is None

    def too_near(self, at: datetime) -> datetime | None:
        """The time of a post that is closer than the gap."""
        nearest = self._nearest(at)
        return nearest if nearest is not None and abs(nearest - at) < self._gap else None

    def is_full(self, at: datetime) -> bool:
        """Whether the account has its posts for that day."""
        return bool(self.account.daily_limit) and self._per_day[self._day(at)] >= self.account.daily_limit

    def later(self, at: datetime) -> datetime | None:
        """Where to look next when the gap or the daily limit is not kept at `at`."""
        if (near := self.too_near(at)) is not None:
            return near + self._gap
        if self.is_full(at):
            tomorrow = datetime.combine(self._day(at) + timedelta(days=1), time(), tzinfo=self.account.timezone)
            return tomorrow.astimezone(UTC)
        return None

    def _nearest(self, at: datetime) -> datetime | None:
        place = bisect_left(self.times, at)
        return min(self.times[max(place - 1, 0) : place + 1], key=lambda other: abs(other - at), default=None)

    def _day(self, at: datetime):
        return at.astimezone(self.account.timezone).date()
