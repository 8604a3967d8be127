"""Uploads that break, and what is known then."""

from __future__ import annotations

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
    PublishRequest,
    PublishResult,
    RateLimited,
    StillUnknown,
)
from apps.platforms.youtube.google import until_midnight_pacific
from apps.platforms.youtube.upload import is_session
from tests.conformance.platform import Heard, told_by
from tests.platforms.posts import file_of, image, until
from tests.servers.loopback import accepts_then, cuts, hangs, says, trickles
from tests.servers.youtube_server import ACCESS, CLIENT, REFRESH, cuts_after, error

APost = Callable[..., PublishRequest]
FIRST, SECOND, LAST, ASKED = (rf"PUT .*bytes {r}" for r in ("0-", "262144-", "524288-", r"\*/"))
UPLOADS = "quota metric 'Video Uploads' and limit 'Video Uploads per day'"
DOWN = says(503, "<h1>Sorry")


def failure(platform, request: PublishRequest, heard: Heard | None = None) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        platform.publish(request, heard or Heard())
    for secret in (ACCESS, REFRESH, CLIENT["client_secret"]):
        assert secret not in told_by(caught.value)
    return caught.value


@pytest.mark.parametrize("acts", [[cuts_after(0)], [cuts_after(200_000)], [DOWN], [cuts, cuts, DOWN]])
@pytest.mark.parametrize("chunk", [FIRST, SECOND, LAST])
def test_a_broken_upload_goes_on_where_it_stopped(platform, a_post: APost, youtube, acts, chunk) -> None:
    youtube.will(chunk, *acts)
    request = a_post()
    assert platform.publish(request, Heard()) == PublishResult(
        "video000001", "https://www.youtube.com/watch?v=video000001"
    )
    assert youtube.videos["video000001"]["content"] == request.video.open().read()
    assert len(youtube.sessions) == 1


def test_youtube_may_keep_less_than_was_sent(platform, a_post: APost, youtube, monkeypatch) -> None:
    from apps.platforms.youtube import upload

    monkeypatch.setattr(upload, "CHUNK", 4 * upload.STEP)
    youtube.will("PUT", cuts_after(600_000))
    request = a_post()
    platform.publish(request, Heard())
    assert youtube.videos["video000001"]["content"] == request.video.open().read()
    assert youtube.ranges == [f"bytes 524288-{request.video.size - 1}/{request.video.size}"]


@pytest.mark.parametrize("act", [cuts, DOWN, says(200, "what?")])
def test_a_lost_last_answer_is_asked_for_at_once(platform, a_post: APost, youtube, act) -> None:
    youtube.will(LAST, accepts_then(act))
    assert platform.publish(a_post(), Heard()).external_id == "video000001"
    assert len(youtube.videos) == 1


@pytest.mark.parametrize("act", [cuts, hangs, trickles, DOWN])
def test_a_lost_last_answer_that_cannot_be_asked_for_is_unknown(platform, a_post: APost, brief, youtube, act) -> None:
    youtube.will(LAST, accepts_then(act), *[act] * 9)
    youtube.will(ASKED, *[act] * 9)
    heard, request = Heard(), a_post()
    assert type(failure(platform, brief(request), heard)) is OutcomeUnknown
    youtube.script.clear()
    result = PublishResult("video000001", "https://www.youtube.com/watch?v=video000001")
    assert platform.reconcile(request, heard.handles[0]) == Found(result)
    assert len(youtube.videos) == 1


def test_a_refusal_after_a_lost_last_answer_is_still_unknown(platform, a_post: APost, youtube) -> None:
    youtube.will(LAST, accepts_then(cuts))
    youtube.will(ASKED, error(401, "authError"))
    assert type(failure(platform, a_post())) is OutcomeUnknown


def test_an_upload_that_never_ended_has_published_nothing(platform, a_post: APost, youtube) -> None:
    youtube.will(SECOND, *[cuts] * 9)
    heard, request = Heard(), a_post(begun_at=datetime.now(UTC))
    caught = failure(platform, request, heard)
    assert (type(caught), caught.permanent) == (AdapterError, False)
    assert platform.reconcile(request, heard.handles[0]) == NotFound()
    assert youtube.videos == {}


def test_a_video_that_is_never_finished_stays_open(platform, a_post: APost, youtube) -> None:
    youtube.stalls = True
    heard, request = Heard(), a_post()
    assert type(failure(platform, request, heard)) is OutcomeUnknown
    assert platform.reconcile(request, heard.handles[0]) == StillUnknown("YouTube has every byte and has not finished.")


@pytest.mark.parametrize("act", [cuts, DOWN, hangs])
def test_without_a_session_nothing_can_become_public(platform, a_post: APost, brief, youtube, act) -> None:
    youtube.will("POST", act)
    heard = Heard()
    caught = failure(platform, brief(a_post()), heard)
    assert (type(caught), caught.permanent, heard.handles) == (AdapterError, False, [])


def test_no_call_outlasts_its_time(platform, a_post: APost, brief, youtube) -> None:
    youtube.will(FIRST, trickles)
    failure(platform, brief(a_post()))
    until(lambda: youtube.deserted == 1)


