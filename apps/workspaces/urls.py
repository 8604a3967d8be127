from __future__ import annotations

from django.urls import include, path

from apps.workspaces.views import account, team, tokens

in_workspace = [
    path("open/", team.open_workspace, name="open"),
    path("team/", team.team, name="team"),
    path("team/<int:member_id>/role/", team.change_role, name="member-role"),
    path("team/<int:member_id>/remove/", team.remove_member, name="member-remove"),
    path("team/invitations/<int:invitation_id>/resend/", team.resend_invitation, name="invitation-resend"),
    path("team/invitations/<int:invitation_id>/revoke/", team.revoke_invitation, name="invitation-revoke"),
    path("settings/", team.settings, name="settings"),
    path("settings/tokens/", tokens.tokens, name="tokens"),
    path("settings/tokens/<int:token_id>/revoke/", tokens.revoke, name="token-revoke"),
]

urlpatterns = [
    path("", account.home, name="home"),
    path("profile/", account.profile, name="profile"),
    path("language/", account.choose_language, name="language"),
    path("workspaces/new/", account.new_workspace, name="workspace-new"),
    path("invitations/<str:key>/", account.invitation, name="invitation"),
    path("w/<slug:slug>/", include((in_workspace, "workspaces"))),
]
