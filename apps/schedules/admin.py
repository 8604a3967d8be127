"""Slots, what repeats, kept times and calendar addresses in the admin."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.common.errors import Conflict
from apps.content.models import Item
from apps.platforms.queries import accounts
from apps.schedules import calendars, evergreen, queries, recurring, timetable
from apps.schedules.machine import SCHEDULABLE
from apps.schedules.models import CalendarFeed, EvergreenEntry, EvergreenPool, Recurrence, Reservation, Slot
from apps.schedules.reservations import drop_reservation
from apps.workspaces.actors import Actor
from apps.workspaces.admin_base import WorkspaceAdmin, WorkspaceTabularInline, row_action


class _OfWorkspace:
    """Foreign keys offer the rows of this workspace only: the scope is open."""

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "account":
            kwargs["queryset"] = accounts()
        if db_field.name == "item":
            kwargs["queryset"] = Item.objects.filter(state__in=SCHEDULABLE)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Slot)
class SlotAdmin(_OfWorkspace, WorkspaceAdmin):
    icon = "calendar_clock"
    add_permission = change_permission = delete_permission = "manage_accounts"
    list_display = ("account", "weekday", "time", "timezone")
    list_filter = ("weekday", "account")
    list_select_related = ("account",)
    fields = ("account", "weekday", "time", "timezone")

    def save_model(self, request: HttpRequest, obj: Slot, form: Any, change: bool) -> None:
        said = {name: form.cleaned_data[name] for name in ("weekday", "time", "timezone")}
        if change:
            timetable.change_slot(slot=self.get_object(request, str(obj.pk)), actor=request.actor, **said)
            return
        made = timetable.add_slots(
            account=obj.account, actor=request.actor, weekdays=[said["weekday"]], time=said["time"],
            timezone=said["timezone"],
        )  # fmt: skip
        if not made:
            raise Conflict(_t("The account has that slot already."), hint=_t("Choose another time."))
        obj.__dict__.update(made[0].__dict__)

    def delete_model(self, request: HttpRequest, obj: Slot) -> None:
        timetable.remove_slot(slot=obj, actor=request.actor)


def _set_active(rule: Recurrence, actor: Actor, *, active: bool) -> None:
    recurring.set_active(recurrence=rule, active=active, actor=actor)


@admin.register(Recurrence)
class RecurrenceAdmin(WorkspaceAdmin):
    """Made on the web page or over the API, where the rule is checked; here they are seen, stopped and removed."""

    icon = "event_repeat"
    change_permission = delete_permission = "publish_content"
    list_display = ("item", "account", "shown_rule", "active", "shown_next", "problem")
    list_filter = ("active", "account")
    actions = ("stop", "go_on")
    fields = readonly_fields = (
        "item",
        "account",
        "shown_rule",
        "starts_at",
        "until",
        "count",
        "active",
        "shown_next",
        "problem",
        "made_by",
        "created_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recurrence]:
        return queries.recurrences()

    stop = row_action(_("Stop"), partial(_set_active, active=False), permission="publish_content")
    go_on = row_action(_("Go on"), partial(_set_active, active=True), permission="publish_content")

    def delete_model(self, request: HttpRequest, obj: Recurrence) -> None:
        recurring.remove_recurrence(recurrence=obj, actor=request.actor)

    @display(description=_("rule"))
    def shown_rule(self, rule: Recurrence) -> str:
        if rule.every_hours:
            return _("every %(hours)s hours") % {"hours": rule.every_hours}
        days = ", ".join(str(WEEKDAYS[day]) for day in rule.weekdays)
        return f"{days} {rule.time:%H:%M} ({rule.timezone})"

    @display(description=_("next"))
    def shown_next(self, rule: Recurrence) -> str:
        turns = recurring.next_turns(rule, count=1) if rule.active else []
        return f"{turns[0].astimezone(rule.timezone):%Y-%m-%d %H:%M}" if turns else ""


class EntryInline(_OfWorkspace, WorkspaceTabularInline):
    model = EvergreenEntry
    view_permission = "view_content"
    add_permission = change_permission = delete_permission = "publish_content"
    fields = ("item", "added_by", "added_at")
    readonly_fields = ("added_by", "added_at")
    extra = 0


@admin.register(EvergreenPool)
class EvergreenPoolAdmin(_OfWorkspace, WorkspaceAdmin):
    icon = "park"
    add_permission = change_permission = delete_permission = "publish_content"
    list_display = ("account", "active", "minimum_days", "ahead_hours", "problem")
    list_select_related = ("account",)
    fields = ("account", "active", "minimum_days", "ahead_hours", "problem")
    inlines = (EntryInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: EvergreenPool | None = None) -> tuple[str, ...]:
        return ("account", "problem") if obj else ("problem",)

    def save_model(self, request: HttpRequest, obj: EvergreenPool, form: Any, change: bool) -> None:
        values = {name: getattr(obj, name) for name in ("minimum_days", "ahead_hours", "active")}
        saved = evergreen.set_pool(account=obj.account, actor=request.actor, **values)
        obj.__dict__.update(saved.__dict__)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Items come and go by the services, which check and note it."""
        formset.save(commit=False)
        for gone in formset.deleted_objects:
            evergreen.remove_from_pool(entry=gone, actor=request.actor)
        for changed, _names in formset.changed_objects:
            entry = EvergreenEntry.objects.select_related("pool__workspace", "item").get(pk=changed.pk)
            evergreen.remove_from_pool(entry=entry, actor=request.actor)
        for added in (*formset.new_objects, *(changed for changed, _names in formset.changed_objects)):
            evergreen.add_to_pool(pool=form.instance, item=added.item, actor=request.actor)


@admin.register(Reservation)
class ReservationAdmin(WorkspaceAdmin):
    icon = "pending_actions"
    delete_permission = "publish_content"
    list_display = ("item", "account", "due_at", "problem", "made_by")
    list_filter = ("account",)
    fields = readonly_fields = ("item", "account", "due_at", "problem", "made_by", "created_at")
    date_hierarchy = "due_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reservation]:
        return queries.reservations()

    def delete_model(self, request: HttpRequest, obj: Reservation) -> None:
        drop_reservation(reservation=obj, actor=request.actor)


@admin.register(CalendarFeed)
class CalendarFeedAdmin(WorkspaceAdmin):
    """Made on the web page, where the address is shown; here they are seen and revoked."""

    icon = "calendar_add_on"
    change_permission = "manage_workspace"
    list_display = fields = readonly_fields = ("name", "made_by", "created_at", "last_read_at", "revoked_at")
    actions = ("revoke",)

    revoke = row_action(
        _("Revoke"),
        lambda feed, actor: calendars.revoke_calendar(feed=feed, actor=actor),
        permission="manage_workspace",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendarFeed]:
        return super().get_queryset(request).select_related("workspace")
