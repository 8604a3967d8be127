"""Forms of the AI pages: the editor of a version, and readers that raise Invalid with a sentence by field."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from json import JSONEncoder
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.common.errors import DomainError, Invalid
from apps.templates import services
from apps.templates.models import PromptVersion
from apps.templates.services import OPTIONS, Draft
from apps.templates.variables import VariablesField


class Indented(JSONEncoder):
    """People read it: one member a line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "indent": 2})


class _Prose(forms.CharField):
    """Text whose spaces matter, with the line ends that a prompt has."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"strip": False, "required": False, "widget": forms.Textarea, **options})

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n")


class EditorForm(forms.Form):
    """The next version, beginning as a copy of `version`. After is_valid(): `draft`, which the kind accepts."""

    instructions = _Prose(
        label=gettext_lazy("Instructions"), help_text=gettext_lazy("What the model is told about its job.")
    )
    text = _Prose(
        label=gettext_lazy("Text"),
        help_text=gettext_lazy(
            "What it is given. A variable stands in double braces; braces that stay are \\{{ and \\}}."
        ),
    )
    variables = VariablesField(label=gettext_lazy("Variables"), required=False)
    answer = forms.JSONField(
        label=gettext_lazy("Form of the answer, as a JSON Schema"), required=False, encoder=Indented
    )
    model = forms.CharField(label=gettext_lazy("Model"), required=False, max_length=120)
    temperature = forms.FloatField(
        label=gettext_lazy("Temperature"),
        required=False,
        min_value=OPTIONS["temperature"][0],
        max_value=OPTIONS["temperature"][1],
        widget=forms.TextInput({"inputmode": "decimal"}),
    )
    max_output_tokens = forms.IntegerField(
        label=gettext_lazy("Most tokens"),
        required=False,
        min_value=int(OPTIONS["max_output_tokens"][0]),
        max_value=int(OPTIONS["max_output_tokens"][1]),
        widget=forms.TextInput({"inputmode": "numeric"}),
    )
    note = forms.CharField(label=gettext_lazy("What changed"), required=False, max_length=240)

    def __init__(self, *args: Any, kind: str, version: PromptVersion, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind = kind
        copied = {name: getattr(version, name) for name in ("instructions", "text", "variables", "model")}
        copied |= {name: version.options.get(name) for name in OPTIONS}
        for name, value in {**copied, "answer": version.schema}.items():
            self.initial.setdefault(name, value)
        for name, rows in (("instructions", 5), ("text", 14)):
            self.fields[name].widget.attrs |= {"rows": rows, "data-takes-variables": ""}
        self.fields["answer"].widget.attrs |= {"rows": 10, "class": "mono", "spellcheck": "false"}

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.errors:
            return values
        self.draft = Draft(
            **{name: values[name] for name in ("instructions", "text", "variables", "model", "note")},
            schema=values["answer"] or {},
            options={name: values[name] for name in OPTIONS if values[name] is not None},
        )
        try:
            services.check_version(self.kind, self.draft)
        except DomainError as error:
            for field, problems in error.details.items():
                field = {"schema": "answer"}.get(field, field)
                self.add_error(field if field in self.fields else None, problems)
        return values

    def said_problems(self) -> dict[str, list[str]]:
        """Sentences by the field's label, for a place that is not beside the fields."""
        said = {
            str(self.fields[name].label) if name in self.fields else "": list(reasons)
            for name, reasons in self.errors.items()
        }
        for row in self["variables"].value() if "variables" in self.errors else ():
            name = row.data.get(row.add_prefix("name")) or "–"
            said |= {
                f"{name}, {row.fields[field].label}": list(reasons)
                for field, reasons in row.errors.items()
                if field in row.fields
            }
        return said

    def shown_schema(self) -> Any:
        """The form of the answer as it stands in the editor, for the table of its fields."""
        return getattr(self, "cleaned_data", {}).get("answer") or self.initial["answer"]


def dollars(post: Mapping[str, str], name: str) -> Decimal | None:
    text = post.get(name, "").strip()
    try:
        value = Decimal(text) if text else None
        if value is not None and not 0 <= value < 1_000_000:
            raise InvalidOperation
    except InvalidOperation as error:
        raise Invalid(_("Write an amount in US dollars."), **{name: [_("Write it as 20 or 0.25.")]}) from error
    return value


def whole(post: Mapping[str, str], name: str, default: int) -> int:
    text = post.get(name, "").strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(_("Write a whole number."), **{name: [_("Write a whole number.")]})
    return int(text) if text else default


def checks_of(post: Any) -> list[dict[str, str]]:
    """The rows of a test case's form; a row without a check is left out."""
    rows = zip(post.getlist("check"), post.getlist("field"), post.getlist("value"), strict=False)
    return [{"check": check, "field": field.strip(), "value": value.strip()} for check, field, value in rows if check]
