"""Logging in on Google's page, staying logged in, and being thrown out."""

from __future__ import annotations

import base64
import hashlib
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.common.errors import AdapterError
from apps.platforms.base import Connection, NeedsLogin
from apps.platforms.youtube.oauth import SCOPES
from tests.conformance.platform import told_by
from tests.servers.loopback import says
from tests.servers.youtube_server import ACCESS, CLIENT, CODE, REFRESH, YouTube

BACK = "https://desk.example.org/accounts/callback/"
VERIFIER = "v" * 64


@pytest.fixture
def kept(platform, youtube: YouTube) -> dict:
    """What lies sealed while the person is on Google's page, which has noted the challenge."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    login = platform.begin_login(CLIENT, redirect_uri=BACK, state="a-state", challenge=challenge)
    query = {name: values[0] for name, values in parse_qs(urlsplit(login.url).query).items()}
    assert login.url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert query == {
        "client_id": CLIENT["client_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": "a-state",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",
    }
    assert CLIENT["client_secret"] not in login.url
    youtube.challenge, youtube.scope = challenge, query["scope"]
    return dict(login.kept)


def finish(platform, kept: dict, **changes: str) -> dict:
    given = {"answer": {"code": CODE}, "redirect_uri": BACK, "verifier": VERIFIER, **changes}
    return platform.finish_login(kept, **given)


def test_a_login_gives_credentials_that_can_be_renewed(platform, kept: dict) -> None:
    credentials = finish(platform, kept)
    ends = credentials.pop("expires_at")
    assert credentials == {**CLIENT, "access_token": ACCESS, "refresh_token": REFRESH}
    assert 3500 < ends - time.time() < 3600
    renewed = platform.refresh(Connection("me", {**credentials, "access_token": "old", "expires_at": 1.0}))
    assert renewed["expires_at"] > time.time() + 3500
    assert {**renewed, "expires_at": 0} == {**credentials, "expires_at": 0}


@pytest.mark.parametrize("changes", [{"answer": {"code": "another"}}, {"verifier": "w" * 64}])
def test_a_code_that_was_not_ours_is_refused(platform, kept: dict, changes: dict) -> None:
    with pytest.raises(NeedsLogin, match="The login was revoked or has ended"):
        finish(platform, kept, **changes)


def test_a_box_left_unticked_is_noticed(platform, kept: dict, youtube: YouTube) -> None:
    youtube.scope = SCOPES[0]
    with pytest.raises(NeedsLogin, match="tick every box"):
        finish(platform, kept)


def test_a_login_without_a_way_to_renew_it_is_noticed(platform, kept: dict, youtube: YouTube) -> None:
    answer = {"access_token": ACCESS, "expires_in": 3599, "scope": youtube.scope}
    youtube.will("POST /token", lambda handler: handler.answer(200, answer))
    with pytest.raises(NeedsLogin, match="ends within the hour"):
        finish(platform, kept)


def test_a_revoked_login_is_needed_anew(platform, credentials, youtube: YouTube) -> None:
    youtube.revoked = True
    with pytest.raises(NeedsLogin) as caught:
        platform.refresh(Connection("me", credentials))
    assert not [secret for secret in (REFRESH, ACCESS, CLIENT["client_secret"]) if secret in told_by(caught.value)]


def test_a_wrong_app_is_told_from_a_wrong_login(platform, credentials) -> None:
    with pytest.raises(NeedsLogin, match="client ID or its secret"):
        platform.refresh(Connection("me", {**credentials, "client_secret": "wrong"}))


def test_a_fault_of_google_is_no_reason_to_log_in_again(platform, credentials, youtube: YouTube) -> None:
    youtube.will("POST /token", says(503, "<h1>Sorry"))
    with pytest.raises(AdapterError) as caught:
        platform.refresh(Connection("me", credentials))
    assert (type(caught.value), caught.value.permanent) == (AdapterError, False)
