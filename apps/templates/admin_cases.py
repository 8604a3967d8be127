"""Test cases of templates in the admin: written with the fields of the AI page, run there against any version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.common.errors import Invalid
from apps.templates import cases, queries
from apps.templates.admin_shared import AiPages
from apps.templates.forms import checks_of
from apps.templates.models import CaseResult, Kind, PromptCase
from apps.templates.samples import sample_values
from apps.templates.templatetags.ai import in_words
from apps.templates.variables import values_in, written
from apps.workspaces.admin_base import WorkspaceAdmin
from apps.workspaces.models import Workspace

SPARE = 2  # rows for further checks


class PagePart(forms.Widget):
    """A part of the AI pages as a field. Its value is the whole form as posted, or what it begins with."""

    use_fieldset = True

    def __init__(self, part: str, context: Callable[[Any], dict[str, Any]]) -> None:
        super().__init__()
        self.part, self.context = part, context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> str:
        return format_html('<div class="rd-ai">{}</div>', render_to_string(f"ai/{self.part}.html", self.context(value)))


class CaseForm(forms.ModelForm):
    """A case of `kind`; `said` is what the services take."""

    workspace: Workspace
    kind: str

    class Meta:
        model = PromptCase
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = queries.offered_variables(self.kind)
        for name, label, part, context in (
            ("variables", _("Values"), "values", self._values),
            ("checks", _("What must hold"), "checks", self._checks),
        ):
            self.fields[name] = forms.Field(label=label, required=False, widget=PagePart(part, context))
            self.initial[name] = getattr(self.instance, name)
        if not self.instance.pk:
            self.initial["variables"] = sample_values(self.workspace, self.offered)

    def _values(self, value: Any) -> dict[str, Any]:
        typed = value if self.is_bound else {f"value-{name}": written(each) for name, each in value.items()}
        return {"values": [{**each, "value": typed.get(f"value-{each['name']}", "")} for each in self.offered]}

    def _checks(self, value: Any) -> dict[str, Any]:
        rows = checks_of(value) if self.is_bound else value
        template = queries.template_of(self.workspace, self.kind)
        return {
            "rows": [*rows, *[{}] * SPARE],
            "checks": cases.CHECKS,
            "fields": sorted(template.active.schema.get("properties", {})),
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        try:
            self.said = {
                "name": values.get("name", ""),
                "variables": values_in(self.data, self.offered),
                "checks": checks_of(self.data),
            }
        except Invalid as refusal:
            reasons = (f"{name}: {reason}" for name, found in refusal.details.items() for reason in found)
            self.add_error("variables", list(reasons))
        return values

    def _post_clean(self) -> None:
        """The service keeps what was said; nothing of the form goes into the row by itself."""


@admin.register(PromptCase)
class PromptCaseAdmin(AiPages, WorkspaceAdmin):
    icon = "rule"
    form = CaseForm
    add_permission = change_permission = delete_permission = "manage_templates"
    list_display = ("name", "kind", "shown_checks", "author_label", "created_at")
    list_filter = ("kind",)
    search_fields = ("name",)
    readonly_fields = ("kind", "shown_values", "shown_checks", "shown_results", "author_label", "created_at")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The kind is chosen first: what a case is given and what can be checked depends on it."""
        if not self.has_add_permission(request) or request.GET.get("kind") in Kind.values:
            return super().add_view(request, form_url, extra_context)
        context = {**self.admin_site.each_context(request), "title": _("Of which kind?"), "kinds": Kind.choices}
        return TemplateResponse(request, "prompt_templates/admin/kinds.html", {**context, "opts": self.opts})

    def get_form(
        self, request: HttpRequest, obj: PromptCase | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        made = super().get_form(request, obj, change, **{**kwargs, "fields": ("name",)})
        made.workspace, made.kind = request.workspace, obj.kind if obj else request.GET["kind"]
        return made

    def get_fields(self, request: HttpRequest, obj: PromptCase | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("name", "variables", "checks")
        if self.has_change_permission(request, obj):
            return ("kind", "name", "variables", "checks", "shown_results", "author_label", "created_at")
        return ("kind", "name", "shown_values", "shown_checks", "shown_results", "author_label", "created_at")

    def save_model(self, request: HttpRequest, obj: PromptCase, form: CaseForm, change: bool) -> None:
        if change:
            obj = cases.change_case(case=self.get_object(request, str(obj.pk)), actor=request.actor, **form.said)
            return
        who = {"workspace": request.workspace, "actor": request.actor}
        obj.__dict__.update(cases.add_case(**who, kind=form.kind, **form.said).__dict__)

    def delete_model(self, request: HttpRequest, obj: PromptCase) -> None:
        cases.remove_case(case=obj, actor=request.actor)

    @display(description=_("values"))
    def shown_values(self, case: PromptCase) -> str:
        rows = ((name, written(value)) for name, value in case.variables.items())
        return format_html_join("", '<p class="whitespace-pre-wrap"><strong>{}</strong>: {}</p>', rows) or "–"

    @display(description=_("what must hold"))
    def shown_checks(self, case: PromptCase) -> str:
        return " · ".join(in_words(check) for check in case.checks) or str(_("the form of the answer"))

    @display(description=_("last results"))
    def shown_results(self, case: PromptCase) -> str:
        results = case.results.select_related("version").order_by("-created_at")[:10]
        rows = ((_said(result), " ".join(result.failures)) for result in results)
        return format_html_join("", "<p><strong>{}</strong> {}</p>", rows) or _("Not run")


def _said(result: CaseResult) -> str:
    return f"v{result.version.number}: {_('Passes') if result.passed else _('Fails')}"


@admin.register(CaseResult)
class CaseResultAdmin(WorkspaceAdmin):
    icon = "fact_check"
    list_display = ("case", "version", "passed", "engine", "created_at")
    list_filter = ("passed", "engine")
    list_select_related = ("case", "version__template")
    fields = ("case", "version", "passed", "failures", "engine", "created_at")
