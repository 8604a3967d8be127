"""Runs with their steps and progress, and the event log."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.lifecycle.admin_states import StateFilter, WithState, transition_action
from apps.lifecycle.models import RUN_MACHINE, Event, Run, RunStep
from apps.lifecycle.runs import cancel_run, retry_run
from apps.workspaces.admin_base import WorkspaceAdmin, WorkspaceTabularInline


class StepInline(WorkspaceTabularInline):
    model = RunStep
    extra = 0
    can_delete = False
    fields = readonly_fields = ("number", "label", "percent", "note", "started_at", "finished_at")
    verbose_name = _("step")
    verbose_name_plural = _("steps")


@admin.register(Run)
class RunAdmin(WithState, WorkspaceAdmin):
    icon = "play_circle"
    list_display = ("kind", "subject", "shown_state", "progress", "attempt", "started_by", "created_at", "finished_at")
    list_filter = (StateFilter, "kind", "queue")
    search_fields = ("subject", "kind")
    ordering = ("-created_at", "-pk")
    inlines = (StepInline,)
    actions = ("cancel_selected", "retry_selected")
    fields = readonly_fields = (
        "kind",
        "subject",
        "shown_state",
        "state_at",
        "progress",
        "problem",
        "attempt",
        "queue",
        "started_by",
        "created_at",
        "not_before",
        "started_at",
        "finished_at",
    )

    cancel_selected = transition_action(RUN_MACHINE, "cancel", lambda run, actor: cancel_run(run=run, actor=actor))
    retry_selected = transition_action(RUN_MACHINE, "retry", lambda run, actor: retry_run(run=run, actor=actor))

    class Media:
        js = ("rundown/live.js",)
        css = {"all": ("rundown/admin-runs.css",)}

    @display(description=_("progress"))
    def progress(self, run: Run) -> str:
        return format_html(
            '<progress data-workspace="{}" data-run="{}" max="100" value="{}">{}%</progress>',
            run.workspace.slug,
            run.pk,
            run.percent,
            run.percent,
        )

    @display(description=_("problem"))
    def problem(self, run: Run) -> str:
        if not run.error:
            return "–"
        return format_html_join(" ", "{}", ((run.error.get(part, ""),) for part in ("message", "hint")))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        return super().get_queryset(request).select_related("workspace")


@admin.register(Event)
class EventAdmin(WorkspaceAdmin):
    icon = "timeline"
    list_display = ("seq", "type", "subject", "at")
    list_filter = ("type",)
    search_fields = ("subject",)
    ordering = ("-seq",)
    fields = readonly_fields = ("seq", "type", "subject", "at", "data")
