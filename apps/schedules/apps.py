from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulesConfig(AppConfig):
    name = "apps.schedules"
    verbose_name = _("Schedules")

    def ready(self) -> None:
        from apps.platforms.signals import account_connected, account_disconnecting

        account_connected.connect(_give_slots, dispatch_uid="schedules.default_slots")
        account_disconnecting.connect(_stop_posts, dispatch_uid="schedules.stop_posts")


def _give_slots(account: Any, **_kwargs: Any) -> None:
    from apps.schedules.timetable import add_default_slots  # models are loaded by now

    add_default_slots(account=account)


def _stop_posts(account: Any, actor: Any, **_kwargs: Any) -> None:
    from apps.schedules.leaving import stop_posts

    stop_posts(account, actor)
