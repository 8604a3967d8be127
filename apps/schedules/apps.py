from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulesConfig(AppConfig):
    name = "apps.schedules"
    verbose_name = _("Schedules")

    def ready(self) -> None:
        from apps.platforms.signals import account_connected

        account_connected.connect(_give_slots, dispatch_uid="schedules.default_slots")


def _give_slots(account: Any, **_kwargs: Any) -> None:
    from apps.schedules.timetable import add_default_slots  # models are loaded by now

    add_default_slots(account=account)
