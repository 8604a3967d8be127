from __future__ import annotations

import sys
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

import apps.desk.timetable
import apps.schedules.api  # noqa: F401  each reads the clock under a name of its own, which `one_clock` looks for
from apps.platforms.models import Account
from apps.schedules.models import Slot
from tests.factories.platforms import AccountFactory

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def one_clock(monkeypatch):
    """time-machine moves this process's clock and not PostgreSQL's, so both are made one here."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("apps.schedules", "apps.desk", "apps.uploads")) and hasattr(module, "database_now"):
            monkeypatch.setattr(module, "database_now", timezone.now)


@pytest.fixture
def monday(one_clock, time_machine):
    """It is noon of Monday, 23 November 2026, UTC; the clock stands still until the test moves it."""
    time_machine.move_to(MONDAY, tick=False)
    return time_machine


@pytest.fixture
def account(in_workspace) -> Account:
    """With slots at 09:00 and 18:00 of every day, UTC."""
    return with_slots(AccountFactory(workspace=in_workspace))


@pytest.fixture
def person(actor):
    return actor("editor")


def with_slots(account: Account) -> Account:
    Slot.objects.filter(account=account).delete()
    for day in range(7):
        for hour in (9, 18):
            Slot.objects.create(
                workspace=account.workspace, account=account, weekday=day, time=time(hour), timezone=ZoneInfo("UTC")
            )
    return account


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of November 2026, UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)
