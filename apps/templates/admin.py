"""Templates with their versions, an editor that makes the next one, and what engines answered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from apps.common.numbers import whole
from apps.templates import activation, queries, services, steps, views
from apps.templates.admin_cases import CaseResultAdmin, PromptCaseAdmin
from apps.templates.admin_money import BudgetAdmin, TextProviderAdmin
from apps.templates.admin_shared import AiPages, refusals_told
from apps.templates.answers import fields_of
from apps.templates.diff import diff_variables, diff_versions
from apps.templates.forms import EditorForm
from apps.templates.models import Activation, Generation, PromptCase, PromptTemplate, PromptVersion
from apps.workspaces.admin_base import Waiting, WorkspaceAdmin

__all__ = ["BudgetAdmin", "CaseResultAdmin", "PromptCaseAdmin", "PromptTemplateAdmin", "TextProviderAdmin"]
OUTCOME_COLOURS = {
    "parsed": "success",
    "refusal": "warning",
    "truncated": "warning",
    "invalid": "danger",
    "error": "danger",
}


class VersionForm(EditorForm, forms.ModelForm):
    """The next version, beginning as a copy of the active one."""

    activate = forms.BooleanField(label=_("Use it at once"), required=False, widget=UnfoldBooleanSwitchWidget)

    class Meta:
        model = PromptTemplate
        fields = ()

    def __init__(self, *args: Any, instance: PromptTemplate, **kwargs: Any) -> None:
        about = {"kind": instance.kind, "version": instance.active}
        super().__init__(*args, **about, instance=instance, **kwargs)
        for name in ("instructions", "text", "answer"):
            self.fields[name].widget = UnfoldAdminTextareaWidget(attrs=self.fields[name].widget.attrs)
        for name in ("model", "temperature", "max_output_tokens", "note"):
            self.fields[name].widget = UnfoldAdminTextInputWidget()


@admin.register(PromptTemplate)
class PromptTemplateAdmin(AiPages, WorkspaceAdmin):
    icon = "edit_note"
    change_permission = "manage_templates"
    form = VersionForm
    list_display = ("shown_kind", "shown_active", "shown_owner", "shown_note", "shown_author", "shown_at")
    list_display_links = ("shown_kind",)
    change_form_outer_before_template = "prompt_templates/admin/state.html"
    change_form_outer_after_template = "prompt_templates/admin/versions.html"
    fieldsets = (
        (_("The next version"), {"fields": ("instructions", "text", "note", "activate")}),
        (_("Variables"), {"fields": ("variables",)}),
        (
            _("Model and form of the answer"),
            {"fields": ("model", "temperature", "max_output_tokens", "answer"), "classes": ("collapse",)},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptTemplate]:
        return queries.templates_of(request.workspace)

    def get_form(
        self, request: HttpRequest, obj: PromptTemplate | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        return super().get_form(request, obj, change, **{**kwargs, "fields": []})

    def get_fieldsets(self, request: HttpRequest, obj: PromptTemplate | None = None) -> Any:
        """A reader without the right to change sees the versions below, and no editor."""
        return self.fieldsets if self.has_change_permission(request) else ()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        template = self.get_queryset(request).filter(pk=whole(object_id)).first()
        context = {"may_activate": self.has_change_permission(request)}
        if template:
            context |= {
                "versions": list(queries.versions_of(request.workspace).filter(template__kind=template.kind)),
                "waiting": queries.activations_of(request.workspace, template.kind).filter(state="waiting").first(),
                "has_cases": PromptCase.objects.filter(kind=template.kind).exists(),
                "may_go_back": activation.last_activation(template) is not None,
            }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: PromptTemplate, form: VersionForm, change: bool) -> None:
        version = services.add_version(
            workspace=request.workspace, kind=obj.kind, draft=form.draft, actor=request.actor
        )
        if form.cleaned_data["activate"]:
            activation.activate_version(workspace=request.workspace, version=version, actor=request.actor)

    def response_change(self, request: HttpRequest, obj: PromptTemplate) -> HttpResponse:
        """The built-in row has given way to the workspace's own, so the page of the old one may be gone."""
        messages.success(request, _t("The version is kept. The list below says which one is active."))
        own = self.get_queryset(request).get(kind=obj.kind)
        return redirect("admin:prompt_templates_prompttemplate_change", own.pk)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view
        own = [
            path("<slug:kind>/do/<slug:action>/", page(self.act_view), name="prompt_templates_act"),
            path("<slug:kind>/try/", page(self.try_view), name="prompt_templates_try"),
            path("<slug:kind>/ranking/", page(self.ranking_view), name="prompt_templates_ranking"),
        ]
        return [*own, *super().get_urls()]

    def act_view(self, request: HttpRequest, kind: str, action: str) -> HttpResponse:
        """What the buttons post; they do what those of the AI pages do."""
        self._template(request, kind)
        if request.method == "POST":
            with refusals_told(request):
                steps.perform(request, kind, action)
        return redirect("admin:prompt_templates_prompttemplate_change", self._template(request, kind).pk)

    def try_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """One or two versions with sample values or an item; the panel is the one of the AI pages."""
        template = self._template(request, kind)
        request.actor.require("manage_templates", request.workspace)
        chosen = {name: self._id(request, name) for name in ("first", "second")}
        context = {
            "title": _("Try and compare"),
            "template": template,
            "versions": list(queries.versions_of(request.workspace).filter(template__kind=kind)),
            **chosen,
            **views.trial_choices(request.workspace, template.active, request.POST),
            **(views.tried(request, template) if request.method == "POST" else {}),
        }
        return self._page(request, "try", context)

    def ranking_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        request.actor.require("view_content", request.workspace)
        template = self._template(request, kind)
        context = {"title": _("Ranking"), "template": template, **views.ranked(request.workspace, kind)}
        return self._page(request, "ranking", context)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, f"prompt_templates/admin/{name}.html", {**shared, **context})

    def _template(self, request: HttpRequest, kind: str) -> PromptTemplate:
        found = self.get_queryset(request).filter(kind=kind).first()
        if found is None:
            raise Http404
        return found

    @staticmethod
    def _id(request: HttpRequest, name: str) -> int | None:
        return whole((request.POST or request.GET).get(name, ""))

    @display(description=_("kind"), ordering="kind")
    def shown_kind(self, template: PromptTemplate) -> str:
        return template.get_kind_display()

    @display(description=_("active version"), label={"active": "success"})
    def shown_active(self, template: PromptTemplate) -> tuple[str, str]:
        return "active", f"v{template.active.number}"

    @display(description=_("whose"))
    def shown_owner(self, template: PromptTemplate) -> Any:
        return _("Built-in") if template.active.template.is_built_in else _("This workspace's")

    @display(description=_("what changed"))
    def shown_note(self, template: PromptTemplate) -> str:
        return template.active.note

    @display(description=_("by"))
    def shown_author(self, template: PromptTemplate) -> str:
        return template.active.author_label

    @display(description=_("made"))
    def shown_at(self, template: PromptTemplate) -> Any:
        return template.active.created_at


