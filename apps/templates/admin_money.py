"""What AI may cost and whom it asks, in the admin. The key is written, and never shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordToggleWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from apps.templates import money
from apps.templates.admin_shared import AiPages, refusals_told
from apps.templates.models import Budget, TextProvider
from apps.templates.money_views import month_of
from apps.workspaces.admin_base import OneRow, WorkspaceAdmin


@admin.register(Budget)
class BudgetAdmin(OneRow, AiPages, WorkspaceAdmin):
    icon = "savings"
    add_permission = change_permission = "manage_workspace"
    list_display = ("__str__", "soft_limit", "hard_limit")
    fields = ("soft_limit", "hard_limit")
    list_before_template = "prompt_templates/admin/spending.html"
    change_form_outer_before_template = "prompt_templates/admin/spending.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**month_of(request.workspace), **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {**month_of(request.workspace), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def save_model(self, request: HttpRequest, obj: Budget, form: forms.ModelForm, change: bool) -> None:
        limits = {name: form.cleaned_data[name] for name in self.fields}
        obj.pk = money.set_budget(workspace=request.workspace, actor=request.actor, **limits).pk


class ProviderForm(forms.ModelForm):
    base_url = forms.URLField(
        label=_("Address"),
        required=False,
        assume_scheme="https",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "https://api.openai.com/v1"}),
        help_text=_(
            "Empty: OpenAI's own. Ollama, vLLM, LM Studio, llama.cpp and OpenRouter work too; most end in /v1."
        ),
    )
    api_key = forms.CharField(
        label=_("New key"),
        required=False,
        widget=UnfoldAdminPasswordToggleWidget(attrs={"autocomplete": "off"}),
        help_text=_("Kept encrypted and never shown again. Leave it empty to keep the one that is stored."),
    )
    forget = forms.BooleanField(label=_("Forget the key"), required=False, widget=UnfoldBooleanSwitchWidget)

    class Meta:
        model = TextProvider
        fields = money.PROVIDER_FIELDS


@admin.register(TextProvider)
class TextProviderAdmin(OneRow, AiPages, WorkspaceAdmin):
    icon = "hub"
    form = ProviderForm
    add_permission = change_permission = delete_permission = "manage_workspace"
    list_display = ("__str__", "engine", "model", "shown_key", "concurrency", "calls_per_minute")
    readonly_fields = ("shown_key",)
    change_form_outer_before_template = "prompt_templates/admin/check.html"

    def get_fields(self, request: HttpRequest, obj: TextProvider | None = None) -> tuple[str, ...]:
        kept = ("shown_key",) if obj else ()
        written = ("api_key", "forget")[: 2 if obj else 1] if self.has_change_permission(request) else ()
        return (*money.PROVIDER_FIELDS[:2], *kept, *written, *money.PROVIDER_FIELDS[2:])

    @display(description=_("key"))
    def shown_key(self, provider: TextProvider) -> Any:
        return _("stored") if provider.credentials.get("api_key") else _("none")

    def save_model(self, request: HttpRequest, obj: TextProvider, form: ProviderForm, change: bool) -> None:
        said = form.cleaned_data
        key = "" if said.get("forget") else said["api_key"] or None
        fields = {name: said[name] for name in money.PROVIDER_FIELDS}
        saved = money.set_provider(workspace=request.workspace, actor=request.actor, fields=fields, api_key=key)
        obj.__dict__.update(saved.__dict__)

    def delete_model(self, request: HttpRequest, obj: TextProvider) -> None:
        money.remove_provider(workspace=request.workspace, actor=request.actor)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.check_view)
        return [path("check/", page, name="prompt_templates_check"), *super().get_urls()]

    def check_view(self, request: HttpRequest) -> HttpResponse:
        """What the button “See whether it answers” posts."""
        own = money.own_provider(request.workspace)
        if own is None:
            raise Http404
        if request.method == "POST":
            with refusals_told(request):
                found = money.check_provider(workspace=request.workspace, actor=request.actor)
                messages.add_message(request, messages.SUCCESS if found.has_model else messages.WARNING, found.in_words)
        return redirect("admin:prompt_templates_textprovider_change", own.pk)
