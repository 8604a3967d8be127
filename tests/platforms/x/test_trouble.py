"""Answers that are lost, refusals, and what is known then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.common.errors import AdapterError
from apps.platforms.base import (
    Found,
    NeedsLogin,
    NotFound,
    OutcomeUnknown,
    Picture,
    PlatformConfig,
    PublishRequest,
    RateLimited,
    StillUnknown,
)
from apps.platforms.x import client
from apps.platforms.x.adapter import XPlatform
from apps.platforms.x.client import DuplicateText
from tests.conformance.platform import Heard, told_by
from tests.platforms.posts import BRIEF, file_of, give, image, until
from tests.servers.loopback import accepts_then, cuts, hangs, says, trickles
from tests.servers.x_server import ACCESS, CLIENT, REFRESH, X, refuses

APost = Callable[..., PublishRequest]
CREATE = "POST /2/tweets"
DOWN = says(503, "<h1>Over capacity")
CAPPED = "https://api.twitter.com/2/problems/usage-capped"
ENROLL = "https://api.twitter.com/2/problems/client-forbidden client-not-enrolled"


@pytest.fixture
def request_(a_post: APost) -> PublishRequest:
    return a_post(begun_at=datetime.now(UTC))


@pytest.fixture
def brief(request_, x: X, monkeypatch) -> PublishRequest:
    """A request whose time is short, and is spent on nothing but the server's silence."""
    give(x.patience, monkeypatch, client)
    return replace(request_, timeout=BRIEF)


def failure(platform, request: PublishRequest) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        platform.publish(request, Heard())
    for secret in (ACCESS, REFRESH, CLIENT["client_secret"]):
        assert secret not in told_by(caught.value)
    return caught.value


@pytest.mark.parametrize("act", [cuts, hangs, trickles, DOWN, says(201, "{"), says(201, "<p>"), says(201, "{}")])
def test_a_lost_answer_is_found_again(platform, request_, brief, x: X, act) -> None:
    x.will(CREATE, accepts_then(act))
    assert type(failure(platform, brief if act in (hangs, trickles) else request_)) is OutcomeUnknown
    until(lambda: x.posts)
    outcome = platform.reconcile(request_, "")
    assert isinstance(outcome, Found)
    assert [post["id"] for post in x.posts] == [outcome.result.external_id]


@pytest.mark.parametrize("act", [cuts, hangs, DOWN])
def test_a_call_that_never_arrived_is_absent_from_the_timeline(platform, request_, brief, x: X, act) -> None:
    x.will(CREATE, act)
    assert type(failure(platform, brief if act is hangs else request_)) is OutcomeUnknown
    until(lambda: x.script == [])
    assert platform.reconcile(request_, "") == NotFound()
    platform.publish(request_, Heard())
    assert len(x.posts) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "Tom & Jerry <3 > 2"},
        {"text": "Two links: https://example.org/a?b=1&c=2 and example.com/x, done."},
        {"text": "നമസ്കാരം\n\nരണ്ടാം വരി 👨‍👩‍👧‍👦", "hashtags": ("തിര",)},
        {"text": "e\u0301te\u0301"},
        {"text": "With a picture https://example.org", "pictures": (Picture(image(), "A wave"),)},
        {"text": "", "title": "Only a title", "video": file_of(b"a video", "video/mp4"), "has_video": True},
        {"text": "Long. " * 100 + "https://example.org/end", "settings": {"long": "yes"}},
    ],
)
def test_a_post_is_known_again_whatever_x_made_of_its_text(platform, request_, x: X, fields) -> None:
    draft = {name: value for name, value in fields.items() if hasattr(request_.draft, name) and name != "pictures"}
    rest = {name: value for name, value in fields.items() if name not in draft or name == "settings"}
    request = replace(request_, draft=replace(request_.draft, **draft), **rest)
    result = platform.publish(request, Heard())
    x.posts.insert(0, {**x.posts[0], "id": "19999", "text": "Something else", "media": []})
    assert platform.reconcile(request, "") == Found(result)


def test_an_older_post_with_the_same_text_is_another_one(platform, request_, x: X) -> None:
    platform.publish(request_, Heard())
    x.posts[0]["at"] -= timedelta(hours=1)
    assert platform.reconcile(request_, "") == NotFound()


def test_a_refused_repetition_is_proof_that_the_first_call_arrived(platform, request_, x: X) -> None:
    first = platform.publish(request_, Heard())
    assert platform.publish(request_, Heard()) == first
    assert len(x.posts) == 1


def test_a_text_that_was_posted_before_is_refused_in_words(platform, request_, x: X) -> None:
    platform.publish(request_, Heard())
    x.posts[0]["at"] -= timedelta(hours=1)
    caught = failure(platform, request_)
    assert (type(caught), caught.permanent) == (DuplicateText, True)
    assert caught.message == "X refuses a text that the account has posted already."


def test_a_repetition_that_cannot_be_looked_up_is_unknown(platform, request_, x: X) -> None:
    platform.publish(request_, Heard())
    x.will("GET /2/users", DOWN)
    assert type(failure(platform, request_)) is OutcomeUnknown


