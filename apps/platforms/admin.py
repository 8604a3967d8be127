"""Accounts, and what their feeds show."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from apps.platforms import services
from apps.platforms.feed import links
from apps.platforms.models import Account, FeedEntry
from apps.platforms.queries import accounts
from apps.platforms.registry import choices
from apps.workspaces.admin_base import WorkspaceAdmin

STATES = {"active": "success", "paused": "warning", "needs_login": "danger"}
HOW = ("timezone", "daily_limit", "minimum_gap", "catch_up", "intake", "by_hand")


class AccountForm(forms.ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "platform" in self.fields:
            self.fields["platform"] = forms.ChoiceField(
                label=self.fields["platform"].label, choices=choices(), widget=UnfoldAdminSelectWidget()
            )


@admin.register(Account)
class AccountAdmin(WorkspaceAdmin):
    icon = "hub"
    form = AccountForm
    add_permission = change_permission = "manage_accounts"
    list_display = ("name", "platform", "handle", "shown_state", "intake", "shown_page")
    list_filter = ("platform", "state")
    search_fields = ("name", "handle")
    actions = ("pause", "resume")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return accounts().select_related("feed")

    def get_fields(self, request: HttpRequest, obj: Account | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("platform", "name", "handle", *HOW)
        return ("name", "platform", "handle", "shown_state", "state_reason", "shown_page", *HOW)

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> tuple[str, ...]:
        return ("platform", "handle", "shown_state", "state_reason", "shown_page") if obj else ()

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        saved = services.connect_account(workspace=request.workspace, actor=request.actor, **form.cleaned_data)
        obj.__dict__.update(saved.__dict__)

    @admin.action(description=_("Pause"))
    def pause(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        for account in queryset:
            services.pause_account(account=account, actor=request.actor)
        self.message_user(request, _("Paused."), messages.SUCCESS)

    @admin.action(description=_("Resume"))
    def resume(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        for account in queryset:
            services.resume_account(account=account, actor=request.actor)
        self.message_user(request, _("Resumed."), messages.SUCCESS)

    @display(description=_("state"), ordering="state", label=STATES)
    def shown_state(self, account: Account) -> tuple[str, str]:
        return account.state, account.get_state_display()

    @display(description=_("page"))
    def shown_page(self, account: Account) -> str:
        if not hasattr(account, "feed"):
            return ""
        address = links.feed_url(account.feed)
        return format_html('<a class="text-primary-600 underline" href="{0}">{0}</a>', address)


@admin.register(FeedEntry)
class FeedEntryAdmin(WorkspaceAdmin):
    """What is online, to read: an entry is made by publishing a post."""

    icon = "rss_feed"
    list_display = ("title", "feed", "part", "views", "published_at", "shown_page")
    list_select_related = ("feed",)
    search_fields = ("title",)
    fields = readonly_fields = ("title", "feed", "text", "part", "parts_total", "views", "published_at", "shown_page")

    @display(description=_("page"))
    def shown_page(self, entry: FeedEntry) -> str:
        return format_html('<a class="text-primary-600 underline" href="{0}">{0}</a>', links.entry_url(entry))
