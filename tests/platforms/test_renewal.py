"""Credentials that end: renewed in time, once, whoever asks at the same time, and never lost."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError, connection

from apps.common.clock import database_now
from apps.common.errors import AdapterError
from apps.platforms import renewal
from apps.platforms.base import NeedsLogin
from apps.platforms.models import Account
from apps.platforms.renewal import fresh_connection, keep_credentials
from apps.platforms.services import replace_credentials
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db


def stored(account: Account) -> dict:
    return dict(Account._base_manager.get(pk=account.pk).credentials)


def test_what_lasts_is_left_alone(by_oauth, provider, django_assert_max_num_queries):
    account = by_oauth(ends_in=3600)
    with django_assert_max_num_queries(1):  # the database's clock, on PostgreSQL
        assert fresh_connection(account).credentials == account.credentials
    assert provider.asked == []


def test_what_ends_soon_is_renewed_and_kept(by_oauth, provider, in_workspace):
    account = by_oauth(ends_in=30)
    before = stored(account)
    credentials = fresh_connection(account).credentials
    assert credentials == stored(account)
    assert credentials["refresh_token"] in provider.refresh
    assert before["refresh_token"] not in provider.refresh
    assert AuditEntry.objects.filter(action="account.renew").count() == 1
    account.refresh_from_db()
    assert account.renew_token is None


def test_a_platform_that_is_away_does_not_end_a_login_that_still_holds(by_oauth, provider):
    account = by_oauth(ends_in=30)
    provider.broken = 503
    assert fresh_connection(account).credentials == stored(account)
    account.refresh_from_db()
    assert (account.state, mail.outbox) == ("active", [])


def test_a_login_that_has_ended_waits_for_a_platform_that_is_away(by_oauth, provider):
    account = by_oauth(ends_in=-5)
    provider.broken = 503
    with pytest.raises(AdapterError) as caught:
        fresh_connection(account)
    assert not isinstance(caught.value, NeedsLogin)
    assert caught.value.permanent is False
    account.refresh_from_db()
    assert (account.state, account.renew_until) == ("active", None)
    provider.broken = 0
    assert fresh_connection(account).credentials["access_token"] in provider.access


def test_a_refused_renewal_flags_the_account_and_asks_its_owner_once(
    by_oauth, provider, actor, django_capture_on_commit_callbacks
):
    person = actor("admin")
    account = by_oauth(ends_in=30, actor=person)
    provider.revoke()
    for _ in range(3):
        with pytest.raises(NeedsLogin), django_capture_on_commit_callbacks(execute=True):
            fresh_connection(account)
    account.refresh_from_db()
    assert (account.state, account.health) == ("needs_login", "refused")
    assert [(each.to, each.subject) for each in mail.outbox] == [
        ([person.user.email], "Loop: “Night” needs a new login")
    ]


def test_a_busy_database_is_asked_again_before_new_credentials_are_given_up(by_oauth, provider, monkeypatch):
    account, calls = by_oauth(ends_in=30), []
    monkeypatch.setattr(renewal, "_SAVE_PAUSES", (0.0, 0.01))
    real = renewal._insist

    def busy(write):
        def once():
            calls.append(1)
            if len(calls) == 1:
                raise OperationalError("database is locked")
            return write()

        return real(once)

    monkeypatch.setattr(renewal, "_insist", busy)
    fresh_connection(account)
    assert len(calls) == 2
    assert stored(account)["refresh_token"] in provider.refresh


def test_a_login_by_a_person_meanwhile_wins(by_oauth, provider):
    account = by_oauth(ends_in=30)
    late = Account._base_manager.get(pk=account.pk)
    seen = renewal.sealed_of(late)
    account.credentials = {**account.credentials, "access_token": "by-hand"}
    account.save(update_fields=["credentials"])
    renewal._store(late, seen, {**late.credentials, "access_token": "too-late"})
    assert (stored(account)["access_token"], late.credentials["access_token"]) == ("by-hand", "by-hand")


def test_keys_that_are_rotated_meanwhile_lose_nothing(by_oauth, provider):
    account = by_oauth(ends_in=30)
    seen = renewal.sealed_of(account)
    call_command("rotate_credentials", stdout=io.StringIO())
    assert renewal.sealed_of(account) != seen
    renewal._store(account, seen, {**account.credentials, "access_token": "renewed"})
    assert stored(account)["access_token"] == "renewed"


def test_what_a_platform_exchanged_during_a_call_is_kept(by_form, provider):
    account = by_form()
    keep_credentials(account, {**account.credentials, "access_token": "rotated"})
    assert stored(account)["access_token"] == "rotated"
    stale = Account._base_manager.get(pk=account.pk)
    fresh = provider.grant()["access_token"]
    replace_credentials(account=account, actor=SYSTEM, credentials={"server": provider.url, "access_token": fresh})
    keep_credentials(stale, {**stale.credentials, "access_token": "of the old login"})
    assert stored(account)["access_token"] == fresh


# --- At the same time -------------------------------------------------------------------------------------------------
def ask(pk: int) -> str:
    try:
        return fresh_connection(Account._base_manager.get(pk=pk)).credentials["access_token"]
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_many_workers_renew_once_and_all_go_on_with_what_came_of_it(by_oauth, provider):
    """The refresh token is used up by the first call: a second one would end the login for good."""
    account = by_oauth(ends_in=30)
    provider.slow = 0.4
    with ThreadPoolExecutor(6) as pool:
        got = set(pool.map(ask, [account.pk] * 6))
    assert provider.asked == ["refresh_token"]
    assert got == {stored(account)["access_token"]}
    account.refresh_from_db()
    assert (account.state, account.renew_token) == ("active", None)


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_platform_is_asked(by_oauth, provider):
    """Another worker writes the account's row in the middle of the slow call, and does not have to wait."""
    account = by_oauth(ends_in=30)
    provider.slow = 1.0
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, account.pk)
        while not provider.asked:
            time.sleep(0.01)
        begun = time.monotonic()
        Account._base_manager.filter(pk=account.pk).update(name="Written meanwhile")
        assert time.monotonic() - begun < 0.5
        asked.result()
    account.refresh_from_db()
    assert account.name == "Written meanwhile"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_died_holds_the_others_up_for_one_lease(by_oauth, provider):
    account = by_oauth(ends_in=30)
    now = database_now()
    Account._base_manager.filter(pk=account.pk).update(renew_until=now + timedelta(seconds=0.5))
    begun = time.monotonic()
    assert ask(account.pk) in provider.access
    assert 0.3 < time.monotonic() - begun < 2.5
    assert provider.asked == ["refresh_token"]
