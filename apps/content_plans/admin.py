"""Content plans in the admin: the table with its actions, what was read, the rounds, the settings."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.common.numbers import whole
from apps.content.search_admin import FoundByWords
from apps.content_plans import pages, queries, services
from apps.content_plans.admin_forms import LISTS, PLAIN, PlanForm
from apps.content_plans.machine import PLAN_MACHINE
from apps.content_plans.models import ContentPlan, PlanSettings, ResearchPage, Round
from apps.lifecycle.admin_states import StateFilter, WithState, transition_action
from apps.lifecycle.services import open_actions
from apps.workspaces.actors import Actor
from apps.workspaces.admin_base import OneRow, Waiting, WorkspaceAdmin, link, row_action


def _process(plan: ContentPlan, actor: Actor) -> None:
    services.process(plan=plan, actor=actor)


def _retry(plan: ContentPlan, actor: Actor) -> None:
    services.retry_plan(plan=plan, actor=actor)


def _of_hundred(score: int | None) -> str:
    return "–" if score is None else _("%(score)s of 100") % {"score": score}


@admin.register(ContentPlan)
class ContentPlanAdmin(WithState, FoundByWords, WorkspaceAdmin):
    """The table with its actions, and the brief; each links to its page, where every round can be read."""

    icon = "edit_note"
    add_permission = change_permission = delete_permission = "write_content"
    form = PlanForm
    list_display = (
        "title", "shown_state", "shown_score", "rounds_done", "keyphrase", "owner", "due_on", "shown_item",
        "shown_page",
    )  # fmt: skip
    list_filter = (StateFilter, "owner", "due_on")
    list_select_related = ("item", "owner", "workspace")
    search_kind = "plan"
    actions = ("process_selected", "retry_selected", "read_selected", "duplicate_selected")
    actions_submit_line = ("process_here", "retry_here")
    formfield_overrides = {models.TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 3})}}
    change_form_before_template = "content_plans/admin/mark.html"
    change_form_outer_before_template = "content_plans/admin/next.html"
    change_form_outer_after_template = "content_plans/admin/made.html"
    outcome_fields = (
        "shown_state", "shown_problem", "shown_score", "rounds_done", "edition", "shown_item", "shown_page",
        "created_at",
    )  # fmt: skip

    class Media:
        css = {"all": ("rundown/ai.css", "rundown/plans.css", "rundown/admin-ai.css")}
        js = (Script("rundown/plans.js", defer=True),)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The brief as a form, and around it what the web page shows: what comes next, and all that was made."""
        pk = whole(object_id)
        plan = queries.plan_to_show(pk) if pk else None
        if request.method == "POST" and plan and plan.is_under_way and self._may(request, "write_content"):
            return self._too_late(request, plan)
        made = {**pages.context_of(request, plan), "mark": services.mark_of(plan)} if plan else {}
        return super().change_view(request, object_id, form_url, {**made, **(extra_context or {})})

    def _too_late(self, request: HttpRequest, plan: ContentPlan) -> HttpResponse:
        """A button pressed twice, or a form from before somebody began: the plan as it is now, and why."""
        if self._pressed(request):
            self.press(request, plan)
        else:
            said = _("It is being processed; the brief can be changed when that is done.")
            self.message_user(request, said, messages.ERROR)
        return redirect(request.get_full_path())

    def waiting(self) -> Waiting:
        return _("Plans that failed"), ContentPlan.objects.filter(state="failed"), "?state=failed"

    def get_fieldsets(self, request: HttpRequest, obj: ContentPlan | None = None) -> list[tuple[Any, dict[str, Any]]]:
        stands = [(_("How it stands"), {"fields": self.outcome_fields})] if obj else []
        if obj and not self.has_change_permission(request, obj):
            return stands  # the brief to read stands below
        return [*stands, (_("Brief"), {"fields": (*PLAIN, *LISTS)})]

    def get_readonly_fields(self, request: HttpRequest, obj: ContentPlan | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return self.outcome_fields

    def get_form(self, request: HttpRequest, obj: ContentPlan | None = None, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, **{**kwargs, "fields": PLAIN})
        return type("PlanFormHere", (made,), {"workspace": request.workspace})

    def has_change_permission(self, request: HttpRequest, obj: ContentPlan | None = None) -> bool:
        """Not while it is processed; `edit_plan` would refuse."""
        return super().has_change_permission(request, obj) and (obj is None or not obj.is_under_way)

    def has_delete_permission(self, request: HttpRequest, obj: ContentPlan | None = None) -> bool:
        """Not where `delete_plan` would refuse."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.is_under_way)

    @display(description=_("SEO score"), ordering="seo_score")
    def shown_score(self, plan: ContentPlan) -> str:
        return _of_hundred(plan.seo_score)

    @display(description=_("problem"))
    def shown_problem(self, plan: ContentPlan) -> str:
        said = plan.problem or plan.waiting
        return f"{said['message']} {said['hint']}" if said else "–"

    @display(description=_("item"), ordering="item__state")
    def shown_item(self, plan: ContentPlan) -> str:
        if plan.item is None:
            return "–"
        address = reverse("desk:item", args=[plan.workspace.slug, plan.item_id])
        return link(address, plan.item.get_state_display())

    @display(description=_("page"))
    def shown_page(self, plan: ContentPlan) -> str:
        address = reverse("plans:plan", args=[plan.workspace.slug, plan.pk])
        return link(address, _("Open"))

    process_selected = transition_action(PLAN_MACHINE, "process", _process)
    retry_selected = transition_action(PLAN_MACHINE, "retry", _retry)
    read_selected = row_action(
        _("Read the pages again"),
        lambda plan, actor: services.read_again(plan=plan, actor=actor),
        permission="write_content",
    )
    duplicate_selected = row_action(
        _("Duplicate"),
        lambda plan, actor: services.duplicate_plan(plan=plan, actor=actor),
        permission="write_content",
    )

    @action(description=PLAN_MACHINE.transition("process").label)
    def process_here(self, request: HttpRequest, obj: ContentPlan) -> None:
        self.do_each(request, [obj], PLAN_MACHINE.transition("process").label, _process)

    @action(description=PLAN_MACHINE.transition("retry").label)
    def retry_here(self, request: HttpRequest, obj: ContentPlan) -> None:
        self.do_each(request, [obj], PLAN_MACHINE.transition("retry").label, _retry)

    def get_actions_submit_line(self, request: HttpRequest, object_id: int) -> list[Any]:
        """The buttons that the plan's state and the person's role allow, as the machine's table says."""
        plan = self.get_object(request, str(object_id))
        open_now = {f"{each.action}_here" for each in open_actions(plan, request.actor)} if plan else set()
        shown = super().get_actions_submit_line(request, object_id)
        return [each for each in shown if each.method.__name__ in open_now]

    def save_model(self, request: HttpRequest, obj: ContentPlan, form: PlanForm, change: bool) -> None:
        if change:
            seen = request.POST.get("seen") or None
            saved = services.edit_plan(plan=obj, actor=request.actor, draft=form.draft, seen=seen)
        else:
            saved = services.create_plan(workspace=request.workspace, actor=request.actor, draft=form.draft)
        obj.__dict__.update(saved.__dict__)
        self.press(request, obj)

    def delete_model(self, request: HttpRequest, obj: ContentPlan) -> None:
        services.delete_plan(plan=obj, actor=request.actor)


@admin.register(ResearchPage)
class ResearchPageAdmin(WorkspaceAdmin):
    icon = "travel_explore"
    list_display = ("url", "plan", "outcome", "title", "words", "error", "read_at")
    list_filter = ("outcome",)
    list_select_related = ("plan",)
    search_fields = ("url", "title")
    readonly_fields = fields = (
        "plan", "url", "outcome", "error", "title", "description", "words", "headings", "questions", "keywords", "text",
        "read_at", "shown_snapshot",
    )  # fmt: skip

    @display(description=_("snapshot"))
    def shown_snapshot(self, page: ResearchPage) -> str:
        if not page.snapshot:
            return "–"
        address = reverse("plans:snapshot", args=[page.workspace.slug, page.pk])
        return format_html('<a href="{}">{}</a>', address, _("As it was read"))


@admin.register(Round)
class RoundAdmin(WorkspaceAdmin):
    icon = "history_edu"
    list_display = (
        "plan", "edition", "number", "shown_score", "shown_readability", "words", "engine", "cost", "created_at",
    )  # fmt: skip
    list_filter = ("engine",)
    list_select_related = ("plan__workspace",)
    search_fields = ("plan__title",)
    readonly_fields = fields = (
        "plan", "edition", "number", "shown_score", "shown_readability", "words", "shown_asked", "shown_text", "engine",
        "model", "cost", "calls", "created_at",
    )  # fmt: skip
    actions = ("take",)
    take = row_action(
        _("Take this round"),
        lambda found, actor: services.take_round(plan=found.plan, found=found, actor=actor),
        permission="write_content",
    )

    @display(description=_("SEO score"), ordering="seo_score")
    def shown_score(self, found: Round) -> str:
        return _of_hundred(found.seo_score)

    @display(description=_("readability"), ordering="readability")
    def shown_readability(self, found: Round) -> str:
        return _of_hundred(found.readability)

    @display(description=_("asked for"))
    def shown_asked(self, found: Round) -> str:
        return format_html_join("", "<p>{}</p>", ((each,) for each in found.asked)) or "–"

    @display(description=_("text"))
    def shown_text(self, found: Round) -> str:
        return format_html('<div class="whitespace-pre-wrap" lang="{}">{}</div>', found.plan.language, found.markdown)


@admin.register(PlanSettings)
class PlanSettingsAdmin(OneRow, WorkspaceAdmin):
    icon = "rule_settings"
    add_permission = change_permission = "manage_workspace"
    list_display = ("start", "lead_days", "target_score", "most_rounds")
    fields = ("start", "lead_days", "target_score", "most_rounds")

    def save_model(self, request: HttpRequest, obj: PlanSettings, form: Any, change: bool) -> None:
        saved = services.set_settings(workspace=request.workspace, actor=request.actor, **form.cleaned_data)
        obj.__dict__.update(saved.__dict__)
