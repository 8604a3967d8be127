"""Who is in the workspace, who is invited, and what the workspace is set to."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.common.errors import DomainError
from apps.workspaces import invitations, services
from apps.workspaces.forms import InvitationForm, WorkspaceForm, roles_to_give
from apps.workspaces.models import Invitation, Membership
from apps.workspaces.queries import workspaces_of


@require_GET
def open_workspace(request: HttpRequest, slug: str) -> HttpResponse:
    """Go on in this workspace, where `next` says; the middleware has put it into the session."""
    goal = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(goal, {request.get_host()}, require_https=request.is_secure()):
        goal = f"/w/{slug}/"
    return redirect(goal)


@require_http_methods(["GET", "POST"])
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """Members and invitations; posting invites."""
    form = InvitationForm(request.POST or None, actor=request.actor, workspace=request.workspace)
    if request.method == "POST":
        request.actor.require("manage_members", request.workspace)
        if form.is_valid():
            try:
                sent = invitations.invite(workspace=request.workspace, actor=request.actor, **form.cleaned_data)
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": sent.email})
                return redirect("workspaces:team", slug)
    manages = request.actor.may("manage_members", request.workspace)
    context = {
        "form": form,
        "members": Membership.objects.select_related("user"),
        "roles": roles_to_give(request.actor, request.workspace),
        "invitations": Invitation.objects.filter(accepted_at=None).select_related("invited_by") if manages else [],
    }
    return render(request, "workspaces/team.html", context)


@require_POST
def change_role(request: HttpRequest, slug: str, member_id: int) -> HttpResponse:
    request.actor.require("manage_members", request.workspace)
    membership = get_object_or_404(Membership.objects.select_related("user"), pk=member_id)
    user, role = membership.user, request.POST.get("role", "")
    changed = services.set_role(workspace=request.workspace, user=user, role=role, actor=request.actor)
    text = _("%(person)s is now %(role)s.") % {"person": user, "role": changed.get_role_display()}
    messages.success(request, text)
    return redirect("workspaces:team", slug)


@require_POST
def remove_member(request: HttpRequest, slug: str, member_id: int) -> HttpResponse:
    """Somebody who manages members removes another, or a member leaves."""
    membership = get_object_or_404(Membership.objects.select_related("user"), pk=member_id)
    services.remove_member(workspace=request.workspace, user=membership.user, actor=request.actor)
    if membership.user_id == request.user.pk:
        messages.success(request, _("You have left “%(workspace)s”.") % {"workspace": request.workspace})
        return redirect("home" if workspaces_of(request.user).exists() else "workspace-new")
    messages.success(request, _("%(person)s is no longer a member.") % {"person": membership.user})
    return redirect("workspaces:team", slug)


@require_POST
def resend_invitation(request: HttpRequest, slug: str, invitation_id: int) -> HttpResponse:
    request.actor.require("manage_members", request.workspace)
    invitation = get_object_or_404(Invitation.objects.select_related("workspace"), pk=invitation_id)
    invitations.resend(invitation=invitation, actor=request.actor)
    text = _("Sent again to %(email)s; the earlier link no longer works.") % {"email": invitation.email}
    messages.success(request, text)
    return redirect("workspaces:team", slug)


@require_POST
def revoke_invitation(request: HttpRequest, slug: str, invitation_id: int) -> HttpResponse:
    request.actor.require("manage_members", request.workspace)
    invitation = get_object_or_404(Invitation.objects.select_related("workspace"), pk=invitation_id)
    invitations.revoke(invitation=invitation, actor=request.actor)
    messages.success(request, _("The invitation of %(email)s is revoked.") % {"email": invitation.email})
    return redirect("workspaces:team", slug)


@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require("manage_workspace", request.workspace)
    # The form changes its instance while it checks; the shell around it shows the workspace as it is.
    mine = type(request.workspace).objects.get(pk=request.workspace.pk)
    form = WorkspaceForm(request.POST or None, instance=mine)
    if request.method == "POST" and form.is_valid():
        services.update_workspace(workspace=request.workspace, actor=request.actor, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("workspaces:settings", slug)
    return render(request, "workspaces/settings.html", {"form": form})
