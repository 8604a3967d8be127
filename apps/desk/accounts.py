"""Accounts: what can be connected, connecting and logging in again, and one account's state, limits and posts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_scopes import scope

from apps.common.errors import DomainError
from apps.platforms import logins, services, words
from apps.platforms.base import Platform
from apps.platforms.forms import AccountForm, ConnectForm, CredentialsForm, PlatformForm
from apps.platforms.health import check_account
from apps.platforms.models import Account
from apps.platforms.queries import accounts as connected
from apps.platforms.registry import adapter, platforms
from apps.uploads import usage


@require_GET
def accounts(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that is connected, and what else could be."""
    request.actor.require("view_content", request.workspace)
    rows = list(connected().order_by("name", "pk"))
    numbers = usage.numbers_of(rows)
    context = {
        "accounts": [{"account": each, **numbers.get(each.pk, {})} for each in rows],
        "gallery": [_card(adapter(name)) for name in platforms()],
    }
    return render(request, "platforms/accounts.html", context)


def _card(plug: Platform) -> dict[str, Any]:
    return {
        "plug": plug,
        "abilities": words.abilities(plug),
        "certainty": words.certainty(plug),
        "careful": plug.capability in ("none", "lookup"),
        "way_in": words.way_in(plug),
    }


def _plug(slug: str) -> Platform:
    if slug not in platforms():
        raise Http404("no such platform")
    return adapter(slug)


# --- Connecting -------------------------------------------------------------------------------------------------------
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def connect(request: HttpRequest, slug: str, platform: str) -> HttpResponse:
    """The platform's form. With htmx only the errors come back, so that a typed secret stays where it is."""
    request.actor.require("manage_accounts", request.workspace)
    plug = _plug(platform)
    form = ConnectForm(request.POST or None, plug=plug)
    if request.method == "POST" and form.is_valid():
        try:
            return _go(request, _connect(request, plug, form))
        except DomainError as error:
            form.refuse(error)
    return _form_page(request, "platforms/connect.html", form, {"plug": plug, "card": _card(plug)})


def _connect(request: HttpRequest, plug: Platform, form: ConnectForm) -> str:
    """Where to go on: the platform's own login page, or the new account."""
    given = {"name": form.cleaned_data["name"], "settings": form.settings}
    accepted = form.cleaned_data.get("accepted", False)
    who = {"workspace": request.workspace, "actor": request.actor, "platform": plug.slug, "accepted": accepted}
    if plug.logs_in_on_page(form.credentials):
        return logins.begin_login(**who, **given, session_key=_session(request), fields=form.credentials)
    handle = form.cleaned_data.get("handle", "")
    account = services.connect_account(**who, **given, handle=handle, credentials=form.credentials)
    messages.success(request, _("“%(name)s” is connected.") % {"name": account.name})
    return reverse("desk:account", args=[request.workspace.slug, account.pk])


def _form_page(request: HttpRequest, template: str, form: PlatformForm, context: dict[str, Any]) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "platforms/form_errors.html", {"form": form})
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, template, {"form": form, **context}, status=status)


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)


def _session(request: HttpRequest) -> str:
    if not request.session.session_key:
        request.session.create()
    return request.session.session_key


