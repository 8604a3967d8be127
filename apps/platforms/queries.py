"""Reading accounts."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.platforms.models import Account


def accounts() -> QuerySet[Account]:
    """The current workspace's accounts."""
    return Account.objects.select_related("workspace")
