"""Reading accounts."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.platforms.models import Account


def accounts() -> QuerySet[Account]:
    """The current workspace's connected accounts."""
    return every_account().exclude(state=Account.State.DISCONNECTED)


def every_account() -> QuerySet[Account]:
    """Those too that are only history by now."""
    return Account.objects.select_related("workspace")
