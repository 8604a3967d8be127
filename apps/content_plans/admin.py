"""Content plans in the admin: the table with its actions, what was read, the rounds, the settings."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from apps.common.errors import DomainError
from apps.content_plans import services
from apps.content_plans.machine import PLAN_MACHINE
from apps.content_plans.models import ContentPlan, PlanSettings, ResearchPage, Round
from apps.workspaces.admin_base import WorkspaceAdmin

TONES = {"waiting": "info", "busy": "info", "good": "success", "bad": "danger"}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return PLAN_MACHINE.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(ContentPlan)
class ContentPlanAdmin(WorkspaceAdmin):
    """Each links to its page, where the brief is written and every round can be read."""

    icon = "edit_note"
    delete_permission = "write_content"
    list_display = ("shown_title", "shown_state", "seo_score", "rounds_done", "keyphrase", "owner", "due_on", "item")
    list_filter = (StateFilter, "owner", "due_on")
    list_select_related = ("item", "owner", "workspace")
    search_fields = ("title", "keyphrase")
    actions = ("process_selected",)
    readonly_fields = (
        "title", "shown_state", "shown_problem", "goal", "audience", "keyphrase", "secondary", "tone", "language",
        "platforms", "competitor_urls", "skip_research", "due_on", "owner", "seo_score", "rounds_done", "edition",
        "item", "created_at",
    )  # fmt: skip
    fields = readonly_fields

    @display(description=_("title"), ordering="title")
    def shown_title(self, plan: ContentPlan) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("plans:plan", args=[plan.workspace.slug, plan.pk]), plan.title
        )

    @display(description=_("state"), ordering="state", label=TONES)
    def shown_state(self, plan: ContentPlan) -> tuple[str, str]:
        return plan.current.tone, plan.get_state_display()

    @display(description=_("problem"))
    def shown_problem(self, plan: ContentPlan) -> str:
        said = plan.problem or plan.waiting
        return said["message"] if said else ""

    @action(description=_("Process"), permissions=["write"])
    def process_selected(self, request: HttpRequest, queryset: QuerySet[ContentPlan]) -> None:
        """One that cannot be processed now says why and stops no other."""
        count = 0
        for plan in queryset.select_related("workspace"):
            try:
                services.process(plan=plan, actor=request.actor)
                count += 1
            except DomainError as error:
                messages.error(request, f"{plan.title}: {error.message}")
        if count:
            said = ngettext("%(count)d plan is being processed.", "%(count)d plans are being processed.", count)
            messages.success(request, said % {"count": count})

    def has_write_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "write_content")

    def has_delete_permission(self, request: HttpRequest, obj: ContentPlan | None = None) -> bool:
        """Not where `delete_plan` would refuse."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.is_under_way)

    def delete_model(self, request: HttpRequest, obj: ContentPlan) -> None:
        services.delete_plan(plan=obj, actor=request.actor)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ContentPlan]) -> None:
        for plan in queryset.select_related("workspace"):
            self.delete_model(request, plan)


@admin.register(ResearchPage)
class ResearchPageAdmin(WorkspaceAdmin):
    icon = "travel_explore"
    list_display = ("url", "plan", "outcome", "title", "words", "error", "read_at")
    list_filter = ("outcome",)
    list_select_related = ("plan",)
    search_fields = ("url", "title")
    readonly_fields = fields = (
        "plan", "url", "outcome", "error", "title", "description", "words", "headings", "questions", "keywords", "text",
        "read_at",
    )  # fmt: skip


@admin.register(Round)
class RoundAdmin(WorkspaceAdmin):
    icon = "history_edu"
    list_display = ("plan", "edition", "number", "seo_score", "readability", "words", "engine", "cost", "created_at")
    list_filter = ("engine",)
    list_select_related = ("plan",)
    search_fields = ("plan__title",)
    readonly_fields = fields = (
        "plan", "edition", "number", "seo_score", "readability", "words", "scores", "integrity", "asked", "markdown",
        "metadata", "claims", "engine", "model", "cost", "calls", "created_at",
    )  # fmt: skip


@admin.register(PlanSettings)
class PlanSettingsAdmin(WorkspaceAdmin):
    icon = "rule_settings"
    add_permission = change_permission = "manage_workspace"
    list_display = ("start", "lead_days", "target_score", "most_rounds")
    fields = ("start", "lead_days", "target_score", "most_rounds")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not PlanSettings.objects.exists()

    def save_model(self, request: HttpRequest, obj: PlanSettings, form: Any, change: bool) -> None:
        saved = services.set_settings(workspace=request.workspace, actor=request.actor, **form.cleaned_data)
        obj.__dict__.update(saved.__dict__)
