"""What goes wrong on the way, each told apart; and what is public afterwards, by the studio's own count."""

from __future__ import annotations

import pytest

from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, NeedsPerson, OutcomeUnknown
from tests.platforms.tiktok.conftest import cookies

pytestmark = pytest.mark.usefixtures("warm")

PNG = b"\x89PNG\r\n\x1a\n"


def failure(tiktok, request, heard) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        tiktok.publish(request, heard)
    return caught.value


def assert_evidence(heard, name: str, *, says: str = "") -> None:
    """A picture of the page, and what it said, without the session."""
    assert {f"{name}.png", f"{name}.txt"} <= heard.kept.keys()
    assert heard.kept[f"{name}.png"].startswith(PNG)
    text = heard.kept[f"{name}.txt"].decode()
    assert says in text
    assert "a-session-of-harbour" not in text


@pytest.mark.parametrize(
    ("trouble", "reason", "says"),
    [
        ({"captcha": "start"}, "captcha", "Drag the slider"),
        ({"captcha": "upload"}, "captcha", "Drag the slider"),
        ({"upload": "error"}, "upload_failed", "Retry or replace"),
        ({"status": 429}, "too_fast", "Busy."),
    ],
    ids=lambda value: next(iter(map(str, value.values()))) if isinstance(value, dict) else "",
)
def test_before_post_is_pressed_a_person_is_asked_and_nothing_is_public(
    studio, tiktok, request_of, heard, trouble, reason, says
):
    studio.trouble = trouble
    error = failure(tiktok, request_of(), heard)
    assert (type(error), error.permanent) == (NeedsPerson, True)
    assert error.reason == {"upload_failed": "upload_error"}.get(reason, reason)
    assert error.hint
    assert_evidence(heard, reason, says=says)
    assert studio.publications == []


@pytest.mark.parametrize(
    ("trouble", "missing", "says"),
    [
        ({"changed": "post_button"}, "post_button", "Hand over"),
        ({"changed": "caption"}, "caption", "Description"),
        ({"dialogs": ["unknown"]}, "caption", "seventeen new rules"),
    ],
    ids=["no button", "no editor", "something lies over it"],
)
def test_a_page_that_has_changed_is_recognised_by_the_part_that_is_missing(
    studio, request_of, hasty, heard, trouble, missing, says
):
    studio.trouble = trouble
    error = failure(hasty, request_of(), heard)
    assert (type(error), error.reason, error.details["element"]) == (NeedsPerson, "changed_page", missing)
    assert_evidence(heard, "changed_page", says=says)
    assert studio.publications == []


def test_a_login_wall_in_the_middle_of_the_upload(studio, tiktok, request_of, heard):
    studio.trouble = {"login": "upload"}
    error = failure(tiktok, request_of(), heard)
    assert type(error) is NeedsLogin
    assert_evidence(heard, "login", says="Log in to TikTok")
    assert studio.publications == []


@pytest.mark.parametrize(
    ("step", "said"),
    [("fast", "posting too fast"), ("refuse", "can't be posted"), ("restricted", "Content may be restricted")],
)
def test_a_clear_refusal_after_post_was_pressed_means_no(studio, tiktok, request_of, heard, step, said):
    studio.trouble = {"post": step}
    error = failure(tiktok, request_of(), heard)
    assert type(error) is NeedsPerson
    assert said in error.details["said"]
    assert studio.publications == []


@pytest.mark.parametrize(
    ("trouble", "public", "cause"),
    [
        ({"post": "hang", "listing": "late"}, 1, "silence"),
        ({"post": "error_after", "listing": "late"}, 1, "silence"),
        ({"post": "hang_before"}, 0, "silence"),
        ({"captcha": "post"}, 0, "captcha"),
    ],
    ids=["accepts and falls silent", "accepts and says it failed", "only falls silent", "asks for a puzzle"],
)
def test_without_a_word_after_post_was_pressed_nobody_knows(
    studio, request_of, impatient, heard, trouble, public, cause
):
    studio.trouble = trouble
    error = failure(impatient, request_of(), heard)
    assert (type(error), error.details["cause"]) == (OutcomeUnknown, cause)
    assert ("puzzle" in error.message) == (cause == "captcha")
    assert_evidence(heard, "after_post")
    assert studio.count("A day at sea") == public


def test_silence_after_post_is_no_riddle_when_the_list_shows_the_new_post(studio, request_of, make, heard):
    studio.trouble = {"post": "hang"}
    result = make(studio.url, waits={"answer": 1.5}).publish(request_of(), heard)
    assert result.external_id == studio.publications[0].id
    assert studio.count("A day at sea") == 1


def test_an_upload_that_never_ends_is_given_up_in_time_and_tried_again(studio, tiktok, request_of, heard):
    studio.trouble = {"upload": "slow"}
    error = failure(tiktok, request_of(timeout=12), heard)
    assert (type(error), error.permanent) == (AdapterError, False)
    assert error.message == "The upload took too long, and was given up before anything was posted."
    assert studio.publications == []


def test_a_site_that_is_down_is_tried_again(studio, tiktok, request_of, heard):
    studio.trouble = {"status": 503}
    error = failure(tiktok, request_of(), heard)
    assert (type(error), error.permanent, error.details["why"]) == (AdapterError, False, "HTTP 503")


def test_a_check_tells_a_puzzle_and_a_changed_page_apart(studio, request_of, hasty):
    studio.trouble = {"changed": "posts"}
    with pytest.raises(NeedsPerson) as changed:
        hasty.check(request_of().connection)
    assert changed.value.reason == "changed_page"
    with pytest.raises(NeedsLogin):
        hasty.check(request_of(credentials={"session": cookies(days=-1)}).connection)
