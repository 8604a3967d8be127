"""How a workspace's videos look, and its footage."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget, UnfoldAdminSelectWidget

from apps.engines.captions import PRESETS
from apps.lifecycle.models import Run
from apps.renders import services
from apps.renders.models import Footage, VideoStyle
from apps.workspaces.admin_base import OneRow, WorkspaceAdmin


class StyleForm(forms.ModelForm):
    caption_preset = forms.ChoiceField(
        label=_("Captions"), choices=[(name, name) for name in PRESETS], widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = VideoStyle
        fields = (
            "caption_preset", "font", "outline", "accent", "background", "palette", "voice", "speed",
        )  # fmt: skip
        widgets = {"accent": UnfoldAdminColorInputWidget}


@admin.register(VideoStyle)
class VideoStyleAdmin(OneRow, WorkspaceAdmin):
    icon = "palette"
    form = StyleForm
    add_permission = change_permission = "manage_brand"
    list_display = ("caption_preset", "font", "accent", "background", "palette", "voice")

    def save_model(self, request: HttpRequest, obj: VideoStyle, form: Any, change: bool) -> None:
        saved = services.set_style(workspace=request.workspace, actor=request.actor, **form.cleaned_data)
        obj.__dict__.update(saved.__dict__)


@admin.register(Footage)
class FootageAdmin(WorkspaceAdmin):
    icon = "video_library"
    add_permission = delete_permission = "manage_brand"
    list_display = ("name", "seconds", "shown_state", "created_at")
    search_fields = ("name",)
    fields = ("name", "original")

    @display(description=_("state"))
    def shown_state(self, footage: Footage) -> str:
        if footage.clip:
            return str(_("Ready"))
        run = Run.objects.filter(kind="footage", subject=f"renders.footage:{footage.pk}").first()
        return str(run.error["message"] if run and run.error else _("Being normalised"))

    def save_model(self, request: HttpRequest, obj: Footage, form: Any, change: bool) -> None:
        saved = services.add_footage(
            workspace=request.workspace, actor=request.actor, name=obj.name, file=form.cleaned_data["original"]
        )
        obj.__dict__.update(saved.__dict__)
