"""Whatever a person does with the schedule is an event for watchers and a row of the audit trail."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.lifecycle.models import Event
from apps.schedules import (
    batches,
    calendars,
    evergreen,
    pausing,
    recurring,
    reservations,
    services,
    spreadsheet,
    timetable,
)
from apps.schedules.models import Post, Slot
from apps.uploads import by_hand, dead_letters
from apps.uploads import services as uploads
from apps.workspaces.models import AuditEntry
from tests.factories.schedules import make_pool, make_reservation, posts_for, ready_item
from tests.schedules.conftest import at

pytestmark = pytest.mark.usefixtures("monday")


class World:
    """What a service needs, made when it is asked for."""

    def __init__(self, account, person) -> None:
        self.account, self.person, self.workspace = account, person, account.workspace

    def item(self):
        return ready_item(self.workspace)

    def post(self, state: str = "scheduled", **fields: Any) -> Post:
        [post] = posts_for(self.account, at=at(25, 11))
        Post.objects.filter(pk=post.pk).update(state=state, **fields)
        return Post.objects.select_related("workspace", "account__workspace").get(pk=post.pk)

    def paused(self):
        pausing.pause_workspace(workspace=self.workspace, actor=self.person)
        return self.workspace

    def elsewhere(self):
        self.account.timezone = ZoneInfo("Asia/Kolkata")
        return self.account

    def rule(self):
        return recurring.add_recurrence(item=self.item(), account=self.account, actor=self.person, every_hours=5)

    def csv(self) -> str:
        return f"item,account,at\n{self.item().pk},{self.account.handle},2026-11-26 10:00\n"


POST = ("post.state", "post.state")
# service: what makes its arguments, and the event and the audit row that tell of it.
TABLE: dict[Callable[..., Any], tuple[Callable[[World], dict[str, Any]], tuple[str, str]]] = {
    services.schedule_item: (
        lambda w: {"item": w.item(), "account": w.account, "at": at(25, 10)},
        ("post.state", "post.schedule"),
    ),
    services.reschedule: (lambda w: {"post": w.post(), "at": at(26, 9)}, ("post.rescheduled", "post.reschedule")),
    services.post_now: (lambda w: {"post": w.post()}, ("post.rescheduled", "post.reschedule")),
    services.send_again: (lambda w: {"post": w.post("missed")}, ("post.state", "post.retry")),
    services.cancel_post: (lambda w: {"post": w.post()}, ("post.state", "post.cancel")),
    services.restore_post: (lambda w: {"post": w.post("cancelled")}, ("post.state", "post.restore")),
    pausing.pause_workspace: (lambda w: {"workspace": w.workspace}, ("workspace.paused", "workspace.pause")),
    pausing.resume_workspace: (lambda w: {"workspace": w.paused()}, ("workspace.paused", "workspace.pause")),
    batches.space_items: (
        lambda w: {"items": [w.item()], "account": w.account, "over": timedelta(hours=3)},
        ("post.state", "post.schedule"),
    ),
    batches.send_all_again: (lambda w: {"posts": [w.post("rejected")]}, ("post.state", "post.retry")),
    batches.send_one_of_many: (lambda w: {"post": w.post("missed")}, ("post.state", "post.retry")),
    timetable.add_slots: (
        lambda w: {"account": w.account, "weekdays": [1], "time": time(7)},
        ("slot.changed", "slot.add"),
    ),
    timetable.change_slot: (
        lambda w: {"slot": Slot.objects.select_related("workspace").first(), "timezone": ZoneInfo("Asia/Kolkata")},
        ("slot.changed", "slot.change"),
    ),
    timetable.follow_account: (lambda w: {"account": w.elsewhere()}, ("slot.changed", "slot.change")),
    timetable.remove_slot: (
        lambda w: {"slot": Slot.objects.select_related("workspace").first()},
        ("slot.changed", "slot.remove"),
    ),
    evergreen.set_pool: (lambda w: {"account": w.account}, ("evergreen.changed", "evergreen.set")),
    evergreen.add_to_pool: (
        lambda w: {"pool": make_pool(w.account), "item": w.item()},
        ("evergreen.changed", "evergreen.add"),
    ),
    evergreen.remove_from_pool: (
        lambda w: {"entry": make_pool(w.account, w.item()).entries.select_related("pool__workspace").get()},
        ("evergreen.changed", "evergreen.remove"),
    ),
    recurring.add_recurrence: (
        lambda w: {"item": w.item(), "account": w.account, "every_hours": 5},
        ("recurrence.changed", "recurrence.add"),
    ),
    recurring.set_active: (
        lambda w: {"recurrence": w.rule(), "active": False},
        ("recurrence.changed", "recurrence.pause"),
    ),
    recurring.remove_recurrence: (
        lambda w: {"recurrence": w.rule()},
        ("recurrence.changed", "recurrence.remove"),
    ),
    reservations.reserve: (
        lambda w: {"item": w.item(), "account": w.account, "at": at(25, 10)},
        ("reservation.changed", "reservation.set"),
    ),
    reservations.drop_reservation: (
        lambda w: {"reservation": make_reservation(w.account, w.item(), at=at(25, 10))},
        ("reservation.changed", "reservation.drop"),
    ),
    calendars.make_calendar: (
        lambda w: {"workspace": w.workspace, "name": "phone"},
        ("calendar.changed", "calendar.create"),
    ),
    calendars.revoke_calendar: (
        lambda w: {"feed": calendars.make_calendar(workspace=w.workspace, actor=w.person, name="phone")[0]},
        ("calendar.changed", "calendar.revoke"),
    ),
    spreadsheet.import_schedule: (
        lambda w: {"workspace": w.workspace, "content": w.csv(), "dry_run": False},
        ("schedule.imported", "schedule.import"),
    ),
    uploads.report_published: (lambda w: {"post": w.post("needs_human")}, ("post.state", "post.report_published")),
    by_hand.report_posted: (
        lambda w: {"post": w.post("needs_human"), "url": "https://example.org/1"},
        ("post.state", "post.report_published"),
    ),
    dead_letters.replay: (lambda w: {"post": w.post("rejected")}, ("post.state", "post.retry")),
    dead_letters.replay_all: (lambda w: {"posts": [w.post("rejected")]}, ("post.state", "post.retry")),
    dead_letters.drop: (lambda w: {"post": w.post("missed")}, ("post.state", "post.cancel")),
    dead_letters.drop_all: (lambda w: {"posts": [w.post("missed")]}, ("post.state", "post.cancel")),
}
MODULES = {inspect.getmodule(service) for service in TABLE}


def test_every_service_that_a_person_calls_is_in_the_table():
    """One with an actor that it cannot do without: those with a default are called by the system."""
    found = {
        service
        for module in MODULES
        for name, service in inspect.getmembers(module, inspect.isfunction)
        if service.__module__ == module.__name__
        and not name.startswith("_")
        and (actor := inspect.signature(service).parameters.get("actor"))
        and actor.default is actor.empty
    }
    assert found == set(TABLE)


@pytest.mark.parametrize("service", TABLE, ids=lambda service: service.__name__)
def test_what_a_person_does_is_told_and_kept(service, account, actor):
    person = actor("owner")
    make, (event, action) = TABLE[service]
    arguments = make(World(account, person))
    told, kept = Event.objects.count(), AuditEntry.objects.count()
    service(actor=person, **arguments)
    assert event in set(Event.objects.order_by("seq")[told:].values_list("type", flat=True))
    assert (action, person.label) in set(AuditEntry.objects.order_by("seq")[kept:].values_list("action", "actor"))
