"""Logging in at a server that has never heard of us."""

from __future__ import annotations

import base64
import hashlib
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from apps.common.errors import AdapterError, Invalid
from apps.platforms.addresses import server_address
from apps.platforms.base import NeedsLogin
from tests.platforms.posts import CONFIG, post
from tests.servers.faulty_proxy import answers

HERE = "https://desk.example.org/accounts/connected"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def begin(platform, server):
    return platform.begin_login({"server": server.url}, redirect_uri=HERE, state="s1", challenge=CHALLENGE)


def allow(server, login) -> str:
    """What the owner does in the browser: choose Alice. Gives the code."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(login.url).query).items()}
    assert (query["code_challenge"], query["code_challenge_method"]) == (CHALLENGE, "S256")
    form = {name: query[name] for name in ("redirect_uri", "client_id", "scope", "state")} | {"username": "alice"}
    answer = httpx.post(f"{server.direct}/oauth/authorize", data=form, trust_env=False)
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert back["state"] == ["s1"]
    return back["code"][0]


def test_the_owner_logs_in_at_the_server_and_can_post(server, platform):
    login = begin(platform, server)
    code = allow(server, login)
    credentials = platform.finish_login(login.kept, answer={"code": code}, redirect_uri=HERE, verifier=VERIFIER)
    assert set(credentials) == {"server", "access_token"}
    platform.publish(post(credentials), None)
    assert len(server.statuses()) == 1
    (app,) = server.proxy.to("/api/v1/apps$")
    assert b"scopes=read%3Aaccounts+read%3Astatuses+write%3Amedia+write%3Astatuses" in app.body
    (token,) = server.proxy.to("/oauth/token$")
    assert f"code_verifier={VERIFIER}".encode() in token.body


def test_a_code_that_the_server_refuses_needs_another_login(server, platform):
    login = begin(platform, server)
    with pytest.raises(NeedsLogin):
        platform.finish_login(login.kept, answer={"code": "made-up"}, redirect_uri=HERE, verifier=VERIFIER)


def test_a_server_that_registers_nobody_is_told_apart(server, platform):
    server.proxy.will("POST", "/api/v1/apps$", answers(403, {"error": "This method is not allowed"}))
    with pytest.raises(AdapterError) as caught:
        begin(platform, server)
    assert caught.value.permanent
    assert str(caught.value) == "That server does not let applications register. Give an access token instead."


def test_tokens_that_end_are_renewed(server, platform, credentials):
    assert platform.refresh(post(credentials).connection) is None
    answer = {"access_token": "second", "refresh_token": "r2", "expires_in": 3600, "token_type": "Bearer"}
    server.proxy.will("POST", "/oauth/token$", answers(200, answer))
    old = {**credentials, "refresh_token": "r1", "client_id": "c", "client_secret": "s"}
    fresh = platform.refresh(post(old).connection)
    assert fresh.pop("expires_at") - time.time() == pytest.approx(3600, abs=5)
    kept = {"server": server.url, "access_token": "second", "refresh_token": "r2"}
    assert fresh == {**kept, "client_id": "c", "client_secret": "s"}


def test_a_pasted_token_needs_no_page(server, platform):
    given = {"server": f"{server.url}/@alice", "access_token": "pasted"}
    assert platform.logs_in_on_page({"server": server.url})
    assert not platform.logs_in_on_page(given)
    assert platform.keep(given) == {"server": server.url, "access_token": "pasted"}
    with pytest.raises(Invalid) as caught:
        platform.keep({"server": "not a server", "access_token": "pasted"})
    assert caught.value.details == {"server": ["“not a server” is not the address of a server."]}


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("mastodon.social", "https://mastodon.social"),
        (" https://Mastodon.social/@sea ", "https://mastodon.social"),
        ("@sea@social.example.org", "https://social.example.org"),
        ("social.example.org:8443", "https://social.example.org:8443"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
    ],
)
def test_a_server_may_be_written_in_many_ways(written, address):
    assert server_address(written, CONFIG) == address


@pytest.mark.parametrize(
    "written", ["", "https://", "not a server", "ftp://example.org", "https://me:pw@example.org", "example.org:port"]
)
def test_what_is_no_server_is_refused(written):
    with pytest.raises(AdapterError) as caught:
        server_address(written, CONFIG)
    assert caught.value.permanent
