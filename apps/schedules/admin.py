"""The posting times of accounts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from apps.platforms.models import Account
from apps.schedules.models import Slot
from apps.workspaces.admin_base import WorkspaceAdmin


@admin.register(Slot)
class SlotAdmin(WorkspaceAdmin):
    icon = "calendar_clock"
    add_permission = change_permission = delete_permission = "manage_accounts"
    list_display = ("account", "weekday", "time", "timezone")
    list_filter = ("weekday",)
    list_select_related = ("account",)
    fields = ("account", "weekday", "time", "timezone")

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "account":
            kwargs["queryset"] = Account.objects.all()  # of this workspace: the scope is open
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
