"""What the README promises to those who write a receiver."""

from __future__ import annotations

import time
import uuid

import pytest
import standardwebhooks
import time_machine

from apps.common.errors import AdapterError, Invalid
from apps.platforms.base import NeedsLogin, OutcomeUnknown, Picture, PlatformConfig, RateLimited, Report
from apps.platforms.webhook.adapter import WebhookPlatform
from tests.conformance.platform import Heard, told_by
from tests.platforms.posts import file_of, image, post, until
from tests.platforms.webhook.conftest import SECRET
from tests.servers.faulty_proxy import after, answers, cuts, hangs, trickles

NEXT = "whsec_dGhlLW5leHQtc2VjcmV0LW9mLTMyLWJ5dGVzLS0tLS0="


def failure(platform, request) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        platform.publish(request, Report())
    assert SECRET not in told_by(caught.value)
    return caught.value


def test_the_specifications_own_library_accepts_the_signature(proxy, platform, credentials):
    request = post(credentials, title="കടൽ", text="തിര 🌊", series="s1", part=2, parts_total=3)
    platform.publish(request, Report())
    (seen,) = proxy.seen
    body = standardwebhooks.Webhook(SECRET).verify(seen.body, seen.headers)
    assert body == {
        "type": "post.publish",
        "data": {
            "id": str(request.post_key),
            "account": "me",
            "title": "കടൽ",
            "text": "തിര 🌊",
            "hashtags": [],
            "language": "en",
            "series": "s1",
            "part": 2,
            "parts_total": 3,
            "canonical_url": "",
            "duration": None,
            "files": [],
        },
    }
    assert seen.headers["idempotency-key"] == seen.headers["webhook-id"] == str(request.post_key)


def test_files_arrive_as_they_are_and_are_signed_too(receiver, proxy, platform, credentials):
    film = file_of(b"\0film\r\n--rundown-\xff" * 40_000, "video/mp4")
    heard = Heard()
    request = post(credentials, video=film, thumbnail=image(), pictures=(Picture(image(7, 7), "തിര"),))
    platform.publish(request, heard)
    key = str(request.post_key)
    assert receiver.files == {
        (key, "video"): film.open().read(),
        (key, "thumbnail"): request.thumbnail.open().read(),
        (key, "picture-1"): request.pictures[0].file.open().read(),
    }
    described = {each["name"]: (each["size"], each["sha256"], each["alt"]) for each in receiver.posts[key]["files"]}
    assert described["video"] == (film.size, film.sha256, "")
    assert described["picture-1"] == (request.pictures[0].file.size, request.pictures[0].file.sha256, "തിര")
    assert heard.progressed[-1] == (len(proxy.seen[0].body), len(proxy.seen[0].body))


@pytest.mark.parametrize("known", [SECRET, NEXT], ids=["old", "new"])
def test_while_the_secret_changes_the_receiver_may_know_either(receiver, platform, credentials, known):
    receiver.secret = known
    platform.publish(post({**credentials, "secret": NEXT, "old_secret": SECRET}), Report())
    assert len(receiver.posts) == 1


def test_a_recorded_request_is_worthless_after_five_minutes(proxy, platform, credentials, verify):
    platform.publish(post(credentials), Report())
    (seen,) = proxy.seen
    assert verify(SECRET, seen.headers, seen.body)
    assert not verify(SECRET, seen.headers, seen.body + b" ")
    with time_machine.travel(time.time() + 301):
        assert not verify(SECRET, seen.headers, seen.body)


def test_a_receiver_need_not_say_anything(proxy, platform, credentials):
    proxy.will("POST", "", answers(204, b""), answers(200, b"thanks"), answers(200, {"url": "javascript:alert(1)"}))
    for _turn in range(3):
        request = post(credentials)
        result = platform.publish(request, Report())
        assert (result.external_id, result.url) == (str(request.post_key), "")


def test_a_check_publishes_nothing(receiver, platform, credentials):
    identity = platform.check(post(credentials).connection)
    assert identity.handle == credentials["url"].removeprefix("http://")
    assert (identity.name, receiver.pings, receiver.posts) == ("The receiver", 1, {})


@pytest.mark.parametrize("act", [after(hangs), after(cuts), after(answers(500)), after(answers(303, Location="/x"))])
def test_a_lost_answer_is_unknown_and_a_second_call_makes_no_second_post(
    receiver, proxy, platform, credentials, brief, act
):
    proxy.will("POST", "", act)
    request = post(credentials)
    assert isinstance(failure(platform, brief(request)), OutcomeUnknown)
    assert platform.publish(request, Report()).external_id == "post-1"
    assert list(receiver.posts) == [str(request.post_key)]


def test_a_receiver_that_trickles_cannot_outlast_the_deadline(proxy, platform, credentials, brief):
    proxy.will("POST", "", trickles)
    assert isinstance(failure(platform, brief(post(credentials))), OutcomeUnknown)
    until(lambda: proxy.deserted == 1)


def test_refusals_are_told_apart(proxy, platform, credentials):
    proxy.will("POST", "", answers(403), answers(429, Retry_After="70"), answers(422, {"error": "Too long"}))
    assert isinstance(failure(platform, post(credentials)), NeedsLogin)
    limited = failure(platform, post(credentials))
    assert (type(limited), limited.retry_after) == (RateLimited, 70)
    refused = failure(platform, post(credentials))
    assert (refused.permanent, refused.message) == (True, "The platform refused the post: Too long")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver, proxy, platform, credentials, status):
    proxy.will("POST", "", answers(status, Location=receiver.url))
    error = failure(platform, post(credentials))
    assert (type(error), error.permanent) == (AdapterError, True)
    assert error.message == "The receiver's address leads elsewhere."
    assert receiver.posts == {}


def test_a_private_address_is_refused_before_anything_is_sent(proxy, credentials):
    platform = WebhookPlatform(PlatformConfig())
    error = failure(platform, post({**credentials, "url": credentials["url"].replace("http:", "https:")}))
    assert (error.permanent, error.message) == (True, "127.0.0.1 is not a public address.")
    error = failure(platform, post(credentials))
    assert (error.permanent, error.message) == (True, "The address must begin with https://.")
    assert proxy.seen == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "hooks.example.org"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "http://hooks.example.org/"}, "url"),
        ({"secret": "short"}, "secret"),
        ({"secret": "whsec_c2hvcnQ="}, "secret"),
        ({"secret": f"{SECRET[:-4]}!"}, "secret"),
        ({"old_secret": "short"}, "secret"),
    ],
)
def test_what_cannot_work_is_refused_in_the_form(platform, changes, field):
    good = {"url": "https://hooks.example.org/x", "secret": SECRET}
    assert platform.keep(good) == good
    with pytest.raises(Invalid) as caught:
        platform.keep({**good, **changes})
    assert list(caught.value.details) == [field]


def test_every_try_of_a_post_sends_the_same_bytes(proxy, platform, credentials):
    request = post(credentials, post_key=uuid.uuid4(), video=file_of(b"film", "video/mp4"))
    platform.publish(request, Report())
    platform.publish(request, Report())
    first, second = proxy.seen
    assert first.body == second.body
    assert first.headers["content-type"] == second.headers["content-type"]
