"""Team, tokens, settings and switching, as people use them."""

from __future__ import annotations

import json
import re

import pytest
from django.core import mail
from django_scopes import scope

from apps.workspaces import invitations, services, tokens
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import AuditEntry, Invitation, Membership, Workspace
from tests.factories.workspaces import UserFactory, WorkspaceFactory, add_person


@pytest.fixture
def here(client, workspace, member):
    """here("admin") signs somebody with that role in and returns the workspace's address."""

    def sign_in(role: str) -> str:
        client.user = member(role)
        client.force_login(client.user)
        return f"/w/{workspace.slug}"

    return sign_in


def membership(workspace, user) -> Membership:
    with scope(workspace=workspace):
        return Membership.objects.get(user=user)


def test_team_page_shows_members_to_all_and_invitations_to_managers(client, workspace, here, member, actor):
    colleague = member("approver")
    invitations.invite(workspace=workspace, actor=actor("admin"), email="soon@example.org", role="viewer")
    page = client.get(here("viewer") + "/team/").content.decode()
    assert (colleague.email in page, "soon@example.org" in page, "Invite somebody" in page) == (True, False, False)
    page = client.get(here("admin") + "/team/").content.decode()
    assert (colleague.email in page, "soon@example.org" in page, "Invite somebody" in page) == (True, True, True)


@pytest.mark.parametrize("page", ["team/", "settings/tokens/"])
def test_page_asks_as_many_questions_for_three_rows_as_for_one(
    client, workspace, here, page, django_assert_max_num_queries, actor
):
    path = here("owner") + "/" + page
    admin = actor("admin")

    def add(number: int) -> None:
        invitations.invite(workspace=workspace, actor=admin, email=f"{number}@example.org", role="viewer")
        add_person(workspace, "viewer")
        tokens.create(workspace=workspace, actor=admin, name=f"{number}", scopes=["view_content"])

    add(1)
    client.get(path)
    with django_assert_max_num_queries(100) as one:
        client.get(path)
    add(2)
    add(3)
    with django_assert_max_num_queries(100) as three:
        client.get(path)
    assert len(three) == len(one) <= 12


