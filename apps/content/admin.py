"""Items, their versions and files, to look at; deciding happens in review, editing on the web pages and in the API."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.content.images_admin import WithImages
from apps.content.models import Asset, Item, Revision
from apps.content.queries import items
from apps.content.search_admin import FoundByWords
from apps.content.voice_admin import BrandVoiceAdmin
from apps.lifecycle.admin_states import StateFilter, WithState
from apps.lifecycle.services import advance
from apps.workspaces.admin_base import WorkspaceAdmin, WorkspaceTabularInline, link, row_action

__all__ = ["AssetAdmin", "BrandVoiceAdmin", "ItemAdmin"]


class RevisionInline(WorkspaceTabularInline):
    model = Revision
    fk_name = "item"
    fields = ("number", "title", "note", "author_label", "created_at")
    readonly_fields = fields
    extra = 0


@admin.register(Item)
class ItemAdmin(WithState, WithImages, FoundByWords, WorkspaceAdmin):
    icon = "movie"
    list_display = ("title", "shown_state", "kind", "shown_version", "created_at", "shown_link")
    list_filter = (StateFilter, "kind", "format")
    search_kind = "item"
    date_hierarchy = "created_at"
    inlines = (RevisionInline,)
    actions = ("restore_selected",)
    readonly_fields = (
        "title",
        "shown_state",
        "kind",
        "format",
        "shown_text",
        "language",
        "source_title",
        "source_url",
        "shown_images",
        "shown_link",
    )
    fields = readonly_fields
    restore_selected = row_action(
        _("Take the rejection back"),
        lambda item, actor: advance(item, "restore", actor=actor),
        permission="approve_content",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Item]:
        return items()

    @display(description=_("text"))
    def shown_text(self, item: Item) -> str:
        return render_to_string("content/admin/text.html", {"item": item})

    @display(description=_("version"))
    def shown_version(self, item: Item) -> int:
        return item.current_revision.number

    @display(description=_("page"))
    def shown_link(self, item: Item) -> str:
        address = reverse("desk:item", args=[item.workspace.slug, item.pk])
        return link(address, _("Open"))


@admin.register(Asset)
class AssetAdmin(WorkspaceAdmin):
    icon = "perm_media"
    list_display = ("revision", "kind", "part", "seconds", "bytes", "created_at")
    list_filter = ("kind",)
    list_select_related = ("revision",)
    fields = readonly_fields = (
        "shown_image",
        "revision",
        "kind",
        "part",
        "position",
        "alt",
        "seconds",
        "bytes",
        "sha256",
        "key",
        "meta",
        "created_at",
    )

    @display(description=_("image"))
    def shown_image(self, asset: Asset) -> str:
        if asset.kind not in (Asset.Kind.IMAGE, Asset.Kind.THUMBNAIL):
            return ""
        address = reverse("desk:asset", args=[asset.workspace.slug, asset.pk])
        return format_html('<img src="{}" alt="{}" style="max-height: 16rem">', address, asset.alt)
