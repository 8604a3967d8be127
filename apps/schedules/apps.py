from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulesConfig(AppConfig):
    name = "apps.schedules"
    verbose_name = _("Schedules")

    def ready(self) -> None:
        from apps.platforms.signals import account_connected, account_disconnecting, account_leaving

        account_connected.connect(_give_slots, dispatch_uid="schedules.default_slots")
        account_disconnecting.connect(_stop_all, dispatch_uid="schedules.stop_all")
        account_leaving.connect(_what_stops, dispatch_uid="schedules.what_stops")


def _give_slots(account: Any, **_kwargs: Any) -> None:
    from apps.schedules.timetable import add_default_slots  # models are loaded by now

    add_default_slots(account=account)


def _stop_all(account: Any, actor: Any, **_kwargs: Any) -> None:
    from apps.schedules.leaving import stop_all

    stop_all(account, actor)


def _what_stops(account: Any, **_kwargs: Any) -> list[Any]:
    from apps.schedules.leaving import what_stops

    return what_stops(account)
