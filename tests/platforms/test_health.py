"""Whether logins work: asked daily and on demand, told, and mailed once."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from apps.lifecycle.models import Event
from apps.platforms.health import check_account, check_due_accounts
from apps.platforms.models import Account, PendingLogin
from apps.platforms.services import disconnect_account, pause_account, replace_credentials, resume_account
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import Membership
from tests.factories.platforms import make_pending_login

pytestmark = pytest.mark.django_db


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """with committed(): what runs after a commit runs at the end of it."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def events(account: Account, kind: str) -> list[dict]:
    rows = Event._base_manager.filter(type=kind, subject=f"platforms.account:{account.pk}").order_by("seq")
    return [row.data for row in rows]


def test_a_check_that_goes_well_is_stored_and_told(by_form):
    account = by_form()
    Account._base_manager.filter(pk=account.pk).update(checked_at=None, health="")
    check_account(account=account)
    assert (account.health, account.health_message, account.state) == ("good", "", "active")
    assert timezone.now() - account.checked_at < timedelta(minutes=1)
    assert events(account, "account.checked") == [{"health": "good", "message": ""}]


def test_a_refused_login_stops_the_account_and_asks_its_owner_once(by_form, provider, actor, committed):
    person = actor("admin")
    account = by_form(actor=person, name="Night")
    provider.revoke()
    for _ in range(3):
        with committed():
            check_account(account=account)
    assert (account.state, account.health) == ("needs_login", "refused")
    assert account.health_message == "The platform refused the account's credentials."
    [letter] = mail.outbox
    link = f"/w/{account.workspace.slug}/accounts/{account.pk}/#login"
    html = letter.alternatives[0].content
    assert (letter.to, letter.subject) == ([person.user.email], "Form: “Night” needs a new login")
    assert link in letter.body
    assert link in html
    assert "refused the account" in letter.body


def test_when_it_breaks_again_after_a_new_login_the_owner_is_asked_again(by_form, provider, committed):
    account = by_form()
    provider.revoke()
    with committed():
        check_account(account=account)
    fresh = {"server": provider.url, "access_token": provider.grant()["access_token"]}
    account = replace_credentials(account=account, actor=SYSTEM, credentials=fresh)
    assert (account.state, account.health) == ("active", "good")
    provider.revoke()
    with committed():
        check_account(account=account)
    assert len(mail.outbox) == 2


def test_the_mail_is_in_its_readers_language_and_goes_to_owners_when_who_connected_it_left(
    by_form, provider, actor, member, committed
):
    person, owner = actor("admin"), member("owner", language="ml", name="Meera")
    account = by_form(actor=person)
    Membership._base_manager.filter(user=person.user).delete()
    person.user.is_active = False
    person.user.save()
    provider.revoke()
    with committed():
        check_account(account=account)
    assert owner.email in [to for each in mail.outbox for to in each.to]
    assert person.user.email not in [to for each in mail.outbox for to in each.to]


def test_a_mail_that_could_not_be_sent_is_sent_by_the_next_check(by_form, provider, settings, committed):
    account = by_form()
    provider.revoke()
    settings.EMAIL_BACKEND = "apps.nothing.Backend"
    with committed():
        check_account(account=account)
    assert mail.outbox == []
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with committed():
        check_account(account=account)
    assert len(mail.outbox) == 1


def test_a_platform_that_does_not_answer_says_nothing_about_the_login(by_form, provider, committed):
    account = by_form()
    provider.broken = 503
    with committed():
        check_account(account=account)
    assert (account.state, account.health) == ("active", "trouble")
    assert account.health_message == "The platform did not answer."
    assert mail.outbox == []
    assert account.check_after - timezone.now() < timedelta(hours=1, minutes=1)
    provider.broken = 0
    assert check_account(account=account).health == "good"


