"""The brand voice in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.common.languages import language_name
from apps.content.models import BrandVoice
from apps.content.voice import change_brand_voice, drop_brand_voice, told
from apps.workspaces.admin_base import WorkspaceAdmin
from apps.workspaces.admin_fields import LanguageField

_BREAK = "\n---\n"


class Lines(forms.CharField):
    """A list, written one entry a line, or one between two lines of ---."""

    def __init__(self, *args: Any, between: str = "\n", **kwargs: Any) -> None:
        self.between = between
        super().__init__(*args, required=False, widget=UnfoldAdminTextareaWidget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return self.between.join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        text = str(value or "").replace("\r\n", "\n")
        return [each.strip() for each in text.split(self.between) if each.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != (initial or [])


class VoiceForm(forms.ModelForm):
    language = LanguageField(required=False, help_text=_("A name, or a code such as ml. Empty: for all languages."))
    examples = Lines(
        label=_("Texts that sound right"), between=_BREAK, help_text=_("A line of --- stands between two.")
    )
    words = Lines(label=_("Words we use"), help_text=_("One a line."))
    banned = Lines(
        label=_("Banned phrases"),
        help_text=_(
            "One a line. Case, hyphens and spaces do not matter; “amaz*” stands for every word that begins so."
        ),
    )

    class Meta:
        model = BrandVoice
        fields = ("language", "summary", "banned", "words", "reading_level", "creativity", "examples")


@admin.register(BrandVoice)
class BrandVoiceAdmin(WorkspaceAdmin):
    """One for all languages, and one for each language that needs its own."""

    icon = "record_voice_over"
    form = VoiceForm
    add_permission = change_permission = delete_permission = "manage_brand"
    list_display = ("shown_language", "reading_level", "creativity", "changed_by", "changed_at")
    fields = ("language", "summary", "banned", "words", "reading_level", "creativity", "examples", "shown_told")
    readonly_fields = ("shown_told",)

    def get_readonly_fields(self, request: HttpRequest, obj: BrandVoice | None = None) -> tuple[str, ...]:
        return ("shown_language", *self.readonly_fields) if obj else self.readonly_fields

    def get_fields(self, request: HttpRequest, obj: BrandVoice | None = None) -> tuple[str, ...]:
        return ("shown_language" if obj else "language", *self.fields[1:])

    @display(description=_("language"))
    def shown_language(self, voice: BrandVoice) -> str:
        return language_name(voice.language) or str(_("All languages"))

    @display(description=_("what a model is told"))
    def shown_told(self, voice: BrandVoice) -> str:
        return told(voice) if voice.pk else ""

    def save_model(self, request: HttpRequest, obj: BrandVoice, form: forms.ModelForm, change: bool) -> None:
        fields = dict(form.cleaned_data)
        said = fields.pop("language", "")
        language = obj.language if change else said
        saved = change_brand_voice(workspace=request.workspace, actor=request.actor, language=language, **fields)
        obj.__dict__.update(saved.__dict__)

    def delete_model(self, request: HttpRequest, obj: BrandVoice) -> None:
        drop_brand_voice(workspace=request.workspace, actor=request.actor, language=obj.language)

    def has_delete_permission(self, request: HttpRequest, obj: BrandVoice | None = None) -> bool:
        """The voice for all languages is emptied, not deleted."""
        return super().has_delete_permission(request, obj) and obj is not None and obj.language != ""