def test_admin_invites_by_the_form(client, workspace, here, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(here("admin") + "/team/", {"email": "new@example.org", "role": "editor"}, follow=True)
    assert "An invitation is on its way to new@example.org." in answer.content.decode()
    assert mail.outbox[0].to == ["new@example.org"]
    again = client.post(f"/w/{workspace.slug}/team/", {"email": "new@example.org", "role": "editor"})
    assert "is invited already" in again.content.decode()


def test_admin_cannot_pick_the_role_of_owner(client, workspace, here):
    answer = client.post(here("admin") + "/team/", {"email": "new@example.org", "role": "owner"})
    assert "Select a valid choice" in answer.content.decode()


def test_role_changes_by_the_list(client, workspace, here, member):
    user = member("viewer")
    path = f"{here('admin')}/team/{membership(workspace, user).pk}/role/"
    assert "is now Approver." in client.post(path, {"role": "approver"}, follow=True).content.decode()
    assert membership(workspace, user).role == "approver"


def test_refusal_is_a_page_with_the_reason_and_the_way_out(client, workspace, here):
    path = here("owner")
    with scope(workspace=workspace):
        services.remove_member(
            workspace=workspace, user=Membership.objects.exclude(user=client.user).get().user, actor=SYSTEM
        )
    mine = membership(workspace, client.user)
    answer = client.post(f"{path}/team/{mine.pk}/remove/")
    assert answer.status_code == 409
    assert "needs an owner, and this is the last one." in answer.content.decode()
    assert "Make somebody else an owner first." in answer.content.decode()


def test_refusal_is_a_toast_when_only_a_part_of_the_page_was_asked_for(client, workspace, here, member):
    path = f"{here('viewer')}/team/{membership(workspace, member('editor')).pk}/role/"
    answer = client.post(path, {"role": "viewer"}, headers={"HX-Request": "true"})
    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert (answer.status_code, answer.content, toast["tone"]) == (403, b"", "bad")
    assert toast["message"].startswith("You may not do that in “Workspace")


def test_member_leaves_and_the_workspace_is_gone_for_them(client, workspace, here):
    path = here("editor")
    answer = client.post(f"{path}/team/{membership(workspace, client.user).pk}/remove/")
    assert answer["Location"] == "/workspaces/new/"
    assert client.get(path + "/team/").status_code == 404


def test_invitation_is_sent_again_and_revoked_from_the_page(client, workspace, here, actor):
    invitation = invitations.invite(workspace=workspace, actor=actor("admin"), email="x@example.org", role="viewer")
    path = f"{here('admin')}/team/invitations/{invitation.pk}"
    assert client.post(path + "/resend/").status_code == 302
    assert client.post(path + "/revoke/").status_code == 302
    with scope(workspace=workspace):
        assert not Invitation.objects.exists()


def test_token_is_shown_once(client, workspace, here):
    path = here("editor") + "/settings/tokens/"
    made = client.post(path, {"name": "import", "days": "90", "scopes": ["view_content"]}).content.decode()
    secret = re.search(r'id="token-secret">(rd_[^<]+)<', made)[1]
    assert tokens.authenticate(secret).name == "import"
    later = client.get(path).content.decode()
    assert (secret in later, "import" in later) == (False, True)


def test_token_form_offers_only_what_the_person_may(client, workspace, here):
    page = client.get(here("viewer") + "/settings/tokens/").content.decode()
    assert re.findall(r'name="scopes" value="(\w+)"', page) == ["view_content"]


def test_token_is_revoked_from_the_page(client, workspace, here):
    path = here("editor") + "/settings/tokens/"
    actor = Actor.of(client.user)
    token, secret = tokens.create(workspace=workspace, actor=actor, name="old", scopes=["view_content"])
    client.post(f"{path}{token.pk}/revoke/")
    assert tokens.authenticate(secret) is None
    assert "Revoked" in client.get(path).content.decode()


def test_settings_are_for_who_manages_the_workspace(client, workspace, here):
    assert client.get(here("editor") + "/settings/").status_code == 403
    fields = {
        "name": "Night desk",
        "language": "ml",
        "timezone": "Asia/Kolkata",
        "profanity": "keep",
        "min_part_seconds": 30,
        "max_part_seconds": 60,
    }
    path = here("admin") + "/settings/"
    assert client.post(path, fields).status_code == 302
    saved = Workspace.objects.get(pk=workspace.pk)
    assert (saved.name, saved.language, str(saved.timezone), saved.max_part_seconds) == (
        "Night desk",
        "ml",
        "Asia/Kolkata",
        60,
    )
    wrong = client.post(path, {**fields, "max_part_seconds": 10}).content.decode()
    assert "cannot be shorter than the shortest" in wrong


def test_last_workspace_visited_is_the_one_opened_next_time(client, workspace):
    user, other = UserFactory(), WorkspaceFactory(name="Zebra")
    for each in (workspace, other):
        services.add_member(workspace=each, user=user, role="viewer", actor=SYSTEM)
    client.force_login(user)
    assert client.get("/")["Location"] == f"/w/{workspace.slug}/"
    assert client.get("/w/zebra/open/?next=/admin/")["Location"] == "/admin/"
    assert client.get("/")["Location"] == "/w/zebra/"
    assert client.get("/w/zebra/open/?next=https://elsewhere.example/")["Location"] == "/w/zebra/"
    page = client.get("/w/zebra/team/").content.decode()
    assert f'href="/w/{workspace.slug}/"' in page


def test_workspace_of_others_does_not_exist_for_a_stranger_or_a_superuser(client, workspace):
    for user in (UserFactory(), UserFactory(is_superuser=True)):
        client.force_login(user)
        assert client.get(f"/w/{workspace.slug}/team/").status_code == 404


def test_new_workspace_belongs_to_who_made_it(client, db):
    user = UserFactory()
    client.force_login(user)
    assert client.get("/")["Location"] == "/workspaces/new/"
    answer = client.post("/workspaces/new/", {"name": "രാത്രി Desk", "language": "ml"})
    workspace = Workspace.objects.get()
    assert answer["Location"] == f"/w/{workspace.slug}/"
    assert (workspace.name, membership(workspace, user).role) == ("രാത്രി Desk", "owner")


def test_htmx_request_without_a_session_sends_the_whole_page_to_sign_in(client, workspace):
    answer = client.get(f"/w/{workspace.slug}/team/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"].startswith("/accounts/login/?next=")


def test_admin_shows_the_workspace_last_opened(client, workspace):
    user, other = UserFactory(), WorkspaceFactory(name="Zebra")
    here = add_person(workspace, "viewer")
    for each in (workspace, other):
        services.add_member(workspace=each, user=user, role="owner", actor=SYSTEM)
    client.force_login(user)
    client.get("/w/zebra/open/")
    page = client.get("/admin/workspaces/membership/").content.decode()
    assert (user.email in page, here.email in page) == (True, False)
    client.get(f"/w/{workspace.slug}/open/")
    page = client.get("/admin/workspaces/membership/").content.decode()
    assert (user.email in page, here.email in page) == (True, True)


def test_admin_is_closed_to_people_without_a_workspace(client, db):
    client.force_login(UserFactory())
    assert client.get("/admin/", follow=True).status_code == 403


def test_admin_changes_roles_by_the_same_rules(client, workspace, here, member):
    here("owner")
    row = membership(workspace, member("viewer"))
    client.post(f"/admin/workspaces/membership/{row.pk}/change/", {"role": "editor"})
    assert membership(workspace, row.user).role == "editor"
    assert Actor.of(row.user).may("write_content", workspace)


def test_audit_trail_in_the_admin_can_be_read_and_nothing_else(client, workspace, here):
    here("analyst")
    assert "workspace.create" in client.get("/admin/workspaces/auditentry/").content.decode()
    with scope(workspace=workspace):
        pk = AuditEntry.objects.first().pk
    assert client.get(f"/admin/workspaces/auditentry/{pk}/change/").status_code == 200
    for path in (f"{pk}/delete/", "add/"):
        assert client.get(f"/admin/workspaces/auditentry/{path}").status_code == 403
    assert client.post(f"/admin/workspaces/auditentry/{pk}/change/", {"actor": "x"}).status_code == 403
    here("editor")
    assert client.get("/admin/workspaces/auditentry/").status_code == 403


def test_address_that_leads_nowhere_gets_a_page_with_a_way_out(client, db):
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert 'href="/"' in answer.content.decode()


def test_filters_in_the_admin_offer_members_only(client, workspace, here):
    stranger = UserFactory(name="Stranger Elsewhere")
    here("owner")
    page = client.get("/admin/approvals/review/").content.decode()
    assert (stranger.name in page, client.user.name in page) == (False, True)
