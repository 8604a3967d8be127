"""Keys for programs: shown once, limited, bound to a workspace, revocable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from django_scopes import scope

from apps.common.errors import Invalid, NotAllowed, NotFound
from apps.lifecycle import tickets
from apps.lifecycle.queries import Viewer, still_allowed
from apps.workspaces import services, tokens
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import ApiToken, AuditEntry
from tests.factories.workspaces import WorkspaceFactory


@pytest.fixture
def editor(actor):
    return actor("editor")


def make(workspace, actor, **fields):
    values = {"name": "import", "scopes": ["view_content", "write_content"], **fields}
    return tokens.create(workspace=workspace, actor=actor, **values)


def test_secret_is_long_and_only_its_hash_is_kept(workspace, editor):
    token, secret = make(workspace, editor)
    mark, prefix, rest = secret.split("_", 2)
    assert (mark, prefix) == ("rd", token.prefix)
    assert len(rest) >= 43
    with scope(workspace=workspace):
        row = ApiToken.objects.values().get()
    assert secret not in str(row)
    assert rest not in str(row)
    assert len(row["secret_hash"]) == 64


def test_token_acts_as_its_maker_within_its_scopes(workspace, editor):
    token, secret = make(workspace, editor, scopes=["view_content"])
    found = tokens.authenticate(secret)
    acting = tokens.actor_of(found)
    assert (found.pk, acting.user, acting.kind) == (token.pk, editor.user, "token")
    assert (acting.may("view_content", workspace), acting.may("write_content", workspace)) == (True, False)
    with pytest.raises(NotAllowed) as caught:
        acting.require("write_content", workspace)
    assert caught.value.hint == "This token was made without the scope “write_content”."


def test_token_loses_what_its_maker_loses(workspace, editor):
    _token, secret = make(workspace, editor)
    services.set_role(workspace=workspace, user=editor.user, role="viewer", actor=SYSTEM)
    acting = tokens.actor_of(tokens.authenticate(secret))
    assert (acting.may("view_content", workspace), acting.may("write_content", workspace)) == (True, False)


def test_token_does_not_work_in_another_workspace_of_its_maker(workspace, editor):
    other = WorkspaceFactory()
    services.add_member(workspace=other, user=editor.user, role="owner", actor=SYSTEM)
    _token, secret = make(workspace, editor)
    assert tokens.authenticate(secret).workspace == workspace


@pytest.mark.parametrize(
    "change", [lambda s: s[:-1] + ("a" if s[-1] != "a" else "b"), lambda s: s[:6], lambda s: "", lambda s: s + "x"]
)
def test_wrong_secret_is_nobody(workspace, editor, change):
    _token, secret = make(workspace, editor)
    assert tokens.authenticate(change(secret)) is None


def test_revoked_expired_and_orphaned_tokens_stop_working(workspace, editor):
    revoked, revoked_secret = make(workspace, editor)
    tokens.revoke(token=revoked, actor=editor)
    _token, expiring = make(workspace, editor, expires_at=timezone.now() + timedelta(hours=1))
    assert tokens.authenticate(revoked_secret) is None
    assert tokens.authenticate(expiring) is not None
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert tokens.authenticate(expiring) is None
    editor.user.is_active = False
    editor.user.save()
    assert tokens.authenticate(expiring) is None


def test_revoked_token_watches_no_longer(workspace, editor):
    token, _secret = make(workspace, editor)
    key, _ticket = tickets.issue(workspace=workspace, actor=tokens.actor_of(token))
    ticket = tickets.claim(workspace, key)
    viewer, person = Viewer(ticket.user_id, token_id=ticket.token_id), Viewer(ticket.user_id)
    assert still_allowed(workspace, {viewer, person}) == {viewer, person}
    tokens.revoke(token=token, actor=editor)
    assert still_allowed(workspace, {viewer, person}) == {person}


def test_token_cannot_be_given_more_than_its_maker_may(workspace, editor):
    with pytest.raises(Invalid) as caught:
        make(workspace, editor, scopes=["view_content", "manage_members"])
    assert caught.value.details == {"scopes": ["Not yours to give: manage_members."]}
    for scopes in ([], ["fly"]):
        with pytest.raises(Invalid):
            make(workspace, editor, scopes=scopes)


def test_token_cannot_make_tokens(workspace, editor):
    _token, secret = make(workspace, editor)
    with pytest.raises(NotAllowed):
        make(workspace, tokens.actor_of(tokens.authenticate(secret)))


def test_use_is_noted_but_not_on_every_call(workspace, editor, django_assert_num_queries):
    token, secret = make(workspace, editor)
    start = datetime(2026, 11, 21, 12, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        tokens.authenticate(secret)
        with django_assert_num_queries(1):
            tokens.authenticate(secret)
    with time_machine.travel(start + timedelta(minutes=6), tick=False):
        tokens.authenticate(secret)
    with scope(workspace=workspace):
        assert ApiToken.objects.get(pk=token.pk).last_used_at == start + timedelta(minutes=6)


def test_members_see_their_own_tokens_and_admins_see_all(workspace, editor, actor):
    admin, viewer = actor("admin"), actor("viewer")
    token, _secret = make(workspace, editor)
    assert tokens.find(workspace=workspace, actor=admin, pk=token.pk) == token
    assert tokens.find(workspace=workspace, actor=editor, pk=token.pk) == token
    with pytest.raises(NotFound):
        tokens.find(workspace=workspace, actor=viewer, pk=token.pk)
    with pytest.raises(NotAllowed):
        tokens.revoke(token=token, actor=viewer)


def test_making_and_revoking_are_audited_without_the_secret(workspace, editor):
    token, secret = make(workspace, editor)
    tokens.revoke(token=token, actor=editor)
    tokens.revoke(token=token, actor=editor)
    with scope(workspace=workspace):
        rows = list(AuditEntry.objects.filter(action__startswith="api_key").order_by("seq"))
    assert [row.action for row in rows] == ["api_key.create", "api_key.revoke"]
    assert secret.split("_")[2] not in str([row.data for row in rows])
    assert Actor.of(editor.user) == editor
