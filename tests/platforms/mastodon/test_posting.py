"""What a post looks like on the server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps.common.errors import AdapterError
from apps.platforms.base import Draft, Picture, Problem
from apps.platforms.mastodon import client
from tests.conformance.platform import Heard
from tests.platforms.posts import file_of, give, image, post
from tests.servers.faulty_proxy import answers
from tests.servers.loopback import Pauses

VIDEO = file_of(b"\0\0\0\x18ftypmp42 a short film", "video/mp4")


def test_text_tags_language_and_audience_arrive_as_set(server, platform, credentials):
    settings = {"visibility": "unlisted", "content_warning": "കടൽ"}
    request = post(credentials, text="ഒരു ദിവസം 🌊", hashtags=("മലയാളം", "sea"), language="ml-IN", settings=settings)
    result = platform.publish(request, Heard())
    (status,) = server.statuses()
    assert (status["id"], status["url"]) == (result.external_id, result.url)
    assert server.source(status["id"]) == "ഒരു ദിവസം 🌊\n\n#മലയാളം #sea"
    assert (status["visibility"], status["spoiler_text"], status["language"]) == ("unlisted", "കടൽ", "ml")


def test_a_video_goes_up_with_its_thumbnail_and_title_and_waits_until_it_is_converted(server, platform, credentials):
    unfinished = {"id": "1", "type": "video", "url": None}
    server.proxy.will("GET", r"/api/v1/media/", answers(206, unfinished), answers(206, unfinished))
    request = post(credentials, title="The film", has_video=True, video=VIDEO, thumbnail=image())
    heard = Heard()
    platform.publish(request, heard)
    (upload,) = server.proxy.to("/api/v2/media$")
    assert VIDEO.open().read() in upload.body
    assert request.thumbnail.open().read() in upload.body
    assert len(server.proxy.to("/api/v1/media/")) == 3
    (status,) = server.statuses()
    assert [(media["type"], media["description"]) for media in status["media_attachments"]] == [("video", "The film")]
    assert heard.progressed == [(VIDEO.size, VIDEO.size)]


def test_a_video_that_is_not_converted_in_time_is_not_posted(server, platform, credentials, monkeypatch):
    give(Pauses(), monkeypatch, client)
    server.proxy.will("GET", r"/api/v1/media/", *[answers(206, {"id": "1", "type": "video", "url": None})] * 99)
    with pytest.raises(AdapterError) as caught:
        platform.publish(post(credentials, video=VIDEO), Heard())
    assert (type(caught.value), caught.value.permanent) == (AdapterError, False)
    assert caught.value.message == "The server is still converting the file."
    assert server.proxy.to("/api/v1/statuses") == []


def test_a_refused_file_is_a_refused_post(server, platform, credentials):
    refusal = {"error": "Validation failed: File content type is invalid"}
    server.proxy.will("POST", "/api/v2/media", answers(422, refusal))
    with pytest.raises(AdapterError) as caught:
        platform.publish(post(credentials, pictures=(Picture(image(), "A wave"),)), Heard())
    assert caught.value.permanent
    assert caught.value.message == f"The server refused the post: {refusal['error']}"
    assert server.proxy.to("/api/v1/statuses") == []


def test_a_file_that_is_too_large_says_so(server, platform, credentials):
    server.proxy.will("POST", "/api/v2/media", answers(413, b"<html>Request Entity Too Large</html>"))
    with pytest.raises(AdapterError) as caught:
        platform.publish(post(credentials, video=VIDEO), Heard())
    assert (caught.value.permanent, caught.value.message) == (True, "The file is larger than the server accepts.")


def test_links_and_handles_count_as_mastodon_counts_them(platform):
    link = "https://example.org/" + "long/" * 100
    fits = f"{link} @sea@mastodon.social " + "x" * (500 - 23 - 1 - 4 - 1)
    assert platform.validate(Draft(text=fits)) == []
    assert platform.validate(Draft(text=fits + "xy")) == [
        Problem("text", "502 characters are too many; at most 500 fit.")
    ]


def test_a_server_may_allow_more_and_a_warning_takes_room(platform):
    assert platform.validate(Draft(text="x" * 5000, settings={"characters": "5000"})) == []
    assert platform.validate(Draft(text="x" * 496, settings={"content_warning": "കടൽത്തിര", "characters": ""})) == [
        Problem("text", "501 characters are too many; at most 500 fit.")
    ]


def test_numbers_of_a_post_that_is_gone_are_not_found(server, platform, credentials):
    from apps.common.errors import NotFound

    result = platform.publish(post(credentials), Heard())
    server.favourite(result.external_id)
    connection = post(credentials).connection
    assert platform.read_metrics(connection, result.external_id) == {"likes": 1, "reposts": 0, "replies": 0}
    with pytest.raises(NotFound):
        platform.read_metrics(connection, "99999999999")


def test_the_account_is_named_with_its_server(server, platform, credentials):
    identity = platform.check(post(credentials).connection)
    assert identity.handle == "@alice@" + server.url.removeprefix("http://")
    assert (identity.name, identity.settings["characters"]) == ("Alice", "500")


def test_what_a_post_may_hold_is_asked_of_the_server(server, platform, credentials):
    statuses = {"max_characters": 5000, "max_media_attachments": 8}
    media = {"image_size_limit": 9_000_000, "video_size_limit": 50_000_000, "description_limit": 3000}
    told = {"configuration": {"statuses": statuses, "media_attachments": media}}
    older = {"configuration": {"statuses": {"max_characters": 700}}}
    server.proxy.will(
        "GET", "/api/v2/instance", answers(200, told), answers(200, older), answers(404), answers(200, {})
    )
    connection = post(credentials).connection
    known = [platform.check(connection).settings for _turn in range(4)]
    named = {"images": "8", "image_bytes": "9000000", "video_bytes": "50000000", "alt_text": "3000"}
    assert known == [{"characters": "5000", **named}, {"characters": "700"}, {}, {}]
    draft = Draft(text="x" * 5000, pictures=("y" * 3000,) * 8, picture_sizes=(9_000_000,) * 8, settings=known[0])
    assert platform.validate(draft) == []
    assert platform.validate(replace(draft, pictures=("y",) * 9, picture_sizes=(9_100_000,))) == [
        Problem("pictures", "9 images are too many; at most 8 fit."),
        Problem("pictures", "An image has 10 MB; at most 9 MB fit."),
    ]
