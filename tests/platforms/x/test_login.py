"""Logging in on X's page, with tokens of which each works once."""

from __future__ import annotations

import base64
import hashlib
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.common.errors import AdapterError
from apps.platforms.base import Connection, NeedsLogin
from apps.platforms.x.oauth import SCOPES
from tests.conformance.platform import told_by
from tests.servers.loopback import says
from tests.servers.x_server import ACCESS, CLIENT, CODE, REFRESH, X

BACK = "https://desk.example.org/accounts/callback/"
VERIFIER = "v" * 64


@pytest.fixture
def kept(platform, x: X) -> dict:
    """What lies sealed while the person is on X's page, which has noted the challenge."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    login = platform.begin_login(CLIENT, redirect_uri=BACK, state="a-state", challenge=challenge)
    query = {name: values[0] for name, values in parse_qs(urlsplit(login.url).query).items()}
    assert login.url.startswith("https://x.com/i/oauth2/authorize?")
    assert query == {
        "response_type": "code",
        "client_id": CLIENT["client_id"],
        "redirect_uri": BACK,
        "scope": " ".join(SCOPES),
        "state": "a-state",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    x.challenge = challenge
    return dict(login.kept)


def finish(platform, kept: dict, **changes: str) -> dict:
    return platform.finish_login(
        kept, **{"answer": {"code": CODE}, "redirect_uri": BACK, "verifier": VERIFIER, **changes}
    )


def test_a_login_is_renewed_with_a_new_token_each_time(platform, kept: dict) -> None:
    credentials = finish(platform, kept)
    ends = credentials.pop("expires_at")
    assert credentials == {**CLIENT, "access_token": "access-2", "refresh_token": "refresh-2"}
    assert 7000 < ends - time.time() < 7201
    renewed = platform.refresh(Connection("me", credentials))
    assert (renewed["access_token"], renewed["refresh_token"]) == ("access-3", "refresh-3")
    assert platform.check(Connection("me", renewed)).handle == "@seaday"
    with pytest.raises(NeedsLogin):
        platform.refresh(Connection("me", credentials))


@pytest.mark.parametrize("changes", [{"answer": {"code": "another"}}, {"verifier": "w" * 64}])
def test_a_code_that_was_not_ours_is_refused(platform, kept: dict, changes: dict) -> None:
    with pytest.raises(NeedsLogin, match="The login was revoked or has ended"):
        finish(platform, kept, **changes)


def test_a_login_that_allows_too_little_is_noticed(platform, kept: dict, x: X) -> None:
    x.scope = "tweet.read users.read offline.access"
    with pytest.raises(NeedsLogin, match="does not allow everything"):
        finish(platform, kept)


def test_a_wrong_app_is_told_from_a_wrong_login(platform, credentials) -> None:
    with pytest.raises(NeedsLogin, match="client ID or its secret"):
        platform.refresh(Connection("me", {**credentials, "client_secret": "wrong"}))


def test_a_revoked_login_is_needed_anew(platform, credentials, x: X) -> None:
    x.revoked = True
    with pytest.raises(NeedsLogin) as caught:
        platform.refresh(Connection("me", credentials))
    assert not [secret for secret in (REFRESH, ACCESS, CLIENT["client_secret"]) if secret in told_by(caught.value)]


@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_of_x_is_no_reason_to_log_in_again(platform, credentials, x: X, status: int) -> None:
    x.will("POST /2/oauth2/token", says(status, "<h1>Sorry"))
    with pytest.raises(AdapterError) as caught:
        platform.refresh(Connection("me", credentials))
    assert (type(caught.value), caught.value.permanent) == (AdapterError, False)