@admin.register(PromptVersion)
class PromptVersionAdmin(AiPages, WorkspaceAdmin):
    """Read only: what a version says, and how it differs from the one before."""

    icon = "history"
    readonly_fields = ("shown_instructions", "shown_text", "shown_variables", "shown_answer")
    fields = (
        "shown_instructions",
        "shown_text",
        "shown_variables",
        "model",
        "options",
        "shown_answer",
        "answer_version",
        "note",
        "author_label",
        "created_at",
    )
    list_display = ("__str__", "note", "author_label", "created_at")
    change_form_outer_before_template = "prompt_templates/admin/diff.html"

    @display(description=_("instructions"))
    def shown_instructions(self, version: PromptVersion) -> str:
        return format_html('<div class="whitespace-pre-wrap">{}</div>', version.instructions)

    @display(description=_("text"))
    def shown_text(self, version: PromptVersion) -> str:
        return format_html('<div class="whitespace-pre-wrap">{}</div>', version.text)

    @display(description=_("variables"))
    def shown_variables(self, version: PromptVersion) -> str:
        return self._part("variables_read", version=version)

    @display(description=_("form of the answer"))
    def shown_answer(self, version: PromptVersion) -> str:
        return self._part("answer", answer=fields_of(version.schema))

    @staticmethod
    def _part(name: str, **context: Any) -> str:
        return format_html('<div class="rd-ai">{}</div>', render_to_string(f"ai/{name}.html", context))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False  # reached from its template

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptVersion]:
        return queries.versions_of(request.workspace)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        version = self.get_queryset(request).filter(pk=whole(object_id)).first()
        previous = queries.previous_version(version) if version else None
        context = {"previous": previous, "changes": diff_versions(previous, version) if previous else []}
        context["variables"] = diff_variables(previous, version) if previous else []
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})


@admin.register(Generation)
class GenerationAdmin(WorkspaceAdmin):
    icon = "neurology"
    list_display = (
        "kind",
        "shown_outcome",
        "version",
        "engine",
        "model",
        "shown_tokens",
        "cost",
        "shown_seconds",
        "created_at",
    )
    list_filter = ("outcome", "engine", "kind")
    search_fields = ("subject", "actor")
    fields = (
        "kind", "version", "subject", "engine", "model", "outcome", "note", "data", "usage", "cost", "seconds",
        "reused", "actor", "created_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Generation]:
        return queries.generations()

    @display(description=_("outcome"), ordering="outcome", label=OUTCOME_COLOURS)
    def shown_outcome(self, generation: Generation) -> tuple[str, Any]:
        return generation.outcome, _("Reused") if generation.reused_id else generation.get_outcome_display()

    @display(description=_("tokens"))
    def shown_tokens(self, generation: Generation) -> str:
        used = generation.usage
        return f"{used.get('input_tokens', 0):,} → {used.get('output_tokens', 0):,}" if used else "–"

    @display(description=_("seconds"), ordering="seconds")
    def shown_seconds(self, generation: Generation) -> str:
        return f"{generation.seconds:.1f}"


@admin.register(Activation)
class ActivationAdmin(AiPages, WorkspaceAdmin):
    """Which version was used when; what waits is agreed to or declined on its page."""

    icon = "published_with_changes"
    list_display = ("version", "before", "state", "asked_label", "decided_label", "created_at")
    list_filter = ("state",)
    list_select_related = ("version__template", "before__template")
    fields = ("version", "before", "state", "asked_label", "decided_label", "decided_at", "created_at")
    change_form_outer_before_template = "prompt_templates/admin/waiting.html"

    def waiting(self) -> Waiting:
        return (
            _("AI versions to agree to"),
            Activation.objects.filter(state="waiting"),
            "?state__exact=waiting",
        )

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.decide_view)
        own = path("<int:activation_id>/decide/<slug:action>/", page, name="prompt_templates_decide")
        return [own, *super().get_urls()]

    def decide_view(self, request: HttpRequest, activation_id: int, action: str) -> HttpResponse:
        """What the buttons “Agree” and “Decline” post."""
        if self.get_object(request, str(activation_id)) is None:
            raise Http404
        if request.method == "POST":
            with refusals_told(request):
                steps.decide(request, activation_id, action)
        return redirect("admin:prompt_templates_activation_change", activation_id)