@pytest.mark.parametrize(
    ("age", "outcome"),
    [(timedelta(hours=1), NotFound()), (timedelta(days=8), StillUnknown("YouTube no longer knows the upload."))],
)
def test_a_forgotten_session_is_absence_only_while_it_is_young(platform, a_post: APost, youtube, age, outcome) -> None:
    request = a_post(begun_at=datetime.now(UTC) - age)
    assert platform.reconcile(request, f"{youtube.url}/upload/youtube/v3/videos?upload_id=gone") == outcome


def test_a_forgotten_session_is_sought_among_the_newest_videos(platform, a_post: APost, youtube) -> None:
    request = a_post(begun_at=datetime.now(UTC))
    other = replace(request, draft=replace(request.draft, text="Other waves."))
    platform.publish(other, Heard())
    gone = f"{youtube.url}/upload/youtube/v3/videos?upload_id=gone"
    assert platform.reconcile(request, gone) == NotFound()
    result = platform.publish(request, Heard())
    assert platform.reconcile(request, gone) == Found(result)
    later = replace(request, begun_at=datetime.now(UTC) + timedelta(hours=1))
    assert platform.reconcile(later, gone) == NotFound()


# --- The next try of an interrupted upload ----------------------------------------------------------------------------
def interrupted(platform, request: PublishRequest, youtube, after: str = SECOND) -> PublishRequest:
    """The request of the next try, after one that never got past the chunk `after`."""
    youtube.will(after, *[cuts] * 9)
    heard = Heard()
    assert not isinstance(failure(platform, request, heard), OutcomeUnknown)
    youtube.script.clear()
    youtube.calls.clear()
    youtube.ranges.clear()
    return replace(request, handle=heard.handles[-1], begun_at=datetime.now(UTC) - timedelta(minutes=1))


def test_the_next_try_sends_only_what_is_missing(platform, a_post: APost, youtube) -> None:
    request = interrupted(platform, a_post(), youtube)
    heard = Heard()
    assert platform.publish(request, heard).external_id == "video000001"
    size = request.video.size
    assert youtube.ranges == [f"bytes 262144-524287/{size}", f"bytes 524288-{size - 1}/{size}"]
    assert heard.handles == [request.handle]
    assert youtube.videos["video000001"]["content"] == request.video.open().read()
    assert (len(youtube.sessions), [call for call in youtube.calls if call.startswith("POST")]) == (1, [])


def test_what_had_finished_after_all_is_not_sent_again(platform, a_post: APost, youtube) -> None:
    request = a_post(thumbnail=image())
    heard = Heard()
    result = platform.publish(request, heard)
    youtube.ranges.clear()
    assert platform.publish(replace(request, handle=heard.handles[0]), Heard()) == result
    assert (youtube.ranges, len(youtube.videos)) == ([], 1)


def test_an_upload_that_youtube_has_forgotten_begins_anew(platform, a_post: APost, youtube) -> None:
    request = interrupted(platform, a_post(), youtube)
    youtube.sessions.clear()
    heard = Heard()
    assert platform.publish(request, heard).external_id == "video000001"
    assert youtube.ranges[0].startswith("bytes 0-")
    assert len(youtube.videos) == 1


def test_an_upload_that_youtube_has_forgotten_is_sought_before_it_begins_anew(platform, a_post: APost, youtube) -> None:
    request = a_post(begun_at=datetime.now(UTC))
    heard = Heard()
    result = platform.publish(request, heard)
    youtube.sessions.clear()
    assert platform.publish(replace(request, handle=heard.handles[0]), Heard()) == result
    assert len(youtube.videos) == 1


def test_an_upload_that_may_be_finished_is_not_repeated_while_youtube_cannot_say(
    platform, a_post: APost, youtube
) -> None:
    request = interrupted(platform, a_post(), youtube)
    youtube.will(ASKED, DOWN)
    assert failure(platform, request).permanent is False
    assert (youtube.ranges, len(youtube.sessions)) == ([], 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"privacy": "private"}},
        {"draft": {"text": "Other waves."}},
        {"video": file_of(b"another film" * 60_000, "video/mp4")},
    ],
)
def test_an_upload_of_another_film_or_privacy_is_not_gone_on_with(platform, a_post: APost, youtube, changes) -> None:
    request = interrupted(platform, a_post(), youtube)
    fields = {**changes, **({"draft": replace(request.draft, **changes["draft"])} if "draft" in changes else {})}
    changed = replace(request, **fields)
    platform.publish(changed, Heard())
    assert youtube.videos["video000001"]["content"] == changed.video.open().read()
    assert youtube.videos["video000001"]["status"]["privacyStatus"] == changed.settings.get("privacy", "public")
    assert len(youtube.sessions) == 2


def test_a_handle_of_somewhere_else_is_not_called_with_the_login(platform, a_post: APost, youtube) -> None:
    request = interrupted(platform, a_post(), youtube)
    mark = request.handle.partition("#")[2]
    platform.publish(replace(request, handle=f"https://example.org/upload#{mark}"), Heard())
    assert youtube.ranges[0].startswith("bytes 0-")


