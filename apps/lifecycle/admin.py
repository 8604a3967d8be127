"""Runs with their steps and progress, and the event log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.common.errors import DomainError
from apps.lifecycle.models import RUN_MACHINE, Event, Run, RunStep
from apps.lifecycle.runs import cancel_run, retry_run
from apps.workspaces.admin_base import WorkspaceAdmin, WorkspaceTabularInline

# unfold's names of colours for the tones of states
TONES = {"neutral": "", "waiting": "warning", "busy": "info", "good": "success", "bad": "danger"}
DO = {"cancel": cancel_run, "retry": retry_run}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return RUN_MACHINE.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(state=self.value()) if self.value() else queryset


class StepInline(WorkspaceTabularInline):
    model = RunStep
    extra = 0
    can_delete = False
    fields = readonly_fields = ("number", "label", "percent", "note", "started_at", "finished_at")
    verbose_name = _("step")
    verbose_name_plural = _("steps")


@admin.register(Run)
class RunAdmin(WorkspaceAdmin):
    icon = "play_circle"
    list_display = ("kind", "subject", "badge", "progress", "attempt", "started_by", "created_at", "finished_at")
    list_filter = (StateFilter, "kind", "queue")
    search_fields = ("subject", "kind")
    ordering = ("-created_at", "-pk")
    inlines = (StepInline,)
    actions = ("cancel_selected", "retry_selected")
    fields = readonly_fields = (
        "kind",
        "subject",
        "badge",
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

    class Media:
        js = ("rundown/live.js",)
        css = {"all": ("rundown/admin-runs.css",)}

    @display(description=_("state"), label={str(state.label): TONES[state.tone] for state in RUN_MACHINE.states})
    def badge(self, run: Run) -> str:
        return run.get_state_display()

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

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Only what the reader's role allows, as the machine's table says."""
        actions = super().get_actions(request)
        for name in DO:
            if not self._may(request, RUN_MACHINE.transition(name).permission):
                actions.pop(f"{name}_selected", None)
        return actions

    @action(description=RUN_MACHINE.transition("cancel").label)
    def cancel_selected(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        self._do("cancel", request, runs)

    @action(description=RUN_MACHINE.transition("retry").label)
    def retry_selected(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        self._do("retry", request, runs)

    def _do(self, name: str, request: HttpRequest, runs: QuerySet[Run]) -> None:
        done = 0
        for run in runs:
            try:
                DO[name](run=run, actor=request.actor)
                done += 1
            except DomainError as error:
                self.message_user(request, f"{run}: {error}", messages.ERROR)
        if done:
            self.message_user(request, _t("Runs changed: %(count)s.") % {"count": done}, messages.SUCCESS)


@admin.register(Event)
class EventAdmin(WorkspaceAdmin):
    icon = "timeline"
    list_display = ("seq", "type", "subject", "at")
    list_filter = ("type",)
    search_fields = ("subject",)
    ordering = ("-seq",)
    fields = readonly_fields = ("seq", "type", "subject", "at", "data")
