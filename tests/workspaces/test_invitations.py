"""From the mail to the membership."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from django_scopes import scope

from apps.common.errors import Conflict, Invalid, NotAllowed
from apps.workspaces import invitations
from apps.workspaces.models import AuditEntry, Invitation, Membership, User
from tests.factories.workspaces import PASSWORD, UserFactory


@pytest.fixture
def invited(workspace, actor, django_capture_on_commit_callbacks):
    """invited("name@example.org") sends an invitation and returns its path."""
    admin = actor("admin")

    def send(email: str = "new@example.org", role: str = "editor") -> str:
        with django_capture_on_commit_callbacks(execute=True):
            invitations.invite(workspace=workspace, actor=admin, email=email, role=role)
        return link()

    send.actor = admin
    return send


def link() -> str:
    return re.search(r"http://[^/]+(/invitations/\S+/)", mail.outbox[-1].body)[1]


def role_of(workspace, email: str) -> str | None:
    with scope(workspace=workspace):
        return Membership.objects.filter(user__email=email).values_list("role", flat=True).first()


def test_mail_names_who_invites_where_and_as_what(workspace, invited):
    invited("New@Example.org")
    message = mail.outbox[0]
    assert message.to == ["new@example.org"]
    assert message.subject == f"{invited.actor.label} invites you to “{workspace.name}”"
    assert "as Editor" in message.body


def test_key_of_the_link_is_not_in_the_database(workspace, invited):
    key = invited().strip("/").split("/")[1]
    with scope(workspace=workspace):
        assert key not in str(Invitation.objects.values().get())


def test_new_person_signs_up_on_the_link_and_is_in(client, workspace, invited):
    path = invited()
    assert "Create the account and join" in client.get(path).content.decode()
    answer = client.post(path, {"name": "Meera", "password": "a-long-enough-secret"})
    assert (answer.status_code, answer["Location"]) == (302, f"/w/{workspace.slug}/")
    user = User.objects.get(email="new@example.org")
    assert (user.name, user.must_change_password, user.is_superuser) == ("Meera", False, False)
    assert role_of(workspace, "new@example.org") == "editor"
    assert client.get(f"/w/{workspace.slug}/team/").status_code == 200


def test_weak_password_is_refused_with_the_reason(client, workspace, invited):
    answer = client.post(invited(), {"name": "Meera", "password": "short"})
    assert "too short" in answer.content.decode()
    assert not User.objects.filter(email="new@example.org").exists()


def test_known_person_signs_in_and_joins(client, workspace, invited):
    user = UserFactory(email="known@example.org")
    path = invited("known@example.org")
    assert f"/accounts/login/?next={path}" in client.get(path).content.decode()
    client.force_login(user)
    assert "Join" in client.get(path).content.decode()
    client.post(path)
    assert role_of(workspace, "known@example.org") == "editor"


def test_other_person_is_told_whose_invitation_it_is(client, workspace, invited):
    client.force_login(UserFactory(email="other@example.org"))
    path = invited("new@example.org")
    shown = client.get(path)
    assert shown.status_code == 403
    assert "sent to new@example.org, and you are signed in as other@example.org" in shown.content.decode()
    assert client.post(path).status_code == 403
    assert role_of(workspace, "other@example.org") is None


def test_link_works_once(client, workspace, invited):
    path = invited()
    client.post(path, {"name": "Meera", "password": "a-long-enough-secret"})
    client.logout()
    again = client.get(path)
    assert again.status_code == 410
    assert "has been used" in again.content.decode()


def test_link_works_for_a_week(client, invited):
    path = invited()
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1)):
        late = client.get(path)
    assert (late.status_code, "too old" in late.content.decode()) == (410, True)


def test_resent_link_replaces_the_first(client, workspace, invited, django_capture_on_commit_callbacks):
    first = invited()
    with scope(workspace=workspace):
        invitation = Invitation.objects.get()
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        with django_capture_on_commit_callbacks(execute=True):
            invitations.resend(invitation=invitation, actor=invited.actor)
        second = link()
        assert client.get(first).status_code == 404
        assert client.get(second).status_code == 200


def test_revoked_link_is_dead(client, workspace, invited):
    path = invited()
    with scope(workspace=workspace):
        invitations.revoke(invitation=Invitation.objects.get(), actor=invited.actor)
    assert client.get(path).status_code == 404


def test_invented_link_is_not_found(client, db):
    assert client.get("/invitations/nothing/").status_code == 404


def test_member_or_invited_person_is_not_invited_again(workspace, invited, member):
    user = member("viewer")
    with pytest.raises(Conflict, match="member already"):
        invited(user.email.upper())
    invited()
    with pytest.raises(Conflict, match="invited already"):
        invited()
    with pytest.raises(Invalid):
        invited("not an address")


def test_only_owners_invite_owners_and_only_managers_invite(workspace, actor):
    for role, invited_as in (("admin", "owner"), ("editor", "viewer"), ("viewer", "viewer")):
        with pytest.raises(NotAllowed):
            invitations.invite(workspace=workspace, actor=actor(role), email="x@example.org", role=invited_as)


def test_invitation_is_audited_from_sending_to_accepting(client, workspace, invited):
    client.post(invited(), {"name": "Meera", "password": PASSWORD})
    with scope(workspace=workspace):
        rows = AuditEntry.objects.filter(seq__gt=3).order_by("seq").values_list("action", "actor")
        assert list(rows) == [
            ("invitation.send", invited.actor.label),
            ("member.add", "Rundown"),
            ("invitation.accept", "Meera"),
        ]


def test_nobody_signs_up_without_an_invitation(client, db):
    assert "by invitation" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", {"email": "x@example.org", "password1": "a-long-enough-secret"})
    assert not User.objects.exists()
