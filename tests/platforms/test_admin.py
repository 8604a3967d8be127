"""Accounts in the admin: the same forms, and nothing of a secret."""

from __future__ import annotations

import pytest

from apps.platforms.models import Account

pytestmark = pytest.mark.django_db
ADMIN = "/admin/platforms/account/"


@pytest.fixture
def admin(client, member, in_workspace):
    client.force_login(member("admin"))
    client.get(f"/w/{in_workspace.slug}/")  # the admin works in the workspace last visited
    return client


def connect(provider, token: str) -> dict[str, str]:
    return {"credential_server": provider.url, "credential_access_token": token, "setting_audience": "all"}


def test_an_account_is_connected_from_the_gallery(admin, provider):
    gallery = admin.get(f"{ADMIN}add/").content.decode()
    assert "?platform=fake_form" in gallery
    assert "a person decides" in gallery
    token = provider.grant()["access_token"]
    answer = admin.post(f"{ADMIN}add/?platform=fake_form", connect(provider, token))
    account = Account.objects.get()
    assert answer["Location"] == f"{ADMIN}{account.pk}/change/"
    page = admin.get(answer["Location"]).content.decode()
    assert "asha" in page
    assert token not in page + admin.get(f"{ADMIN}{account.pk}/login/").content.decode()


def test_wrong_credentials_are_refused_in_the_admin_too(admin, provider):
    answer = admin.post(f"{ADMIN}add/?platform=fake_form", connect(provider, "canary-token"))
    page = answer.content.decode()
    assert "The platform refused the account&#x27;s credentials." in page
    assert "canary-token" not in page
    assert not Account.objects.exists()


def test_a_login_on_the_platforms_page_begins_in_the_admin(admin, provider):
    data = {"credential_server": provider.url, "setting_audience": "all", "accepted": "on"}
    answer = admin.post(f"{ADMIN}add/?platform=fake_oauth", data)
    assert answer["Location"].startswith(f"{provider.url}/authorize?")


def test_credentials_are_replaced_and_options_changed(admin, provider, by_form):
    account = by_form()
    fresh = provider.grant()["access_token"]
    admin.post(f"{ADMIN}{account.pk}/login/", connect(provider, fresh))
    form = {"name": "Day", "intake": "slots", "timezone": "UTC", "daily_limit": 1, "minimum_gap": 0, "catch_up": 9}
    admin.post(f"{ADMIN}{account.pk}/settings/", form | {"setting_audience": "few"})
    account.refresh_from_db()
    assert (account.credentials["access_token"], account.name, account.settings) == (fresh, "Day", {"audience": "few"})


def test_limits_are_changed_on_the_change_page(admin, by_form):
    account = by_form()
    form = {"name": "Night", "intake": "at_once", "timezone": "Asia/Kolkata", "daily_limit": 7, "minimum_gap": 5}
    form |= {"catch_up": 60, "quiet_from": "22:00", "quiet_until": "07:00"}
    assert admin.post(f"{ADMIN}{account.pk}/change/", form).status_code == 302
    account.refresh_from_db()
    assert (account.daily_limit, str(account.timezone), account.intake) == (7, "Asia/Kolkata", "at_once")


def test_a_check_and_a_farewell_by_action(admin, provider, by_form):
    account = by_form()
    provider.revoke()
    chosen = {"_selected_action": [account.pk]}
    page = admin.post(ADMIN, chosen | {"action": "check_login"}, follow=True).content.decode()
    assert "The platform refused the account" in page
    asked = admin.post(ADMIN, chosen | {"action": "disconnect"}).content.decode()
    slots = account.slots.count()
    assert f"{slots} slots rest until the account is connected again." in asked
    account.refresh_from_db()
    assert account.state == "needs_login"
    admin.post(ADMIN, chosen | {"action": "disconnect", "sure": "yes"})
    account.refresh_from_db()
    assert (account.state, account.credentials) == ("disconnected", {})


def test_who_does_not_manage_accounts_cannot_get_at_them(client, member, in_workspace, by_form, provider):
    account = by_form()
    client.force_login(member("editor"))
    client.get(f"/w/{in_workspace.slug}/")
    for path in ("add/", f"{account.pk}/login/", f"{account.pk}/settings/"):
        assert client.post(f"{ADMIN}{path}", connect(provider, "x")).status_code == 403
    client.post(ADMIN, {"_selected_action": [account.pk], "action": "disconnect", "sure": "yes"})
    account.refresh_from_db()
    assert (account.state, bool(account.credentials)) == ("active", True)


def test_an_account_is_paused_and_resumed_on_its_page_which_shows_its_limits(admin, provider, by_form):
    account = by_form()
    page = f"{ADMIN}{account.pk}/"
    assert "Limits today" in admin.get(f"{page}change/").content.decode()
    assert "“Pause” is done: 1 account." in admin.post(f"{page}do/pause/", follow=True).content.decode()
    account.refresh_from_db()
    assert account.state == "paused"
    assert "“Resume” is done: 1 account." in admin.post(f"{page}do/resume/", follow=True).content.decode()
    assert admin.post(f"{page}do/disconnect/").status_code == 404