def test_a_session_forgotten_in_mid_upload_is_begun_anew_by_the_next_try(platform, a_post: APost, youtube) -> None:
    youtube.will(SECOND, error(404, "notFound"))
    caught = failure(platform, a_post())
    assert (type(caught), caught.permanent) == (AdapterError, False)
    assert platform.publish(a_post(), Heard()).external_id == "video000001"


def test_a_handle_that_is_no_session_is_not_called(platform, a_post: APost, youtube) -> None:
    assert platform.reconcile(a_post(), "https://example.org/x") == StillUnknown("The upload's address was not kept.")
    assert youtube.calls == []


def test_an_answer_with_an_address_elsewhere_is_not_followed(platform, a_post: APost, youtube) -> None:
    youtube.will("POST", lambda handler: handler.send(200, b"", {"Location": "https://example.org/upload?upload_id=x"}))
    heard = Heard()
    assert failure(platform, a_post(), heard).message == "YouTube began no upload."
    assert heard.handles == []


@pytest.mark.parametrize(
    ("address", "is_google"),
    [
        ("https://www.googleapis.com/upload?upload_id=x", True),
        ("https://youtube.googleapis.com/upload?upload_id=x", True),
        ("http://www.googleapis.com/upload", False),
        ("https://www.googleapis.com.example.org/upload", False),
        ("https://example.org/www.googleapis.com/", False),
        ("", False),
    ],
)
def test_the_login_goes_to_google_only(address: str, is_google: bool) -> None:
    assert is_session("https://www.googleapis.com", address) is is_google


@pytest.mark.parametrize("step", ["POST", FIRST, LAST])
@pytest.mark.parametrize(
    ("act", "kind", "message", "wait"),
    [
        (error(401, "authError"), NeedsLogin, "YouTube no longer accepts the login.", None),
        (error(403, "insufficientPermissions"), NeedsLogin, "The login does not allow uploading.", None),
        (error(400, "uploadLimitExceeded"), RateLimited, "The channel may upload no more videos today.", 86400.0),
        (error(429, "rateLimitExceeded", Retry_After="9"), RateLimited, "YouTube asks to wait.", 9.0),
        (error(401, "youtubeSignupRequired"), AdapterError, "This Google account has no YouTube channel.", None),
        (error(403, "accessNotConfigured"), AdapterError, "The YouTube Data API is not switched on for the app.", None),
        (error(400, "invalidTitle"), AdapterError, "YouTube refuses the title.", None),
        (error(400, "whatever", "The tide."), AdapterError, "YouTube refused: The tide.", None),
    ],
)
def test_refusals_are_told_apart(platform, a_post: APost, youtube, step, act, kind, message, wait) -> None:
    youtube.will(step, act)
    caught = failure(platform, a_post())
    assert (type(caught), caught.message, caught.retry_after) == (kind, message, wait)
    assert caught.permanent == (kind is AdapterError)
    assert youtube.videos == {}


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-07-01T12:00:00+00:00", 19.0),
        ("2026-12-01T12:00:00+00:00", 20.0),
        ("2026-03-08T09:00:00+00:00", 22.0),  # the night the clocks go forward: 01:00 in the Pacific
        ("2026-11-01T08:00:00+00:00", 24.0),  # the night they go back
    ],
)
def test_quotas_are_new_at_midnight_in_the_pacific(now: str, hours: float) -> None:
    assert until_midnight_pacific(datetime.fromisoformat(now)) == hours * 3600 + 1


@pytest.mark.parametrize(
    "act",
    [error(403, "quotaExceeded"), error(429, "rateLimitExceeded", f"Quota exceeded for {UPLOADS} of service 'x'.")],
)
def test_a_used_up_quota_waits_for_the_next_day(platform, a_post: APost, youtube, act) -> None:
    youtube.will("POST", act)
    caught = failure(platform, a_post())
    assert type(caught) is RateLimited
    assert abs(caught.retry_after - until_midnight_pacific()) < 5


def test_a_rejected_video_is_told_with_the_reason(platform, a_post: APost, youtube) -> None:
    status = {"uploadStatus": "rejected", "rejectionReason": "duplicate"}
    youtube.will(LAST, lambda handler: handler.answer(200, {"id": "x", "status": status}))
    caught = failure(platform, a_post())
    assert (caught.message, caught.permanent) == ("YouTube rejected the video: duplicate.", True)


def test_an_answer_without_an_id_is_unknown(platform, a_post: APost, youtube) -> None:
    youtube.will(LAST, lambda handler: handler.answer(200, {"kind": "youtube#video"}))
    assert type(failure(platform, a_post())) is OutcomeUnknown


def test_a_platform_that_cannot_be_asked_leaves_it_open(platform, a_post: APost, youtube) -> None:
    heard = Heard()
    platform.publish(a_post(), heard)
    youtube.will(ASKED, DOWN)
    assert platform.reconcile(a_post(), heard.handles[0]) == StillUnknown("YouTube had a fault of its own.")
