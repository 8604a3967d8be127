"""What is said of a post when the server, or the way to it, fails."""

from __future__ import annotations

import time

import pytest

from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, OutcomeUnknown, PlatformConfig, RateLimited, Report
from apps.platforms.mastodon.adapter import MastodonPlatform
from tests.conformance.platform import told_by
from tests.platforms.posts import post, until
from tests.servers import mastodon_server
from tests.servers.faulty_proxy import after, answers, cuts, hangs, passes, trickles

STATUSES = "/api/v1/statuses$"


def failure(platform, request) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        platform.publish(request, Report())
    assert mastodon_server.TOKEN not in told_by(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "act",
    [after(hangs), after(cuts), after(answers(500)), after(answers(502, b"<html>")), after(answers(200, b"{trunc"))],
    ids=["hang", "cut", "500", "502", "malformed"],
)
def test_a_lost_answer_is_unknown_and_a_second_call_makes_no_second_post(server, platform, credentials, brief, act):
    server.proxy.will("POST", STATUSES, act)
    request = post(credentials)
    assert isinstance(failure(platform, brief(request)), OutcomeUnknown)
    result = platform.publish(request, Report())
    (status,) = server.statuses()
    assert status["id"] == result.external_id


def test_a_server_that_trickles_cannot_outlast_the_deadline(server, platform, credentials, brief):
    server.proxy.will("POST", STATUSES, trickles)
    assert isinstance(failure(platform, brief(post(credentials))), OutcomeUnknown)
    until(lambda: server.proxy.deserted == 1)


@pytest.mark.parametrize(
    ("headers", "least"),
    [
        ({"X_RateLimit_Reset": lambda: time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() + 90))}, 80),
        ({"Retry_After": lambda: "70"}, 69),
    ],
    ids=["reset", "retry-after"],
)
def test_a_full_quota_tells_until_when(server, platform, credentials, headers, least):
    said = {name: value() for name, value in headers.items()}
    server.proxy.will("POST", STATUSES, answers(429, {"error": "Too many requests"}, **said))
    error = failure(platform, post(credentials))
    assert isinstance(error, RateLimited)
    assert least <= error.retry_after <= 95
    assert server.statuses() == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_needs_a_login(server, platform, credentials, status):
    server.proxy.will("POST", STATUSES, answers(status, {"error": "The access token was revoked"}))
    assert isinstance(failure(platform, post(credentials)), NeedsLogin)


def test_a_refused_text_is_told_in_the_servers_words(server, platform, credentials):
    error = failure(platform, post(credentials, text="x" * 501))
    assert error.permanent
    assert (
        error.message == "The server refused the post: Validation failed: Text is too long (maximum is 500 characters)"
    )


def test_an_upload_that_fails_has_published_nothing(server, platform, credentials):
    from apps.platforms.base import Picture
    from tests.platforms.posts import image

    for act in (cuts, answers(503), answers(200, b"not JSON"), answers(200, {"no": "id"})):
        server.proxy.will("POST", "/api/v2/media$", act)
        error = failure(platform, post(credentials, pictures=(Picture(image()),)))
        assert (type(error), error.permanent) == (AdapterError, False)
    assert server.proxy.to(STATUSES) == []


def test_a_redirect_is_not_followed(server, platform, credentials):
    server.proxy.will("POST", STATUSES, answers(301, Location=f"{server.direct}/api/v1/statuses"))
    error = failure(platform, post(credentials))
    assert (error.permanent, error.message) == (True, "The server's address leads elsewhere.")
    assert server.statuses() == []


def test_a_private_address_is_refused_before_anything_is_sent(server, credentials):
    platform = MastodonPlatform(PlatformConfig())
    error = failure(platform, post({**credentials, "server": server.url.replace("http:", "https:")}))
    assert (error.permanent, error.message) == (True, "127.0.0.1 is not a public address.")
    error = failure(platform, post(credentials))
    assert (error.permanent, error.message) == (True, "The server's address must begin with https://.")
    assert server.proxy.seen == []


def test_a_token_that_is_the_name_of_a_file_stays_a_token(server, platform, credentials, tmp_path):
    file = tmp_path / "secret"
    file.write_text("the content of a file\n")
    server.proxy.will("GET", "verify_credentials", passes)
    with pytest.raises(NeedsLogin):
        platform.check(post({**credentials, "access_token": str(file)}).connection)
    (seen,) = server.proxy.to("verify_credentials")
    assert seen.headers["authorization"] == f"Bearer {file}"
