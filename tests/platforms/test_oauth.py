"""Logging in on a platform's own page, against a real authorization server on this machine."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from apps.platforms.models import Account, PendingLogin
from apps.workspaces.actors import SYSTEM
from apps.workspaces.services import add_member
from tests.factories.schedules import posts_for
from tests.factories.workspaces import WorkspaceFactory

pytestmark = pytest.mark.django_db
GONE = "This login is not waiting any more."


@pytest.fixture
def browser(client, member):
    client.force_login(member("admin"))
    return client


@pytest.fixture
def at(in_workspace):
    return lambda path="": f"/w/{in_workspace.slug}/accounts/{path}"


def begin(browser: Client, path: str, provider, **more) -> str:
    """Press the button; where the browser is sent."""
    data = {"credential_server": provider.url, "setting_audience": "few", "accepted": "on", **more}
    answer = browser.post(path, data)
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def visit(login_page: str) -> str:
    """What the platform's page does with a person who agrees, or does not: the address it sends the browser back to."""
    answer = httpx.get(login_page)
    back = urlsplit(answer.headers["Location"])
    assert back.path == "/accounts/connected/"
    return f"{back.path}?{back.query}"


def test_a_login_connects_the_account_that_allowed_it(browser, at, provider):
    login_page = begin(browser, at("connect/fake_oauth/"), provider, name="Night")
    query = parse_qs(urlsplit(login_page).query)
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43
    answer = browser.get(visit(login_page))
    account = Account.objects.get()
    assert answer["Location"] == at(f"{account.pk}/")
    assert (account.handle, account.name, account.settings) == ("asha", "Night", {"audience": "few"})
    assert set(account.credentials) == {"server", "access_token", "refresh_token", "expires_at"}
    assert PendingLogin.objects.count() == 0
    assert account.connected_by.email == browser.get(at()).context["user"].email


def test_nothing_that_opens_the_login_is_stored_in_the_clear(browser, at, provider):
    login_page = begin(browser, at("connect/fake_oauth/"), provider)
    [login] = PendingLogin.objects.values()
    query = parse_qs(urlsplit(login_page).query)
    assert query["state"][0] not in str(login)
    assert str(login["kept"]).startswith("gAAAA")
    assert browser.session.session_key not in str(login)


def test_who_does_not_allow_it_changes_nothing(browser, at, provider):
    provider.denies = True
    back = visit(begin(browser, at("connect/fake_oauth/"), provider))
    page = browser.get(back, follow=True)
    assert page.redirect_chain == [(at(), 302)]
    assert "Loop did not let Rundown in." in page.content.decode()
    assert not Account.objects.exists()


def test_a_way_back_leads_somewhere_once(browser, at, provider):
    back = visit(begin(browser, at("connect/fake_oauth/"), provider))
    browser.get(back)
    again = browser.get(back)
    assert (again.status_code, GONE in again.content.decode()) == (410, True)
    assert Account.objects.count() == 1
    assert provider.asked == ["authorization_code"]


@pytest.mark.parametrize("change", ["state", "nothing"])
def test_an_invented_way_back_leads_nowhere(browser, at, provider, change):
    begin(browser, at("connect/fake_oauth/"), provider)
    path = "/accounts/connected/?state=invented&code=x" if change == "state" else "/accounts/connected/"
    assert browser.get(path).status_code == 410
    assert (provider.asked, PendingLogin.objects.count()) == ([], 1)


def test_a_login_that_took_too_long_is_begun_again(browser, at, provider, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    back = visit(begin(browser, at("connect/fake_oauth/"), provider))
    time_machine.shift(601)
    assert browser.get(back).status_code == 410
    assert provider.asked == []


def test_another_browser_cannot_finish_it_even_of_the_same_person(browser, at, provider, member):
    """An attacker who makes somebody follow the way back of a login of their own connects nothing."""
    back = visit(begin(browser, at("connect/fake_oauth/"), provider))
    elsewhere, colleague = Client(), Client()
    elsewhere.force_login(browser.get(at()).context["user"])
    colleague.force_login(member("owner"))
    assert (elsewhere.get(back).status_code, colleague.get(back).status_code) == (410, 410)
    assert Client().get(back)["Location"].startswith("/accounts/login/")
    assert provider.asked == []
    assert browser.get(back).status_code == 302  # whose login it is can still finish it


def test_it_goes_to_the_workspace_that_it_was_begun_in(browser, at, provider):
    user = browser.get(at()).context["user"]
    other = WorkspaceFactory()
    add_member(workspace=other, user=user, role="admin", actor=SYSTEM)
    back = visit(begin(browser, at("connect/fake_oauth/"), provider))
    browser.get(f"/w/{other.slug}/")
    assert browser.get(back)["Location"].startswith(at())
    assert not Account._base_manager.filter(workspace=other).exists()


def test_who_lost_the_right_meanwhile_connects_nothing(browser, at, provider, in_workspace):
    back = visit(begin(browser, at("connect/fake_oauth/"), provider))
    in_workspace.workspaceuserobjectpermission_set.all().delete()
    assert browser.get(back).status_code == 302
    assert (provider.asked, Account.objects.count()) == ([], 0)


def test_a_platform_that_breaks_off_is_said(browser, at, provider):
    back = visit(begin(browser, at("connect/fake_oauth/"), provider))
    provider.broken = 503
    page = browser.get(back, follow=True)
    assert "The platform did not answer." in page.content.decode()
    assert not Account.objects.exists()


def test_logging_in_again_keeps_the_account_its_posts_and_its_settings(browser, at, provider, by_oauth):
    account = by_oauth()
    [post] = posts_for(account)
    Account._base_manager.filter(pk=account.pk).update(state="needs_login", settings={"audience": "all"})
    before = account.credentials["access_token"]
    answer = browser.get(visit(begin(browser, at(f"{account.pk}/login/"), provider)))
    assert answer["Location"] == at(f"{account.pk}/")
    again = Account.objects.get()
    assert (again.pk, again.state, again.settings) == (account.pk, "active", {"audience": "all"})
    assert again.credentials["access_token"] != before
    assert again.posts.get() == post


def test_another_identity_does_not_take_the_account_over(browser, at, provider, by_oauth):
    account = by_oauth()
    before = dict(account.credentials)
    back = visit(begin(browser, at(f"{account.pk}/login/"), provider))
    provider.handle = "mallory"
    page = browser.get(back, follow=True)
    assert "This login belongs to “mallory”, and the account is “asha”." in page.content.decode()
    account.refresh_from_db()
    assert account.credentials == before
