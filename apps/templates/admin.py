"""Templates with their versions, an editor that makes the next one, and what engines answered."""

from __future__ import annotations

from json import JSONEncoder
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from apps.common.errors import DomainError
from apps.templates import activation, money, queries, services
from apps.templates.diff import diff_variables, diff_versions
from apps.templates.models import (
    Activation,
    Budget,
    CaseResult,
    Generation,
    PromptCase,
    PromptTemplate,
    PromptVersion,
    TextProvider,
)
from apps.templates.services import Draft
from apps.workspaces.admin_base import WorkspaceAdmin

OUTCOME_COLOURS = {
    "parsed": "success",
    "refusal": "warning",
    "truncated": "warning",
    "invalid": "danger",
    "error": "danger",
}


def _area(label: Any, rows: int, **options: Any) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": rows})
    return forms.CharField(label=label, strip=False, required=False, widget=widget, **options)


class _Indented(JSONEncoder):
    """People read it: one member a line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "indent": 2})


def _json(label: Any, rows: int, **options: Any) -> forms.JSONField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": rows, "class": "font-mono"})
    return forms.JSONField(label=label, widget=widget, encoder=_Indented, required=False, **options)


class VersionForm(forms.ModelForm):
    """The next version, beginning as a copy of the active one."""

    instructions = _area(_("Instructions"), 6, help_text=_("What the model is told about its job."))
    text = _area(_("Text"), 12, help_text=_("What it is given; {{name}} stands for a variable."))
    variables = _json(
        _("Variables"),
        10,
        help_text=_("name, type (text, number or list), required, material (written by strangers), about"),
    )
    model = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=120,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Empty: the one in the settings."),
    )
    options = _json(_("Model settings"), 3, help_text=_("temperature, max_output_tokens"))
    schema = _json(_("Form of the answer"), 12, help_text=_("A JSON Schema."))
    note = forms.CharField(label=_("What changed"), required=False, max_length=240, widget=UnfoldAdminTextInputWidget)
    activate = forms.BooleanField(label=_("Use it at once"), required=False, widget=UnfoldBooleanSwitchWidget)

    class Meta:
        model = PromptTemplate
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = self.instance.active
        for name in ("instructions", "text", "variables", "model", "options", "schema"):
            self.initial.setdefault(name, getattr(active, name))

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.errors:
            return values
        names = ("instructions", "text", "model", "note")
        self.draft = Draft(
            **{name: values[name] for name in names},
            variables=values["variables"] or [],
            options=values["options"] or {},
            schema=values["schema"] or {},
        )
        try:
            services.check_version(self.instance.kind, self.draft)
        except DomainError as error:
            for field, problems in error.details.items():
                self.add_error(field if field in self.fields else None, problems)
        return values


@admin.register(PromptTemplate)
class PromptTemplateAdmin(WorkspaceAdmin):
    icon = "edit_note"
    change_permission = "manage_templates"
    form = VersionForm
    list_display = ("shown_kind", "shown_active", "shown_owner", "shown_note", "shown_author", "shown_at")
    list_display_links = ("shown_kind",)
    change_form_outer_after_template = "prompt_templates/admin/versions.html"
    fieldsets = (
        (_("The next version"), {"fields": ("instructions", "text", "note", "activate")}),
        (_("Variables"), {"fields": ("variables",), "classes": ("collapse",)}),
        (_("Model and form of the answer"), {"fields": ("model", "options", "schema"), "classes": ("collapse",)}),
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
        template = self.get_queryset(request).filter(pk=object_id).first() if object_id.isdigit() else None
        versions = list(queries.versions_of(request.workspace).filter(template__kind=template.kind)) if template else []
        context = {"versions": versions, "may_activate": self.has_change_permission(request)}
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
        page = self.admin_site.admin_view(self.activate_view)
        return [path("activate/<int:version_id>/", page, name="prompt_templates_activate"), *super().get_urls()]

    def activate_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """What the button “Use this one” posts."""
        version = queries.versions_of(request.workspace).filter(pk=version_id).first()
        if version is None:
            raise Http404
        own = version.template
        if request.method == "POST":
            own = activation.activate_version(workspace=request.workspace, version=version, actor=request.actor)
            messages.success(request, _t("“%(version)s” is active.") % {"version": version})
        return redirect("admin:prompt_templates_prompttemplate_change", own.pk)

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
class PromptVersionAdmin(WorkspaceAdmin):
    """Read only: what a version says, and how it differs from the one before."""

    icon = "history"
    readonly_fields = ("shown_instructions", "shown_text")
    fields = (
        "shown_instructions",
        "shown_text",
        "variables",
        "model",
        "options",
        "schema",
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

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False  # reached from its template

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptVersion]:
        return queries.versions_of(request.workspace)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        version = self.get_queryset(request).filter(pk=object_id).first() if object_id.isdigit() else None
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
class ActivationAdmin(WorkspaceAdmin):
    """Which version was used when. Read only: the AI page asks, agrees and goes back."""

    icon = "published_with_changes"
    list_display = ("version", "before", "state", "asked_label", "decided_label", "created_at")
    list_filter = ("state",)
    list_select_related = ("version__template", "before__template")
    fields = ("version", "before", "state", "asked_label", "decided_label", "decided_at", "created_at")


@admin.register(PromptCase)
class PromptCaseAdmin(WorkspaceAdmin):
    icon = "rule"
    delete_permission = "manage_templates"
    list_display = ("name", "kind", "author_label", "created_at")
    list_filter = ("kind",)
    fields = ("name", "kind", "variables", "checks", "author_label", "created_at")


@admin.register(CaseResult)
class CaseResultAdmin(WorkspaceAdmin):
    icon = "fact_check"
    list_display = ("case", "version", "passed", "engine", "created_at")
    list_filter = ("passed", "engine")
    list_select_related = ("case", "version__template")
    fields = ("case", "version", "passed", "failures", "engine", "created_at")


@admin.register(Budget)
class BudgetAdmin(WorkspaceAdmin):
    icon = "savings"
    change_permission = "manage_workspace"
    list_display = ("__str__", "soft_limit", "hard_limit")
    fields = ("soft_limit", "hard_limit")

    def save_model(self, request: HttpRequest, obj: Budget, form: forms.ModelForm, change: bool) -> None:
        limits = {name: form.cleaned_data[name] for name in self.fields}
        money.set_budget(workspace=request.workspace, actor=request.actor, **limits)


@admin.register(TextProvider)
class TextProviderAdmin(WorkspaceAdmin):
    """Read only, and without the key: the AI page writes it."""

    icon = "hub"
    list_display = ("__str__", "engine", "model", "concurrency", "calls_per_minute")
    fields = ("engine", "base_url", "model", "input_price", "output_price", "concurrency", "calls_per_minute")
