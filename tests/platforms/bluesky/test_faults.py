"""What is said of a post when the server, or the way to it, fails."""

from __future__ import annotations

import time
import uuid

import pytest

from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, OutcomeUnknown, Picture, PlatformConfig, RateLimited, Report
from apps.platforms.bluesky.adapter import BlueskyPlatform
from tests.conformance.platform import told_by
from tests.platforms.posts import image, post, until
from tests.servers.faulty_proxy import after, answers, cuts, hangs, trickles

CREATE = "createRecord"


def failure(platform, request) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        platform.publish(request, Report())
    assert request.credentials["app_password"] not in told_by(caught.value)
    return caught.value


@pytest.mark.parametrize("act", [hangs, cuts])
def test_a_lost_answer_is_settled_by_a_second_call(home, platform, brief, act):
    home.proxy.will("POST", CREATE, after(act))
    nothing = answers(400, {"error": "RecordNotFound", "message": "not yet"})
    home.proxy.will("GET", "getRecord", nothing, act)
    text = uuid.uuid4().hex
    session = platform.refresh(post(home.credentials).connection)
    request = post(session, text=text)
    assert isinstance(failure(platform, brief(home, request)), OutcomeUnknown)
    home.proxy.rules.clear()  # where the time was over, nobody has looked
    again = platform.publish(request, Report())
    assert home.texts().count(text) == 1
    assert home.record(again.external_id)["text"] == text
    assert len(home.proxy.to(CREATE)) == 1


@pytest.mark.parametrize("act", [after(answers(500)), after(answers(502, b"<html>")), after(answers(200, b"{trunc"))])
def test_an_unclear_answer_is_looked_up_at_once(home, platform, act):
    home.proxy.will("POST", CREATE, act)
    text = uuid.uuid4().hex
    result = platform.publish(post(home.credentials, text=text), Report())
    assert home.texts().count(text) == 1
    assert home.record(result.external_id)["text"] == text


def test_two_calls_at_once_make_one_post(home, platform):
    """Both found nothing; the server takes the first, and the second finds it."""
    text = uuid.uuid4().hex
    request = post(home.credentials, text=text)
    first = platform.publish(request, Report())
    home.proxy.will("GET", "getRecord", answers(400, {"error": "RecordNotFound", "message": "not yet"}))
    assert platform.publish(request, Report()) == first
    assert home.texts().count(text) == 1


def test_a_server_that_fails_before_it_takes_the_post_leaves_it_unknown(loopback, platform):
    loopback.proxy.will("POST", CREATE, answers(503, {"error": "Unavailable", "message": "later"}))
    assert isinstance(failure(platform, post(loopback.credentials)), OutcomeUnknown)
    assert loopback.texts() == []


def test_a_server_that_trickles_cannot_outlast_the_deadline(loopback, platform, brief):
    loopback.proxy.will("POST", CREATE, trickles)
    assert isinstance(failure(platform, brief(loopback, post(loopback.credentials))), OutcomeUnknown)
    until(lambda: loopback.proxy.deserted == 1)


@pytest.mark.parametrize("header", ["ratelimit_reset", "Retry_After"])
def test_a_full_quota_tells_until_when(loopback, platform, header):
    value = str(int(time.time()) + 90) if header == "ratelimit_reset" else "90"
    loopback.proxy.will("POST", CREATE, answers(429, {"error": "RateLimitExceeded"}, **{header: value}))
    error = failure(platform, post(loopback.credentials))
    assert isinstance(error, RateLimited)
    assert 85 <= error.retry_after <= 91


def test_a_refused_record_is_told_in_the_servers_words(home, platform):
    error = failure(platform, post(home.credentials, text="x" * 301))
    assert error.permanent
    assert error.message.startswith("Bluesky refused the post: Invalid app.bsky.feed.post record: grapheme too big")


def test_an_upload_that_fails_has_published_nothing(loopback, platform):
    for act in (cuts, answers(503), answers(200, b"not JSON"), answers(200, {"no": "blob"})):
        loopback.proxy.will("POST", "uploadBlob", act)
        error = failure(platform, post(loopback.credentials, pictures=(Picture(image()),)))
        assert (type(error), error.permanent) == (AdapterError, False)
    loopback.proxy.will("POST", "uploadBlob", answers(413, {"error": "PayloadTooLarge"}))
    error = failure(platform, post(loopback.credentials, pictures=(Picture(image()),)))
    assert (error.permanent, error.message) == (True, "The file is larger than the server accepts.")
    assert loopback.proxy.to(CREATE) == []


def test_a_redirect_is_not_followed(loopback, platform):
    loopback.proxy.will("POST", CREATE, answers(307, Location=loopback.server.url))
    error = failure(platform, post(loopback.credentials))
    assert (error.permanent, error.message) == (True, "The server's address leads elsewhere.")
    assert loopback.texts() == []


def test_a_private_address_is_refused_before_anything_is_sent(loopback):
    platform = BlueskyPlatform(PlatformConfig())
    safe = {**loopback.credentials, "server": loopback.proxy.url.replace("http:", "https:")}
    error = failure(platform, post(safe))
    assert (error.permanent, error.message) == (True, "127.0.0.1 is not a public address.")
    assert loopback.proxy.seen == []


def test_a_home_that_the_server_names_is_judged_too(loopback, platform):
    """Whoever runs the server must not send the account's password to a machine beside ours."""
    elsewhere = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://10.0.0.7"}
    session = loopback.server.session()
    document = {"@context": ["https://www.w3.org/ns/did/v1"], "id": loopback.server.did, "service": [elsewhere]}
    loopback.proxy.will("POST", "createSession", answers(200, {**session, "didDoc": document}))
    error = failure(platform, post(loopback.credentials))
    assert (error.permanent, error.message) == (True, "10.0.0.7 is not a public address.")


def test_the_main_password_of_an_account_with_a_second_factor_is_told_apart(loopback, platform):
    refusal = {"error": "AuthFactorTokenRequired", "message": "A sign in code has been sent"}
    loopback.proxy.will("POST", "createSession", answers(401, refusal))
    error = failure(platform, post(loopback.credentials))
    assert isinstance(error, NeedsLogin)
    assert error.hint == "Use an app password, not the password you log in with."


def test_a_suspended_account_says_so(loopback, platform):
    session = {**loopback.server.session(), "active": False, "status": "suspended"}
    loopback.proxy.will("POST", "createSession", answers(200, session))
    error = failure(platform, post(loopback.credentials))
    assert isinstance(error, NeedsLogin)
    assert error.message == "Bluesky says that the account is suspended."
