"""Clips in the admin: what came in, why something did not, and the settings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from apps.clips import queries, services
from apps.clips.machine import CLIP_MACHINE
from apps.clips.models import Clip, ClipSettings, InboxFile, IncomingFile
from apps.engines.captions import PRESETS
from apps.lifecycle.admin_states import StateFilter, WithState, transition_action
from apps.lifecycle.services import advance
from apps.templates.queries import versions_of
from apps.workspaces.admin_base import OneRow, WorkspaceAdmin
from apps.workspaces.admin_fields import LanguageField


@admin.register(Clip)
class ClipAdmin(WithState, WorkspaceAdmin):
    """Each links to its page, where it is watched and corrected."""

    icon = "movie_edit"
    delete_permission = "write_content"
    list_display = ("shown_title", "shown_state", "name", "origin", "length", "shown_problem", "created_at")
    list_display_links = ("name",)
    list_filter = (StateFilter, "origin")
    list_select_related = ("item", "workspace")
    search_fields = ("name", "item__title")
    actions = ("retry_selected",)
    readonly_fields = (
        "name", "origin", "shown_state", "shown_problem", "length", "width", "height", "video_codec", "audio_codec",
        "language", "heard_by", "heard_sure", "item", "created_at",
    )  # fmt: skip
    fields = readonly_fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Clip]:
        return super().get_queryset(request).select_related("item", "workspace")

    @display(description=_("title"), ordering="name")
    def shown_title(self, clip: Clip) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("clips:clip", args=[clip.workspace.slug, clip.pk]), clip.title
        )

    @display(description=_("problem"))
    def shown_problem(self, clip: Clip) -> str:
        return clip.problem["message"] if clip.problem else ""

    @display(description=_("length"), ordering="seconds")
    def length(self, clip: Clip) -> str:
        whole = round(clip.seconds or 0)
        return f"{whole // 60}:{whole % 60:02d}" if clip.seconds else ""

    retry_selected = transition_action(
        CLIP_MACHINE,
        "retry",
        lambda clip, actor: advance(clip, "retry", actor=actor, fields={"problem": None}, data={"title": clip.title}),
    )

    def delete_model(self, request: HttpRequest, obj: Clip) -> None:
        services.delete_clip(clip=queries.clips().get(pk=obj.pk), actor=request.actor)

    def has_delete_permission(self, request: HttpRequest, obj: Clip | None = None) -> bool:
        """Not where `delete_clip` would refuse."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or services.can_be_deleted(obj))


class SettingsForm(forms.ModelForm):
    caption_preset = forms.ChoiceField(
        label=_("Caption style"),
        required=False,
        choices=[("", _("As in the video style")), *((name, name) for name in PRESETS)],
        widget=UnfoldAdminSelectWidget,
    )
    language = LanguageField(
        label=_("Language spoken"),
        required=False,
        help_text=_("A name, or a code such as ml. Empty: found out by listening."),
    )

    class Meta:
        model = ClipSettings
        fields = ()


@admin.register(ClipSettings)
class ClipSettingsAdmin(OneRow, WorkspaceAdmin):
    icon = "video_settings"
    form = SettingsForm
    add_permission = change_permission = "manage_workspace"
    list_display = ("folder_on", "captions_on", "caption_preset", "language", "template")
    list_display_links = ("folder_on",)
    fields = ("folder_on", "captions_on", "caption_preset", "language", "template", "accounts")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "template":
            kwargs["queryset"] = versions_of(request.workspace).filter(template__kind="metadata")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(
            db_field, request, queryset=services.accounts_to_choose(request.workspace), **kwargs
        )

    def save_model(self, request: HttpRequest, obj: ClipSettings, form: Any, change: bool) -> None:
        values = dict(form.cleaned_data)
        template, accounts = values.pop("template"), values.pop("accounts")
        saved = services.set_settings(
            workspace=request.workspace,
            actor=request.actor,
            template=template.pk if template else None,
            accounts=[account.pk for account in accounts],
            **values,
        )
        obj.__dict__.update(saved.__dict__)


@admin.register(InboxFile)
class InboxFileAdmin(WorkspaceAdmin):
    """What became of the files in the watched folder."""

    icon = "folder_eye"
    list_display = ("path", "outcome", "reason", "clip", "size", "since")
    list_filter = ("outcome",)
    search_fields = ("path",)
    readonly_fields = fields = ("path", "size", "outcome", "reason", "clip", "since", "settled_at")


@admin.register(IncomingFile)
class IncomingFileAdmin(WorkspaceAdmin):
    """Uploads under way."""

    icon = "cloud_upload"
    list_display = ("name", "shown_percent", "size", "user", "created_at", "expires_at")
    readonly_fields = fields = ("name", "size", "offset", "user", "created_at", "expires_at")

    @display(description=_("received"))
    def shown_percent(self, upload: IncomingFile) -> str:
        return f"{upload.percent} %"
