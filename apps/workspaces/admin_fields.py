"""Fields that forms of the admin share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.common.languages import language_code, language_name


class _LanguageInput(UnfoldAdminTextInputWidget):
    def __init__(self) -> None:
        super().__init__(attrs={"list": "languages", "autocomplete": "off"})

    def format_value(self, value: Any) -> str:
        return language_name(value or "")

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return super().render(name, value, attrs, renderer) + render_to_string("parts/language_list.html")


class LanguageField(forms.CharField):
    """Chosen by name, or typed as a code; its value is the code."""

    widget = _LanguageInput

    def __init__(self, **options: Any) -> None:
        said = {"label": _("Language"), "help_text": _("Choose a name, or write a code such as ml.")}
        super().__init__(**{**said, **options})

    def to_python(self, value: Any) -> str:
        return language_code(super().to_python(value))