@never_cache
@login_required
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Where platforms send people back to, whatever the workspace; which one it is stands with the waiting login."""
    login = logins.waiting_login(state=request.GET.get("state", ""), session_key=_session(request), user=request.user)
    workspace = login.workspace
    with scope(workspace=workspace):
        again = login.account is not None
        back = reverse("desk:accounts", args=[workspace.slug])
        try:
            account = logins.finish_login(login, answer=request.GET.dict())
        except DomainError as error:
            messages.error(request, str(error))
            return redirect(reverse("desk:account", args=[workspace.slug, login.account_id]) if again else back)
        said = _("“%(name)s” is logged in again.") if again else _("“%(name)s” is connected.")
        messages.success(request, said % {"name": account.name})
        return redirect("desk:account", workspace.slug, account.pk)


# --- One account ------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest, slug: str, account_id: int) -> HttpResponse:
    """Health, limits used and posts of an account; posting changes how it posts."""
    request.actor.require("view_content", request.workspace)
    found = _account(account_id)
    if request.method == "GET":
        return _account_page(request, found)
    request.actor.require("manage_accounts", request.workspace)
    form = AccountForm(request.POST, instance=_account(account_id))
    if form.is_valid():
        try:
            services.change_account(account=found, actor=request.actor, **form.changes)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("desk:account", slug, found.pk)
    return _account_page(request, found, form=form)


def _account(account_id: int) -> Account:
    return get_object_or_404(connected().select_related("workspace", "connected_by"), pk=account_id)


def _account_page(
    request: HttpRequest, found: Account, *, form: AccountForm | None = None, login: CredentialsForm | None = None
) -> HttpResponse:
    plug = found.adapter
    refused = any(each is not None and each.errors for each in (form, login))
    may_manage = request.actor.may("manage_accounts", request.workspace)
    context = {
        "account": found,
        "plug": plug,
        "card": _card(plug),
        "usage": usage.usage_of(found),
        "consequences": services.consequences(found) if may_manage else [],
        "last_posts": usage.last_posts(found),
        "next_posts": usage.next_posts(found),
        "form": form or (AccountForm(instance=found) if may_manage else None),
        "login": login or (_login_form(found) if may_manage else None),
        "way_in_again": words.way_in(plug, again=True)[0],
        "login_open": login is not None or found.state == Account.State.NEEDS_LOGIN,
    }
    return render(request, "platforms/account.html", context, status=422 if refused else 200)


def _login_form(found: Account, data: Any = None) -> CredentialsForm:
    return CredentialsForm(data, plug=found.adapter, known=found.credentials)


@require_POST
def act_on_account(request: HttpRequest, slug: str, account_id: int, action: str) -> HttpResponse:
    found = _account(account_id)
    if action == "pause":
        reason = request.POST.get("reason", "").strip()
        services.pause_account(account=found, actor=request.actor, reason=reason)
    elif action == "resume":
        services.resume_account(account=found, actor=request.actor)
    elif action == "check":
        request.actor.require("manage_accounts", request.workspace)
        _tell_check(request, check_account(account=found, actor=request.actor))
    elif action == "disconnect":
        stopped = services.disconnect_account(account=found, actor=request.actor)
        said = _("“%(name)s” is disconnected.") % {"name": found.name}
        messages.success(request, " ".join(map(str, [said, *stopped])))
        return redirect("desk:accounts", slug)
    else:
        return HttpResponse(status=404)
    return redirect("desk:account", slug, found.pk)


def _tell_check(request: HttpRequest, checked: Account) -> None:
    if checked.health == Account.Health.GOOD:
        messages.success(request, _("The login works."))
    else:
        messages.error(request, checked.health_message)


@never_cache
@sensitive_post_parameters()
@require_POST
def log_in_again(request: HttpRequest, slug: str, account_id: int) -> HttpResponse:
    """Fresh credentials of the same identity, by form or on the platform's own page."""
    request.actor.require("manage_accounts", request.workspace)
    found = _account(account_id)
    form = _login_form(found, request.POST)
    if form.is_valid():
        try:
            return _go(request, _log_in(request, found, form))
        except DomainError as error:
            form.refuse(error)
    if request.headers.get("HX-Request"):
        return render(request, "platforms/form_errors.html", {"form": form})
    return _account_page(request, found, login=form)


def _log_in(request: HttpRequest, found: Account, form: CredentialsForm) -> str:
    if found.adapter.logs_in_on_page(form.credentials):
        return logins.begin_login(
            workspace=request.workspace,
            actor=request.actor,
            session_key=_session(request),
            platform=found.platform,
            fields=form.credentials,
            account=found,
        )
    services.replace_credentials(account=found, actor=request.actor, credentials=form.credentials)
    messages.success(request, _("“%(name)s” is logged in again.") % {"name": found.name})
    return reverse("desk:account", args=[request.workspace.slug, found.pk])
