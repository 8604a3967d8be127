"""Rows that a caller named by id, and the one instant by which an answer counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.common.clock import database_now
from apps.common.rows import found
from apps.content.models import Item
from apps.platforms.models import Account


def one(request: HttpRequest, model: type[Model], pk: int, *related: str) -> Any:
    """A row that the caller may see; raises NotFound."""
    rows = model.objects.visible_to(request.actor.user).select_related("workspace", *related)
    return found(rows, pk, _("There is nothing here, or nothing that you may see."))


def account_and_item(request: HttpRequest, account: int, item: int) -> tuple[Account, Item]:
    return one(request, Account, account), one(request, Item, item)


def now_of(request: HttpRequest) -> datetime:
    """The server's time, the same for everything in one answer and asked for once."""
    if not hasattr(request, "schedule_now"):
        request.schedule_now = database_now()
    return request.schedule_now
