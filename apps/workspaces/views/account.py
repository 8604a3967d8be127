"""Pages of a person: start, profile, language, invitations, a new workspace."""

from __future__ import annotations

from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.common.errors import DomainError
from apps.workspaces import invitations, services, sessions
from apps.workspaces.forms import JoinForm, NewWorkspaceForm, ProfileForm
from apps.workspaces.models import Invitation, User


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The workspace last worked in."""
    workspace = sessions.current(request)
    if workspace is not None:
        return redirect(f"/w/{workspace.slug}/")
    return redirect("admin:index" if request.user.is_superuser else "workspace-new")


@require_http_methods(["GET", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return _keep_language(redirect("profile"), request.user.language)
    return render(request, "workspaces/profile.html", {"form": form})


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """For this browser, and for the person when one is signed in."""
    language = request.POST.get("language", "")
    response = redirect(_safe(request, request.POST.get("next", "")))
    if language not in dict(settings.LANGUAGES):
        return response
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=language)
    return _keep_language(response, language)


@require_http_methods(["GET", "POST"])
@login_required
def new_workspace(request: HttpRequest) -> HttpResponse:
    form = NewWorkspaceForm(request.POST or None, initial={"language": translation.get_language()})
    if request.method == "POST" and form.is_valid():
        try:
            workspace = services.create_workspace(owner=request.user, **form.cleaned_data)
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect(f"/w/{workspace.slug}/")
    return render(request, "workspaces/new.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, key: str) -> HttpResponse:
    """Where the link of an invitation leads, for new people, for known ones, and for the wrong ones."""
    limited = ratelimit.consume_or_429(request, action="signup")
    if limited:
        return limited
    found = invitations.find(key)
    if request.user.is_authenticated:
        return _join(request, found)
    if User.objects.filter(email__iexact=found.email).exists():
        return render(request, "workspaces/invitation.html", {"invitation": found, "known": True})
    form = JoinForm(request.POST or None, email=found.email)
    if request.method == "POST" and form.is_valid():
        try:
            user = invitations.accept_as_new_person(invitation=found, **form.cleaned_data)
        except DomainError as error:
            form.refuse(error)
        else:
            return perform_login(request, user, redirect_url=f"/w/{found.workspace.slug}/")
    return render(request, "workspaces/invitation.html", {"invitation": found, "form": form})


def _join(request: HttpRequest, found: Invitation) -> HttpResponse:
    if request.method == "POST":
        invitations.accept(invitation=found, user=request.user)
        messages.success(request, _("You are now in “%(workspace)s”.") % {"workspace": found.workspace})
        return redirect(f"/w/{found.workspace.slug}/")
    wrong = request.user.email.lower() != found.email
    return render(
        request, "workspaces/invitation.html", {"invitation": found, "wrong": wrong}, status=403 if wrong else 200
    )


def _keep_language(response: HttpResponse, language: str) -> HttpResponse:
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=31_536_000,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return response


def _safe(request: HttpRequest, url: str) -> str:
    allowed = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if allowed else "/"