def test_without_reading_a_person_decides(platform, request_, x: X) -> None:
    with pytest.raises(AdapterError, match="may not read") as caught:
        platform.reconcile(replace(request_, settings={"reads": "no"}), "")
    assert caught.value.permanent
    assert x.calls == []


def test_a_post_without_words_is_not_taken_for_another(platform, request_, x: X) -> None:
    silent = replace(request_, draft=replace(request_.draft, text=""), pictures=(Picture(image()),))
    platform.publish(silent, Heard())
    assert platform.reconcile(silent, "") == StillUnknown("A post without words cannot be told from another.")


def test_a_timeline_that_cannot_be_read_leaves_it_open(platform, request_, x: X) -> None:
    x.will("GET /2/users/1001", DOWN)
    assert platform.reconcile(request_, "") == StillUnknown("X had a fault of its own.")


@pytest.mark.parametrize("act", [cuts, hangs, DOWN])
def test_a_failed_upload_has_published_nothing(platform, request_, brief, x: X, act) -> None:
    x.will("POST /2/media/upload/initialize", act)
    caught = failure(platform, replace(brief if act is hangs else request_, pictures=(Picture(image()),)))
    assert (type(caught), caught.permanent, x.posts) == (AdapterError, False, [])


@pytest.mark.parametrize("act", [hangs, trickles])
def test_no_call_outlasts_its_time(platform, brief, x: X, act) -> None:
    x.will("POST /2/media", act)
    failure(platform, replace(brief, pictures=(Picture(image()),)))
    assert x.script == []
    until(lambda: x.deserted == (act is trickles))


@pytest.mark.parametrize(
    ("act", "kind", "message"),
    [
        (refuses(401, "Unauthorized", "Unauthorized"), NeedsLogin, "X no longer accepts the login."),
        (
            refuses(403, "Forbidden", "Your client app is not configured with the appropriate oauth2 app permissions."),
            NeedsLogin,
            "The app may read, but not write.",
        ),
        (
            refuses(403, "Forbidden", "To protect our users, this account is temporarily locked."),
            NeedsLogin,
            "X has locked the account for now.",
        ),
        (
            refuses(403, "Forbidden", "Your account is suspended and is not permitted to access this feature."),
            NeedsLogin,
            "X has suspended the account.",
        ),
        (
            refuses(403, "Client Forbidden", "This request must be made in a project.", ENROLL),
            AdapterError,
            "The app may not use X's API in this way.",
        ),
        (
            refuses(403, "Forbidden", "This request looks like it might be automated."),
            AdapterError,
            "X takes the post for spam.",
        ),
        (
            refuses(403, "Forbidden", "You have been blocked."),
            AdapterError,
            "X does not allow the post: You have been blocked.",
        ),
        (refuses(403, "Forbidden", "Something new."), AdapterError, "X does not allow the post: Something new."),
        (refuses(400, "Invalid Request", "Bad media."), AdapterError, "X refused the post: Bad media."),
        (says(403, "<h1>Forbidden"), AdapterError, "X does not allow the post: 403"),
        (says(404, "<h1>Gone"), AdapterError, "X refused the post: 404"),
    ],
)
def test_refusals_are_told_apart(platform, request_, x: X, act, kind, message) -> None:
    x.will(CREATE, act)
    caught = failure(platform, request_)
    assert (type(caught), caught.message) == (kind, message)
    assert caught.permanent == (kind is AdapterError)


@pytest.mark.parametrize(
    ("act", "message", "wait"),
    [
        (
            lambda h: refuses(429, "Too Many Requests", "", x_rate_limit_reset=str(int(time.time()) + 90))(h),
            "X asks to wait.",
            90,
        ),
        (
            lambda h: refuses(
                429,
                "Too Many Requests",
                "",
                x_rate_limit_reset=str(int(time.time()) + 90),
                x_user_limit_24hour_remaining="0",
                x_user_limit_24hour_reset=str(int(time.time()) + 7200),
            )(h),
            "X asks to wait.",
            7200,
        ),
        (refuses(429, "Too Many Requests", ""), "X asks to wait.", None),
        (refuses(402, "CreditsDepleted", "No credits."), "The app's credits at X are used up.", 6 * 3600),
    ],
)
def test_limits_say_how_long_to_wait(platform, request_, x: X, act, message, wait) -> None:
    x.will(CREATE, act)
    caught = failure(platform, request_)
    assert (type(caught), caught.message) == (RateLimited, message)
    assert caught.retry_after is None if wait is None else abs(caught.retry_after - wait) < 5


def test_a_used_up_month_is_looked_at_again_every_day(platform, request_, x: X) -> None:
    x.will(CREATE, refuses(429, "UsageCapExceeded", "Usage cap exceeded: Monthly product cap", CAPPED))
    caught = failure(platform, request_)
    assert (type(caught), caught.message) == (RateLimited, "The app's month at X is used up.")
    assert 0 < caught.retry_after <= 24 * 3600


def test_a_token_is_not_written_to_the_log(platform, request_, caplog) -> None:
    caplog.set_level("DEBUG")
    platform.publish(request_, Heard())
    assert ACCESS not in caplog.text


def test_a_private_address_is_not_reached(request_) -> None:
    strict = XPlatform(PlatformConfig())
    strict.api = "http://127.0.0.1:1"
    assert "is not a public address" in failure(strict, request_).message
