"""What the pages of the schedule show, gathered in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from apps.content.models import Item
from apps.lifecycle.models import Event
from apps.platforms import queries as platforms
from apps.platforms.models import Account
from apps.schedules import evergreen, queries, recurring
from apps.schedules.intake import UNSCHEDULED
from apps.schedules.machine import FOR_PEOPLE, POST_MACHINE
from apps.schedules.models import EvergreenEntry, EvergreenPool, Post, Recurrence, Slot
from apps.workspaces.audit import describe

TABS = (
    ("", _("Coming up")),
    ("attention", _("Needs a decision")),
    ("published", _("Went out")),
    ("cancelled", _("Cancelled")),
    ("all", _("Everything")),
)
UNDER_WAY = ("scheduled", "claimed", "submitting", "unknown")
READY_SHOWN = 50


def posts(*, state: str = "", account: int | None = None) -> QuerySet[Post]:
    """state: one of the tabs, or of the machine. Coming up also has what can still be undone."""
    found = queries.posts()
    if account:
        found = found.filter(account=account)
    if state == "":
        still = Q(state__in=UNDER_WAY) | Q(state="cancelled", due_at__gt=timezone.now())
        return found.filter(still).order_by("due_at", "pk")
    if state == "attention":
        return found.filter(state__in=FOR_PEOPLE).order_by("due_at", "pk")
    if state != "all":
        found = found.filter(state=state)
    return found.order_by("-due_at", "-pk")


def single_state(name: str) -> str:
    """The label of a state that has no tab of its own, such as missed; "" for a tab, and for what is no state."""
    return "" if name in dict(TABS) else dict(POST_MACHINE.choices).get(name, "")


def accounts() -> QuerySet[Account]:
    """Those that something can be scheduled on."""
    return platforms.accounts().order_by("name", "pk")


@dataclass(frozen=True)
class Day:
    date: date
    posts: list[Post]

    @property
    def name(self) -> str:
        """What people call a day that is near."""
        return {-1: _("Yesterday"), 0: _("Today"), 1: _("Tomorrow")}.get(self.days, "")

    @property
    def days(self) -> int:
        return (self.date - timezone.now().astimezone(self.posts[0].workspace.timezone).date()).days


def by_day(rows: Iterable[Post], zone: ZoneInfo) -> list[Day]:
    """Posts in their order, by the day on the wall of that zone."""
    groups = groupby(rows, key=lambda post: post.due_at.astimezone(zone).date())
    return [Day(day, list(group)) for day, group in groups]


@dataclass(frozen=True)
class Ready:
    """An item that could go out. reason: why it did not by itself."""

    item: Item
    reason: str


def ready_items(first: int | None = None) -> list[Ready]:
    """What is ready and waits for a place; `first`, the id of one of them, is always among them."""
    rows = queries.schedulable().filter(state="ready")
    wanted = list(rows.filter(pk=first)) if first else []
    items = [*wanted, *rows.exclude(pk=first)[:READY_SHOWN]]
    subjects = [describe(item) for item in items]
    told = Event.objects.filter(type=UNSCHEDULED, subject__in=subjects).order_by("seq")
    reasons = {event.subject: f"{event.data['account_name']}: {event.data['reason']}" for event in told}
    return [Ready(item, reasons.get(describe(item), "")) for item in items]


def items_to_choose() -> QuerySet[Item]:
    """What may recur or fill slots: all that is approved and produced."""
    return queries.schedulable().order_by("-created_at", "-pk")[:200]


@dataclass(frozen=True)
class WeekDay:
    number: int
    name: str
    short: str
    slots: list[Slot]


def week(account: Account) -> list[WeekDay]:
    slots = list(queries.slots_of(account).order_by("time", "timezone", "pk"))
    return [
        WeekDay(number, str(name), str(WEEKDAYS_ABBR[number]), [slot for slot in slots if slot.weekday == number])
        for number, name in sorted(WEEKDAYS.items())
    ]


@dataclass(frozen=True)
class Rule:
    recurrence: Recurrence
    days: list[str]
    next: list[datetime]


def rules() -> list[Rule]:
    now = timezone.now()
    return [
        Rule(
            each,
            [] if len(each.weekdays) == 7 else [str(WEEKDAYS[day]) for day in each.weekdays],
            recurring.next_turns(each, now=now) if each.active else [],
        )
        for each in queries.recurrences()
    ]


@dataclass(frozen=True)
class Pool:
    pool: EvergreenPool
    entries: list[EvergreenEntry]


def pools() -> list[Pool]:
    entries = list(evergreen.entries().filter(pool__in=queries.pools()))
    return [Pool(each, [entry for entry in entries if entry.pool_id == each.pk]) for each in queries.pools()]
