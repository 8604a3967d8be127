from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _

_KEEP = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"


class CommonConfig(AppConfig):
    name = "apps.common"
    verbose_name = _("Common")

    def ready(self) -> None:
        connection_created.connect(keep_commits, dispatch_uid="common.keep_commits")


def keep_commits(connection: Any, **_kwargs: Any) -> None:
    """A server may be set to lose its last commits in a crash; a lost intent would be a second publication."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_KEEP)
