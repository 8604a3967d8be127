"""What is on X afterwards, and what is said before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from apps.common.errors import AdapterError
from apps.common.errors import NotFound as Gone
from apps.platforms.base import Connection, Identity, Picture, Problem, PublishRequest, PublishResult
from apps.platforms.x import media
from apps.platforms.x.timeline import plain
from tests.conformance.platform import Heard
from tests.platforms.posts import file_of, image
from tests.servers.x_server import X, refuses

APost = Callable[..., PublishRequest]
VIDEO = bytes(range(256)) * 30


def test_a_post_arrives_whole(platform, a_post: APost, x: X) -> None:
    request = a_post(text="A day <at> sea & after:\nhttps://example.org/a?b=1", hashtags=("sea", "തിര"))
    result = platform.publish(request, Heard())
    assert result == PublishResult("1900000000000000001", "https://x.com/i/status/1900000000000000001")
    text = "A day <at> sea & after:\nhttps://example.org/a?b=1\n\n#sea #തിര"
    assert x.posts[0]["body"] == {"text": text}


def test_files_go_in_pieces_with_their_words(platform, a_post: APost, x: X, monkeypatch) -> None:
    monkeypatch.setattr(media, "PIECE", 1000)
    wave, other = image(), image(9, 9)
    pictures, settings = (Picture(wave, "A wave"), Picture(other)), {"replies": "following"}
    film = {"video": file_of(VIDEO, "video/mp4"), "has_video": True}
    x.looks = [
        {"state": "pending", "check_after_secs": 0},
        {"state": "in_progress", "check_after_secs": 0.01, "progress_percent": 50},
        {"state": "succeeded", "progress_percent": 100},
    ]
    heard = Heard()
    platform.publish(a_post(pictures=pictures, settings=settings, **film), heard)
    platform.publish(a_post(text="Only images", pictures=pictures, settings=settings), Heard())
    replies = {"reply_settings": "following"}
    assert [each["body"] for each in reversed(x.posts)] == [
        # Images beside a video are left out.
        {"text": "A day at sea.", "media": {"media_ids": ["7000000"]}, **replies},
        {"text": "Only images", "media": {"media_ids": ["7000001", "7000002"]}, **replies},
    ]
    got = [(each["media_category"], each["media_type"], each["alt"]) for each in x.media.values()]
    assert got == [
        ("tweet_video", "video/mp4", ""),
        ("tweet_image", "image/png", "A wave"),
        ("tweet_image", "image/png", ""),
    ]
    assert [each["content"] for each in x.media.values()] == [VIDEO, wave.open().read(), other.open().read()]
    assert heard.progressed[0] == (1000, len(VIDEO))
    assert heard.progressed[-1] == (len(VIDEO), len(VIDEO))
    assert [done for done, _total in heard.progressed] == sorted(done for done, _total in heard.progressed)


def test_a_piece_that_was_lost_is_sent_again(platform, a_post: APost, x: X, monkeypatch) -> None:
    monkeypatch.setattr(media, "PAUSES", (0.01, 0.01))
    x.will("POST /2/media/upload/.*/append", refuses(503, "Service Unavailable", ""), refuses(500, "Sorry", ""))
    platform.publish(a_post(pictures=(Picture(image()),)), Heard())
    assert len(x.posts) == 1


@pytest.mark.parametrize(
    ("look", "message", "permanent"),
    [
        (
            {"state": "failed", "error": {"code": 1, "name": "InvalidMedia", "message": "Unsupported codec"}},
            "X refuses the file: Unsupported codec",
            True,
        ),
        ({"state": "in_progress", "check_after_secs": 60}, "X took too long to look at the video.", False),
    ],
)
def test_a_video_that_x_does_not_take(platform, a_post: APost, x: X, look, message, permanent) -> None:
    x.looks = [look]
    with pytest.raises(AdapterError) as caught:
        platform.publish(a_post(video=file_of(VIDEO, "video/mp4"), has_video=True), Heard())
    assert (caught.value.message, caught.value.permanent, x.posts) == (message, permanent, [])


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"text": "x" * 280}, []),
        ({"text": "日" * 140}, []),
        ({"text": "日" * 141}, [Problem("text", "282 characters are too many; at most 280 fit.")]),
        ({"text": f"{'x' * 256} https://example.org/{'y' * 300}"}, []),
        (
            {"text": f"{'x' * 257} example.org"},
            [Problem("text", "281 characters are too many; at most 280 fit.")],
        ),
        ({"text": "x" * 281, "settings": {"long": "yes"}}, []),
        (
            {"text": "x" * 25_001, "settings": {"long": "yes"}},
            [Problem("text", "25001 characters are too many; at most 25000 fit.")],
        ),
        ({"text": ""}, [Problem("text", "A post on X needs some words.")]),
        ({"text": "", "has_video": True}, [Problem("text", "A post on X needs some words.")]),
        ({"text": "", "title": "Only a title"}, []),
        ({"pictures": ("",) * 5}, [Problem("pictures", "5 images are too many; at most 4 fit.")]),
        ({"has_video": True, "pictures": ("",) * 5}, []),  # they are left out, and that is said
        (
            {"has_video": True, "duration": 141.0},
            [Problem("video", "The video lasts 141 s; at most 140 s fit.")],
        ),
        ({"has_video": True, "duration": 141.0, "settings": {"long": "yes"}}, []),
    ],
)
def test_a_draft_is_judged_before_anyone_schedules_it(platform, a_post: APost, changes, problems) -> None:
    assert platform.validate(replace(a_post().draft, **changes)) == problems


def test_an_account_belongs_to_somebody(platform, credentials) -> None:
    assert platform.check(Connection("me", credentials)) == Identity("@seaday", "A day at sea", "https://x.com/seaday")


def test_a_post_is_counted_until_it_is_gone(platform, credentials, a_post: APost) -> None:
    number = platform.publish(a_post(), Heard()).external_id
    assert platform.read_metrics(Connection("me", credentials), number) == {
        "views": 1,
        "reposts": 2,
        "replies": 3,
        "likes": 4,
        "quotes": 5,
        "bookmarks": 6,
    }
    with pytest.raises(Gone):
        platform.read_metrics(Connection("me", credentials), "1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a  b\nc", "a b c"),
        ("e\u0301", "é"),
        ("Example.com/", "http://example.com"),
        ("https://Example.com/A", "https://example.com/a"),
    ],
)
def test_two_copies_of_a_text_are_known_as_one(one: str, other: str) -> None:
    assert plain(one) == plain(other)