def test_a_bug_in_an_adapter_says_nothing_about_the_login(by_form, provider, monkeypatch):
    account = by_form()
    monkeypatch.setattr("tests.login_adapter.FormPlatform.check", lambda *_: 1 / 0)
    check_account(account=account)
    assert (account.state, account.health) == ("active", "trouble")


def test_a_login_that_works_again_lets_the_account_go_on(by_form, provider, committed):
    account = by_form()
    kept = dict(provider.access)
    provider.revoke()
    with committed():
        check_account(account=account)
    provider.access.update(kept)
    check_account(account=account)
    assert (account.state, account.login_asked_at) == ("active", None)


def test_a_refusal_of_the_old_login_does_not_flag_the_new_one(by_form, provider, monkeypatch):
    account = by_form()
    fresh = {"server": provider.url, "access_token": provider.grant()["access_token"]}
    old = account.credentials["access_token"]
    real = type(account.adapter).check

    def meanwhile(self, connection):
        if connection.credentials["access_token"] == old:
            monkeypatch.setattr("tests.login_adapter.FormPlatform.check", real)
            replace_credentials(account=Account._base_manager.get(pk=account.pk), actor=SYSTEM, credentials=fresh)
            provider.access.pop(old)
        return real(self, connection)

    monkeypatch.setattr("tests.login_adapter.FormPlatform.check", meanwhile)
    check_account(account=account)
    assert (account.state, account.health) == ("active", "good")


def test_a_paused_account_stays_paused_and_asks_for_its_login_all_the_same(by_form, provider, committed):
    account = by_form()
    pause_account(account=account, actor=SYSTEM, reason="Holidays")
    provider.revoke()
    with committed():
        check_account(account=account)
    assert (account.state, account.state_reason, account.health) == ("paused", "Holidays", "refused")
    assert len(mail.outbox) == 1
    resume_account(account=account, actor=SYSTEM)
    assert account.state == "needs_login"


# --- Every day --------------------------------------------------------------------------------------------------------
def test_each_account_is_asked_about_once_a_day(by_form, provider):
    for handle in ("asha", "bina", "chitra"):
        provider.handle = handle
        by_form()
    now = timezone.now()
    Account._base_manager.update(check_after=now)
    assert [check_due_accounts(), check_due_accounts()] == [3, 0]
    planned = list(Account._base_manager.values_list("check_after", flat=True))
    assert all(timedelta(hours=21) < at - now <= timedelta(days=1, minutes=1) for at in planned)
    assert len(set(planned)) == 3  # not all at the same minute
    Account._base_manager.update(check_after=now - timedelta(seconds=1))
    assert check_due_accounts() == 3


def test_the_time_for_checks_is_bounded_and_the_rest_waits_for_its_turn(by_form, provider):
    for handle in ("asha", "bina"):
        provider.handle = handle
        by_form()
    Account._base_manager.update(check_after=timezone.now())
    assert check_due_accounts(seconds=-1) == 0
    assert check_due_accounts() == 2


def test_a_disconnected_account_is_left_alone_and_old_logins_are_forgotten(by_form, in_workspace, provider):
    account = by_form()
    disconnect_account(account=account, actor=SYSTEM)
    Account._base_manager.update(check_after=timezone.now())
    login = make_pending_login(in_workspace)
    PendingLogin.objects.filter(pk=login.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert check_due_accounts() == 0
    assert PendingLogin.objects.count() == 0


def test_a_login_that_ends_by_itself_is_asked_for_in_time_and_once(by_form, committed):
    account = by_form(cookies_end=str(time.time() + 6 * 86400))
    for _ in range(2):
        with committed():
            check_account(account=account)
    [letter] = mail.outbox
    assert "ends soon" in letter.subject
    assert (account.state, account.health) == ("active", "good")
    assert account.expires_at - timezone.now() < timedelta(days=6)


def test_a_login_that_ends_much_later_asks_nobody(by_form, committed):
    account = by_form(cookies_end=str(time.time() + 30 * 86400))
    with committed():
        check_account(account=account)
    assert mail.outbox == []
