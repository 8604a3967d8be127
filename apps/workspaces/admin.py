"""Members, invitations, tokens and the audit trail in the admin; people and tasks of the installation."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.contrib.sites.models import Site
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja_jwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm

from apps.workspaces import invitations, services, tokens
from apps.workspaces.admin_base import WorkspaceAdmin, row_action
from apps.workspaces.forms import roles_to_give
from apps.workspaces.models import ApiToken, AuditEntry, Invitation, Membership, User

# Parts that register pages of their own: they are run by their services, or show what is nobody's business.
for _model in (Authenticator, BlacklistedToken, EmailAddress, Group, OutstandingToken, Site):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(Membership)
class MembershipAdmin(WorkspaceAdmin):
    icon = "group"
    change_permission = delete_permission = "manage_members"
    list_display = ("user", "email", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email")
    readonly_fields = ("user", "created_at")
    fields = ("user", "role", "created_at")

    @admin.display(description=_("email"), ordering="user__email")
    def email(self, membership: Membership) -> str:
        return membership.user.email

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role":
            kwargs["choices"] = roles_to_give(request.actor, request.workspace)
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Membership, form: ModelForm, change: bool) -> None:
        services.set_role(workspace=request.workspace, user=obj.user, role=obj.role, actor=request.actor)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        services.remove_member(workspace=request.workspace, user=obj.user, actor=request.actor)


@admin.register(Invitation)
class InvitationAdmin(WorkspaceAdmin):
    icon = "mail"
    view_permission = add_permission = delete_permission = "manage_members"
    list_display = ("email", "role", "invited_by", "created_at", "expires_at", "accepted_at")
    list_filter = ("role",)
    list_select_related = ("invited_by",)
    search_fields = ("email",)
    fields = ("email", "role")
    actions = ("send_again",)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role":
            kwargs["choices"] = roles_to_give(request.actor, request.workspace)
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Invitation, form: ModelForm, change: bool) -> None:
        sent = invitations.invite(workspace=request.workspace, actor=request.actor, email=obj.email, role=obj.role)
        obj.pk = sent.pk

    def delete_model(self, request: HttpRequest, obj: Invitation) -> None:
        invitations.revoke(invitation=obj, actor=request.actor)

    send_again = row_action(
        _("Send again"),
        lambda invitation, actor: invitations.resend(invitation=invitation, actor=actor),
        permission="manage_members",
    )


@admin.register(ApiToken)
class ApiTokenAdmin(WorkspaceAdmin):
    """Made on the web page, where the secret is shown; here they are seen and revoked."""

    icon = "key"
    view_permission = "manage_members"
    list_display = ("name", "prefix", "user", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    fields = readonly_fields = list_display
    actions = ("revoke",)

    revoke = row_action(
        _("Revoke"), lambda token, actor: tokens.revoke(token=token, actor=actor), permission="manage_members"
    )


@admin.register(AuditEntry)
class AuditEntryAdmin(WorkspaceAdmin):
    icon = "history"
    view_permission = "view_audit"
    list_display = ("seq", "at", "actor", "action", "target")
    list_filter = ("action",)
    search_fields = ("actor", "action", "target")
    fields = ("seq", "at", "actor", "action", "target", "data", "previous_hash", "hash")
    date_hierarchy = "at"


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    """Everybody of the installation; only a superuser gets here."""

    icon = "person"
    form = UserChangeForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined", "must_change_password")
    fieldsets = (
        (None, {"fields": ("email", "name", "language", "password")}),
        (_("Access"), {"fields": ("is_active", "is_superuser", "must_change_password")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People come in by invitation, which proves their address."""
        return False
