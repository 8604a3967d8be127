"""What people change while a worker has a post in hand, before its call and after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from apps.common.apps import keep_commits
from apps.common.errors import Conflict
from apps.platforms.models import Account
from apps.platforms.services import disconnect_account
from apps.schedules.batches import send_all_again
from apps.schedules.models import Post
from apps.uploads import services
from apps.uploads.leases import claim
from apps.uploads.problems import explain
from apps.uploads.services import publish_post, sweep
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for
from tests.factories.workspaces import add_person
from tests.uploads.studio import StudioPlatform


def fresh(post: Post) -> Post:
    return Post._base_manager.select_related("workspace", "account", "item").get(pk=post.pk)


def lost(account: Account, title: str = "Lost") -> Post:
    """A post whose answer was lost, and whose quarantine is over."""
    [post] = posts_for(account, title=title)
    assert publish_post(post_id=post.pk) == "unknown"
    past = timezone.now() - timedelta(seconds=1)
    Post._base_manager.filter(pk=post.pk).update(wake_at=past, lease_until=past)
    return fresh(post)


@pytest.mark.parametrize(
    ("change", "state", "code"),
    [({"state": "disconnected"}, "cancelled", "disconnected"), ({"by_hand": True}, "needs_human", "by_hand")],
)
def test_what_was_said_of_the_account_since_the_claim_holds(studio_account, monkeypatch, change, state, code):
    account = studio_account()
    [post] = posts_for(account, title="Claimed")
    prepare = services._prepare

    def meanwhile(lease):
        Account.objects.filter(pk=account.pk).update(**change)
        return prepare(lease)

    monkeypatch.setattr(services, "_prepare", meanwhile)
    assert publish_post(post_id=post.pk) == state
    assert (fresh(post).error["code"], StudioPlatform.calls) == (code, ["check"])


def test_a_lost_answer_on_a_paused_account_becomes_a_question_after_a_day(studio_account):
    post = lost(studio_account(does="lose"))
    Account.objects.update(state="paused")
    assert sweep() == {}
    Post._base_manager.filter(pk=post.pk).update(state_at=timezone.now() - timedelta(hours=25))
    assert sweep() == {"asked": 1}
    post = fresh(post)
    assert (post.state, explain(post)["code"], post.maybe_online, post.wake_at) == (
        "needs_human",
        "not_asked",
        True,
        None,
    )


def test_an_account_can_leave_while_nobody_knows_about_a_post_and_a_person_is_asked(studio_account):
    account = studio_account(does="lose")
    [under_way] = posts_for(account, title="In a worker's hands")
    claim(fresh(under_way))
    owner = Actor.of(add_person(account.workspace, "owner"))
    with pytest.raises(Conflict, match="is being published"):
        disconnect_account(account=account, actor=owner)
    past = timezone.now() - timedelta(seconds=1)
    Post._base_manager.filter(pk=under_way.pk).update(state="unknown", wake_at=past, lease_until=past)
    disconnect_account(account=account, actor=owner)
    assert sweep() == {"asked": 1}
    assert fresh(under_way).maybe_online


def test_what_may_be_online_is_not_sent_with_others_and_those_are_spread(studio_account):
    account = studio_account(does="lose")
    doubtful = lost(account)
    assert publish_post(post_id=doubtful.pk) == "needs_human"
    missed = [posts_for(account, title=f"Missed {n}", at=timezone.now() - timedelta(hours=9))[0] for n in range(2)]
    assert sweep() == {"missed": 2}
    editor = Actor.of(add_person(account.workspace, "editor"))
    sent, refused = send_all_again(posts=[fresh(each) for each in (doubtful, *missed)], actor=editor)
    assert [post.pk for post, _error in refused] == [doubtful.pk]
    assert sent[1].due_at - sent[0].due_at == timedelta(minutes=5)


def test_after_a_restore_nothing_goes_out_and_what_may_be_online_is_asked_about(studio_account, in_workspace, capsys):
    account = studio_account()
    [due], [later] = (
        posts_for(account, title="Due"),
        posts_for(account, title="Later", at=timezone.now() + timedelta(1)),
    )
    [missed] = posts_for(account, title="Missed", at=timezone.now() - timedelta(hours=9))
    [keyed] = posts_for(AccountFactory(workspace=in_workspace), title="Known by its key")
    assert sweep() == {"missed": 1}
    for _again in range(2):
        call_command("after_restore")
    assert "2 post(s) may be online already" in capsys.readouterr().out
    assert Workspace.objects.get(pk=account.workspace_id).paused_at
    asked = [fresh(post) for post in (due, missed)]
    assert [(post.state, explain(post)["code"], post.maybe_online) for post in asked] == [
        ("needs_human", "restored", True),
        ("missed", "restored", True),
    ]
    assert [fresh(post).state for post in (later, keyed)] == ["scheduled", "scheduled"]
    assert (publish_post(post_id=keyed.pk), StudioPlatform.calls) == ("scheduled", [])


def test_a_committed_intent_is_not_forgotten_however_the_server_is_set(db):
    forgetful = {"postgresql": "SET synchronous_commit = off", "sqlite": "SELECT 1"}[connection.vendor]
    kept = {"postgresql": "SHOW synchronous_commit", "sqlite": "SELECT 'on'"}[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(forgetful)
        keep_commits(connection)
        cursor.execute(kept)
        assert cursor.fetchone() == ("on",)
