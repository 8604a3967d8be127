"""What platforms counted, in the admin: to read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.analytics.models import Reading
from apps.workspaces.admin_base import WorkspaceAdmin


@admin.register(Reading)
class ReadingAdmin(WorkspaceAdmin):
    icon = "monitoring"
    list_display = ("post", "hours", "shown_counts", "gone", "read_at")
    list_filter = ("hours", "gone")
    list_select_related = ("post__variant", "post__account")
    search_fields = ("post__variant__title",)
    readonly_fields = fields = ("post", "hours", "shown_counts", "gone", "read_at")

    @display(description=_("counts"))
    def shown_counts(self, reading: Reading) -> str:
        return ", ".join(f"{count} {name}" for name, count in reading.named) or "–"
