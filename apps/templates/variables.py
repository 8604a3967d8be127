"""The table of a template's variables, as a form's field: a row each, with a free one at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Invalid

MOST = 60
TYPES = (("text", _("text")), ("number", _("number")), ("list", _("list")))


class VariableForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=40, widget=forms.TextInput({"spellcheck": "false"}))
    type = forms.ChoiceField(label=_("Type"), choices=TYPES, initial="text")
    required = forms.BooleanField(label=_("Required"), required=False, initial=True)
    material = forms.BooleanField(label=_("Written by strangers"), required=False)
    links = forms.BooleanField(label=_("Its links may be used"), required=False)
    about = forms.CharField(label=_("Description"), required=False, max_length=240)
    sample = forms.CharField(
        label=_("Sample"), required=False, max_length=4000, widget=forms.Textarea({"rows": 1, "spellcheck": "false"})
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        try:
            self.sample = typed_value(values.get("type", "text"), values.get("sample", ""))
        except ValueError:
            self.add_error("sample", _("Write a number."))
        return values

    def variable(self) -> dict[str, Any]:
        """As a version keeps it; what was left empty is left out."""
        values = self.cleaned_data
        kept = {name: values[name] for name in ("name", "type", "required", "about")}
        kept |= {name: True for name in ("material", "links") if values[name]}
        return kept if self.sample in (None, "", []) else {**kept, "sample": self.sample}


VariableSet = forms.formset_factory(
    VariableForm, extra=1, can_delete=True, max_num=MOST, absolute_max=MOST, validate_max=True
)


def typed_value(kind: str, text: str) -> Any:
    """A value of a variable as typed: a list has one entry a line; None for no number. Raises ValueError."""
    if kind == "list":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if kind == "number":
        number = float(text) if text.strip() else None
        return int(number) if number is not None and number.is_integer() else number
    return text


def written(value: Any) -> str:
    """The opposite of `typed_value`."""
    if isinstance(value, list | tuple):
        return "\n".join(str(each) for each in value)
    return "" if value is None else str(value)


def values_in(post: Mapping[str, str], variables: list[dict[str, Any]]) -> dict[str, Any]:
    """What was typed for each variable, in fields "value-<name>"; empty ones are left out. Raises Invalid."""
    values, problems = {}, {}
    for each in variables:
        try:
            text = post.get(f"value-{each['name']}", "").replace("\r\n", "\n")
            values[each["name"]] = typed_value(each.get("type", "text"), text)
        except (ValueError, OverflowError):
            problems[each["name"]] = [_t("Write a number.")]
    if problems:
        raise Invalid(_t("The values are not complete."), **problems)
    return {name: value for name, value in values.items() if value not in (None, "", [])}


class VariablesTable(forms.Widget):
    """Its value is the formset as posted, or the list of variables that it begins with."""

    use_fieldset = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> BaseFormSet:
        return VariableSet(data, prefix=name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> str:
        rows = value if isinstance(value, BaseFormSet) else VariableSet(initial=_shown(value or []), prefix=name)
        return render_to_string("ai/variables.html", {"rows": rows})


def _shown(variables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "text", "required": True, **each, "sample": written(each.get("sample"))} for each in variables]


class VariablesField(forms.Field):
    widget = VariablesTable

    def clean(self, value: BaseFormSet) -> list[dict[str, Any]]:
        if not value.is_valid():
            raise ValidationError(value.non_form_errors() or _("Correct the rows that are marked."))
        return [row.variable() for row in value if row.cleaned_data.get("name") and not row.cleaned_data["DELETE"]]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True
