"""Accounts: connected by the same forms as on the web pages, and what their feeds show."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import CheckboxInput, Form, Select
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import display
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES

from apps.common.errors import DomainError
from apps.platforms import logins, services, words
from apps.platforms.base import Platform
from apps.platforms.feed import links
from apps.platforms.forms import AccountForm, ConnectForm, CredentialsForm
from apps.platforms.health import check_account
from apps.platforms.models import Account, FeedEntry
from apps.platforms.queries import accounts
from apps.platforms.registry import adapter, platforms
from apps.workspaces.admin_base import Badge, Waiting, WorkspaceAdmin, link, row_action

STATES = {"active": "success", "paused": "warning", "needs_login": "danger", "disconnected": ""}
HEALTH = {"": "", "good": "success", "trouble": "warning", "refused": "danger"}
SHOWN = ("shown_platform", "handle", "shown_state", "state_reason", "shown_health", "health_message", "checked_at")
HOW = ("timezone", "daily_limit", "minimum_gap", "catch_up", "quiet_from", "quiet_until", "intake", "by_hand")


@admin.register(Account)
class AccountAdmin(WorkspaceAdmin):
    icon = "hub"
    add_permission = change_permission = "manage_accounts"
    list_display = (
        "name",
        "shown_platform",
        "handle",
        "shown_state",
        "shown_health",
        "checked_at",
        "intake",
        "shown_page",
    )
    list_filter = ("platform", "state", "health")
    search_fields = ("name", "handle")
    actions = ("pause", "resume", "check_login", "disconnect")
    change_form_outer_before_template = "platforms/admin/links.html"
    fields = ("name", *SHOWN, "expires_at", "connected_by", "shown_page", *HOW)
    readonly_fields = (*SHOWN, "expires_at", "connected_by", "shown_page")

    class Media:
        css = {"all": ("rundown/admin-ai.css",)}

    def waiting(self) -> Waiting:
        return _("Accounts that need a login"), Account.objects.filter(state="needs_login"), "?state__exact=needs_login"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return accounts().select_related("connected_by")

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:account_id>/do/<slug:action>/", wrap(self.act_view), name="platforms_account_act"),
            path("<int:account_id>/login/", wrap(self.login_view), name="platforms_account_login"),
            path("<int:account_id>/settings/", wrap(self.settings_view), name="platforms_account_settings"),
        ]
        return [*own, *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        services.change_account(account=obj, actor=request.actor, **changes)

    # --- Connecting; outside of a transaction, because the platform is asked -----------------------------------------
    @method_decorator(sensitive_post_parameters())
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        slug = request.GET.get("platform", "")
        if slug not in platforms():
            return self._page(request, "gallery", _("Connect an account"), cards=[_card(name) for name in platforms()])
        plug = adapter(slug)
        form = styled(ConnectForm(request.POST or None, plug=plug))
        if request.method == "POST" and form.is_valid():
            try:
                return redirect(self._connect(request, plug, form))
            except DomainError as error:
                form.refuse(error)
        title, button = _("Connect %(platform)s") % {"platform": plug.label}, words.way_in(plug)[0]
        return self._form(request, form, title, plug=plug, back=reverse("admin:platforms_account_add"), button=button)

    def _connect(self, request: HttpRequest, plug: Platform, form: ConnectForm) -> str:
        who = {"workspace": request.workspace, "actor": request.actor, "platform": plug.slug}
        given = {"name": form.cleaned_data["name"], "settings": form.settings}
        given["accepted"] = form.cleaned_data.get("accepted", False)
        if plug.logs_in_on_page(form.credentials):
            session = request.session.session_key
            return logins.begin_login(**who, **given, session_key=session, fields=form.credentials)
        handle = form.cleaned_data.get("handle", "")
        account = services.connect_account(**who, **given, handle=handle, credentials=form.credentials)
        self.message_user(request, _("“%(name)s” is connected.") % {"name": account.name}, messages.SUCCESS)
        return reverse("admin:platforms_account_change", args=[account.pk])

    @method_decorator(sensitive_post_parameters())
    def login_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Fresh credentials of the same identity; those that are stored are never shown."""
        account = self._found(request, account_id)
        plug, back = account.adapter, reverse("admin:platforms_account_change", args=[account.pk])
        form = styled(CredentialsForm(request.POST or None, plug=plug, known=account.credentials))
        if request.method == "POST" and (form.is_valid() or not form.fields):
            try:
                return redirect(self._log_in(request, account, form) or back)
            except DomainError as error:
                form.refuse(error)
        title, button = _("Log in again: %(name)s") % {"name": account.name}, words.way_in(plug, again=True)[0]
        return self._form(request, form, title, plug=plug, back=back, button=button)

    def _log_in(self, request: HttpRequest, account: Account, form: CredentialsForm) -> str:
        if account.adapter.logs_in_on_page(form.credentials):
            return logins.begin_login(
                workspace=request.workspace,
                actor=request.actor,
                session_key=request.session.session_key,
                platform=account.platform,
                fields=form.credentials,
                account=account,
            )
        services.replace_credentials(account=account, actor=request.actor, credentials=form.credentials)
        self.message_user(request, _("“%(name)s” is logged in again.") % {"name": account.name}, messages.SUCCESS)
        return ""

    def settings_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """The name, the platform's own options and the limits, as on the web page."""
        account = self._found(request, account_id)
        back = reverse("admin:platforms_account_change", args=[account.pk])
        form = styled(AccountForm(request.POST or None, instance=self._found(request, account_id)))
        if request.method == "POST" and form.is_valid():
            try:
                services.change_account(account=account, actor=request.actor, **form.changes)
                return redirect(back)
            except DomainError as error:
                form.refuse(error)
        return self._form(request, form, account.name, plug=account.adapter, back=back, button=_("Save"), remark="")

    def act_view(self, request: HttpRequest, account_id: int, action: str) -> HttpResponse:
        """What the buttons of an account's page post: the actions of the list that need no question, with one row."""
        account = self.get_queryset(request).filter(pk=account_id)
        if not account or action not in {"pause", "resume", "check_login"}:
            raise Http404("no such account or action")
        if request.method == "POST":
            if action not in self.get_actions(request):
                raise PermissionDenied
            getattr(self, action)(request, account)
        return redirect("admin:platforms_account_change", account_id)

    def _found(self, request: HttpRequest, account_id: int) -> Account:
        request.actor.require("manage_accounts", request.workspace)
        account = self.get_queryset(request).filter(pk=account_id).first()
        if account is None:
            raise Http404("no such account")
        return account

    def _form(self, request: HttpRequest, form: Form, title: Any, **more: Any) -> HttpResponse:
        remark = f"{words.way_in(more['plug'])[1]} {_('They are stored encrypted, and never shown again.')}"
        return self._page(request, "form", title, **{"form": form, "remark": remark, **more})

    def _page(self, request: HttpRequest, template: str, title: Any, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **more}
        return TemplateResponse(request, f"platforms/admin/{template}.html", context)

    # --- Actions ---------------------------------------------------------------------------------------------------
    pause = row_action(
        _("Pause"),
        lambda account, actor: services.pause_account(account=account, actor=actor),
        permission="publish_content",
    )
    resume = row_action(
        _("Resume"),
        lambda account, actor: services.resume_account(account=account, actor=actor),
        permission="publish_content",
    )

    @admin.action(description=_("Check the login now"), permissions=["manage_accounts"])
    def check_login(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        for account in queryset:
            checked = check_account(account=account, actor=request.actor)
            good = checked.health == Account.Health.GOOD
            said = checked.health_message or checked.get_health_display()
            self.message_user(request, f"{checked.name}: {said}", messages.SUCCESS if good else messages.ERROR)

    @admin.action(description=_("Disconnect"), permissions=["manage_accounts"])
    def disconnect(self, request: HttpRequest, queryset: QuerySet[Account]) -> HttpResponse | None:
        if "sure" not in request.POST:
            rows = [(each, services.consequences(each)) for each in queryset]
            return self._page(request, "disconnect", _("Disconnect"), rows=rows)
        for account in queryset:
            try:
                stopped = services.disconnect_account(account=account, actor=request.actor)
            except DomainError as error:
                self.message_user(request, f"{account.name}: {error}", messages.ERROR)
            else:
                said = _("“%(name)s” is disconnected.") % {"name": account.name}
                self.message_user(request, " ".join(map(str, [said, *stopped])), messages.SUCCESS)
        return None

    @display(description=_("state"), ordering="state", label=STATES)
    def shown_state(self, account: Account) -> Badge:
        return Badge(account.state, account.get_state_display())

    @display(description=_("platform"), ordering="platform")
    def shown_platform(self, account: Account) -> str:
        return str(account.label)

    @display(description=_("login"), ordering="health", label=HEALTH)
    def shown_health(self, account: Account) -> Badge:
        return Badge(account.health, account.get_health_display())

    @display(description=_("page"))
    def shown_page(self, account: Account) -> str:
        return link(account.page_url) if account.page_url else ""


def _card(slug: str) -> dict[str, Any]:
    plug = adapter(slug)
    return {"plug": plug, "abilities": words.abilities(plug), "certainty": words.certainty(plug)}


def styled(form: Any) -> Any:
    """The form in the admin's look."""
    for field in form.fields.values():
        if not isinstance(field.widget, CheckboxInput):
            classes = SELECT_CLASSES if isinstance(field.widget, Select) else INPUT_CLASSES
            field.widget.attrs["class"] = " ".join(classes)
    return form


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
        return link(links.entry_url(entry))
