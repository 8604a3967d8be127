"""Sessions: begun by the app password, kept, renewed, and begun anew when they were ended."""

from __future__ import annotations

import time

import pytest

from apps.platforms.base import NeedsLogin, Report
from tests.conformance.platform import Heard
from tests.platforms.posts import post


def kept(platform, home) -> dict:
    return dict(platform.refresh(post(home.credentials).connection))


def test_what_the_form_gave_is_kept_with_a_session_that_is_due(home, platform):
    kept = platform.keep({**home.credentials, "handle": " @Alice.test "})
    assert kept == {**home.credentials, "expires_at": 1.0}
    assert platform.keep({"handle": "a.bsky.social", "app_password": "x"})["server"] == "https://bsky.social"


def test_a_kept_session_spares_the_login(home, platform):
    credentials = kept(platform, home)
    assert {name: credentials[name] for name in home.credentials} == home.credentials
    assert credentials["expires_at"] - time.time() == pytest.approx(7200, abs=60)
    home.proxy.reset()
    platform.publish(post(credentials), Report())
    assert home.proxy.to("Session") == []


def test_a_session_is_renewed_without_the_password(home, platform):
    first = kept(platform, home)
    home.proxy.reset()
    second = dict(platform.refresh(post(first).connection))
    assert [seen.path.rpartition(".")[2] for seen in home.proxy.seen] == ["refreshSession"]
    assert second["refresh_jwt"] != first["refresh_jwt"]
    home.proxy.reset()
    assert platform.check(post(second).connection).handle == "@alice.test"
    assert home.proxy.to("createSession") == []


def test_a_session_that_can_no_longer_be_renewed_is_begun_anew(home, platform):
    credentials = {**kept(platform, home), "refresh_jwt": "a-token-that-was-ended"}
    fresh = platform.refresh(post(credentials).connection)
    assert fresh["refresh_jwt"] != "a-token-that-was-ended"
    with pytest.raises(NeedsLogin):
        platform.refresh(post({**credentials, "app_password": "revoked-one"}).connection)


def test_a_session_that_was_ended_early_costs_one_login(loopback, platform):
    credentials = kept(platform, loopback)
    loopback.server.sessions.clear()
    heard = Heard()
    platform.publish(post(credentials), heard)
    assert len(loopback.texts()) == 1
    (fresh,) = heard.renewals
    assert fresh["app_password"] == credentials["app_password"]
    assert fresh["access_jwt"] in loopback.server.sessions
    assert platform.check(post(credentials).connection).handle == "@alice.test"


def test_a_session_that_is_about_to_end_is_not_begun_to_be_used(loopback, platform):
    credentials = {**kept(platform, loopback), "expires_at": time.time() + 30}
    loopback.proxy.reset()
    platform.publish(post(credentials), Report())
    assert len(loopback.proxy.to("createSession")) == 1
