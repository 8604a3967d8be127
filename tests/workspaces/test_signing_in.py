"""Signing in on the web: email, password, second step, and what happens before and after."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from ninja_jwt.tokens import RefreshToken

from apps.workspaces import services
from apps.workspaces.models import User
from tests.factories.workspaces import PASSWORD, UserFactory

LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _fresh_limits(db):
    cache.clear()


@pytest.fixture
def second_step():
    """second_step(user) turns two steps on and returns the secret of the authenticator app."""

    def activate(user: User) -> str:
        secret = generate_totp_secret()
        TOTP.activate(user, secret)
        RecoveryCodes.activate(user)
        return secret

    return activate


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client, email: str, password: str = PASSWORD, **more):
    return client.post(LOGIN, {"login": email, "password": password, **more})


def test_member_lands_in_their_workspace(client, workspace, member):
    user = member("editor")
    assert sign_in(client, user.email.upper())["Location"] == "/"
    assert client.get("/")["Location"] == f"/w/{workspace.slug}/"


def test_wrong_password_gets_no_session_and_says_nothing_about_the_account(client, workspace, member):
    wrong = sign_in(client, member("editor").email, "nonsense").content.decode()
    unknown = sign_in(client, "nobody@example.org", "nonsense").content.decode()
    text = "The email address and/or password you specified are not correct."
    assert (text in wrong, text in unknown) == (True, True)
    assert "_auth_user_id" not in client.session


def test_guessing_passwords_is_stopped(client, workspace, member):
    user = member("editor")
    for _attempt in range(5):
        sign_in(client, user.email, "nonsense")
    assert "Too many failed login attempts" in sign_in(client, user.email).content.decode()
    assert "_auth_user_id" not in client.session


def test_second_step_is_asked_before_any_page_opens(client, workspace, member, second_step):
    user = member("editor")
    secret = second_step(user)
    assert sign_in(client, user.email)["Location"] == "/accounts/2fa/authenticate/"
    assert client.get(f"/w/{workspace.slug}/team/").status_code == 302
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get(f"/w/{workspace.slug}/team/").status_code == 200
    assert client.get("/admin/").status_code == 200


def test_admin_has_no_login_of_its_own(client, workspace, member):
    user = member("owner")
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/accounts/login/?next=%2Fadmin%2F"
    answer = client.post("/admin/login/", {"username": user.email, "password": PASSWORD})
    assert answer["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session


def test_recovery_code_works_once(client, workspace, member, second_step):
    user = member("editor")
    second_step(user)
    codes = RecoveryCodes(Authenticator.objects.get(user=user, type="recovery_codes")).get_unused_codes()
    for attempt in (True, False):
        sign_in(client, user.email)
        client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        assert ("_auth_user_id" in client.session) == attempt
        client.logout()


def test_authenticator_secrets_are_sealed_in_the_database(db, second_step):
    user = UserFactory()
    secret = second_step(user)
    data = {row.type: row.data for row in Authenticator.objects.filter(user=user)}
    assert secret not in str(data)
    assert data["totp"]["secret"].startswith("gAAAA")
    assert data["recovery_codes"]["seed"].startswith("gAAAA")


def test_one_time_password_opens_only_the_page_to_change_it(client, db):
    user, workspace, once = services.create_owner(email="boss@example.org", workspace="Night desk")
    refresh = RefreshToken.for_user(user)
    sign_in(client, user.email, once)
    for path in (f"/w/{workspace.slug}/team/", "/admin/", f"/w/{workspace.slug}/open/"):
        assert client.get(path)["Location"] == "/accounts/password/change/"
    assert client.get("/api/v1/workspaces/").status_code == 401
    page = client.get("/accounts/password/change/")
    assert "works once" in page.content.decode()
    new = {"oldpassword": once, "password1": "my-own-long-secret", "password2": "my-own-long-secret"}
    assert client.post("/accounts/password/change/", new)["Location"] == "/"
    assert client.get(f"/w/{workspace.slug}/team/").status_code == 200
    user.refresh_from_db()
    assert (user.must_change_password, user.check_password(once)) == (False, False)
    answer = client.post("/api/v1/auth/token/refresh", {"refresh": str(refresh)}, content_type="application/json")
    assert answer.status_code == 401


def test_signing_out_ends_the_session(client, workspace, member):
    client.force_login(member("viewer"))
    client.post("/accounts/logout/")
    assert client.get(f"/w/{workspace.slug}/team/")["Location"] == f"/accounts/login/?next=/w/{workspace.slug}/team/"


def test_closed_account_cannot_sign_in(client, workspace, member):
    user = member("editor", is_active=False)
    sign_in(client, user.email)
    assert "_auth_user_id" not in client.session


def test_language_chosen_once_stays_with_the_person(client, workspace, member):
    user = member("editor")
    client.force_login(user)
    answer = client.post("/language/", {"language": "ml", "next": f"/w/{workspace.slug}/team/"})
    assert answer["Location"] == f"/w/{workspace.slug}/team/"
    user.refresh_from_db()
    assert user.language == "ml"
    client.cookies.pop("django_language")
    assert '<html lang="ml">' in client.get(f"/w/{workspace.slug}/team/").content.decode()
    client.post("/language/", {"language": "xx"})
    user.refresh_from_db()
    assert user.language == "ml"


def test_language_choice_does_not_lead_to_another_site(client, db):
    answer = client.post("/language/", {"language": "en", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/password/reset/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/reauthenticate/",
        "/accounts/logout/",
        "/profile/",
    ],
)
def test_account_pages_wear_the_look_of_the_site(client, workspace, member, path):
    if path not in {"/accounts/login/", "/accounts/password/reset/"}:
        client.force_login(member("editor"))
    page = client.get(path, follow=True)
    assert page.status_code == 200
    assert "rundown/base.css" in page.content.decode()


def test_profile_keeps_name_and_language(client, workspace, member):
    user = member("viewer")
    client.force_login(user)
    client.post("/profile/", {"name": "മീര", "language": "ml"})
    user.refresh_from_db()
    assert (user.name, user.language) == ("മീര", "ml")
