"""What a post holds once it is on the account's server."""

from __future__ import annotations

import io
import uuid

import pytest
from PIL import Image

from apps.common.errors import AdapterError
from apps.platforms.base import Draft, Picture, Problem, Report
from apps.platforms.bluesky import client, video
from apps.platforms.bluesky.keys import record_key
from apps.platforms.bluesky.pictures import MOST_BYTES, fit
from tests.conformance.platform import Heard
from tests.platforms.posts import file_of, give, image, mp4, post
from tests.servers.loopback import Pauses

FILM = file_of(mp4(90, 160), "video/mp4")


def published(home, platform, request) -> dict:
    return home.record(platform.publish(request, Report()).external_id)


def shape(embedded: dict) -> tuple[int, int]:
    return embedded["aspectRatio"]["width"], embedded["aspectRatio"]["height"]


def pieces(record: dict) -> list[tuple[str, str, str]]:
    """Each facet: the bytes it covers, what it is, and what it leads to."""
    text, found = record["text"].encode(), []
    for facet in record["facets"]:
        place = facet["index"]
        (feature,) = facet["features"]
        kind = feature["$type"].partition("#")[2]
        target = feature.get("uri") or feature.get("tag") or feature.get("did")
        found.append((text[place["byteStart"] : place["byteEnd"]].decode(), kind, target))
    return found


def test_links_mentions_and_tags_are_found_in_any_script(home, platform):
    text = f"നമസ്കാരം 👨‍👩‍👧 @alice.test: https://example.org/ക?x=1 {uuid.uuid4().hex} @nobody.test"
    request = post(home.credentials, text=text, hashtags=("മലയാളംവാർത്ത", "sea"), language="ml")
    record = published(home, platform, request)
    assert record["text"] == f"{text}\n\n#മലയാളംവാർത്ത #sea"
    assert record["langs"] == ["ml"]
    assert pieces(record) == [
        ("@alice.test", "mention", home.server.did),
        ("https://example.org/ക?x=1", "link", "https://example.org/ക?x=1"),
        ("#മലയാളംവാർത്ത", "tag", "മലയാളംവാർത്ത"),
        ("#sea", "tag", "sea"),
    ]


def test_images_carry_their_words_and_shape(home, platform):
    small, large = image(60, 40), image(1500, 1400, kind="png", noise=True)
    assert large.size > MOST_BYTES
    pictures = (Picture(small, "കടൽ"), Picture(large, "Noise"))
    record = published(home, platform, post(home.credentials, text=uuid.uuid4().hex, pictures=pictures))
    first, second = record["embed"]["images"]
    assert (first["alt"], shape(first)) == ("കടൽ", (60, 40))
    width, height = shape(second)
    assert (second["alt"], round(width / height, 2)) == ("Noise", round(1500 / 1400, 2))
    assert (first["image"]["mimeType"], second["image"]["mimeType"]) == ("image/png", "image/jpeg")
    assert home.server.blob(first["image"]["ref"]["$link"]) == small.open().read()
    assert second["image"]["size"] <= MOST_BYTES


def test_more_than_four_images_are_a_gallery(home, platform):
    pictures = tuple(Picture(image(20 + n, 20), f"Number {n}") for n in range(5))
    embed = published(home, platform, post(home.credentials, text=uuid.uuid4().hex, pictures=pictures))["embed"]
    assert embed["$type"] == "app.bsky.embed.gallery"
    assert [(each["$type"], each["alt"], shape(each)) for each in embed["items"]] == [
        ("app.bsky.embed.gallery#image", f"Number {n}", (20 + n, 20)) for n in range(5)
    ]
    assert home.server.blob(embed["items"][4]["image"]["ref"]["$link"]) == pictures[4].file.open().read()


def test_a_link_card_shows_where_the_text_comes_from(home, platform):
    address = "https://desk.example.org/story/1"
    request = post(
        home.credentials, text=uuid.uuid4().hex, title="The story", canonical_url=address, thumbnail=image(320, 180)
    )
    card = published(home, platform, request)["embed"]["external"]
    assert (card["uri"], card["title"]) == (address, "The story")
    assert home.server.blob(card["thumb"]["ref"]["$link"]) == request.thumbnail.open().read()


def test_a_video_goes_straight_to_the_server_where_no_service_is_set(home, platform):
    request = post(
        home.credentials,
        text=uuid.uuid4().hex,
        title="The film",
        video=FILM,
        settings={"video_service": ""},
    )
    heard = Heard()
    record = home.record(platform.publish(request, heard).external_id)
    embed = record["embed"]
    assert (embed["$type"], embed["alt"]) == ("app.bsky.embed.video", "The film")
    assert shape(embed) == (90, 160)
    assert home.server.blob(embed["video"]["ref"]["$link"]) == FILM.open().read()
    assert heard.progressed == [(FILM.size, FILM.size)]


def test_the_video_service_converts_before_the_post_appears(loopback, platform):
    request = post(loopback.credentials, video=FILM, settings={"video_service": loopback.server.url})
    embed = published(loopback, platform, request)["embed"]
    assert embed["video"]["size"] == FILM.size
    (job,) = loopback.server.jobs.values()
    assert (job["did"], job["asked"]) == (loopback.server.did, loopback.server.polls)


def test_a_video_that_the_service_refuses_is_a_refused_post(loopback, platform):
    loopback.proxy.will("POST", "uploadVideo", _answer(400, {"error": "unconfirmed_email", "message": "Confirm it."}))
    with pytest.raises(AdapterError) as caught:
        platform.publish(post(loopback.credentials, video=FILM, settings=_through(loopback)), Report())
    assert caught.value.permanent
    assert caught.value.message == "The video service refused the video: Confirm it."
    assert loopback.texts() == []


def test_a_video_that_takes_too_long_is_tried_again_and_known_by_then(loopback, platform, monkeypatch):
    give(Pauses(), monkeypatch, client, video)
    loopback.server.polls = 1000
    request = post(loopback.credentials, video=FILM, settings=_through(loopback))
    with pytest.raises(AdapterError) as caught:
        platform.publish(request, Report())
    assert (caught.value.permanent, caught.value.message) == (False, "The video is still being converted.")
    loopback.server.polls = 1
    known = {"error": "already_exists", "jobId": "job1", "message": "Video already processed"}
    loopback.proxy.will("POST", "uploadVideo", _answer(409, known))
    again = published(loopback, platform, request)
    assert again["embed"]["video"]["size"] == FILM.size


def _answer(status: int, body: dict):
    from tests.servers.faulty_proxy import answers

    return answers(status, body)


def _through(home) -> dict[str, str]:
    return {"video_service": home.proxy.url}


def test_numbers_are_read_and_a_post_that_is_gone_has_none(loopback, platform):
    from apps.common.errors import NotFound

    result = platform.publish(post(loopback.credentials), Report())
    loopback.server.counts = {"likeCount": 3, "repostCount": 2, "replyCount": 1, "quoteCount": 4}
    connection = post(loopback.credentials).connection
    numbers = platform.read_metrics(connection, result.external_id)
    assert numbers == {"likes": 3, "reposts": 2, "replies": 1, "quotes": 4}
    loopback.server.records.clear()
    with pytest.raises(NotFound):
        platform.read_metrics(connection, result.external_id)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ക്ഷ" * 300, None),
        ("👨‍👩‍👧‍👦" * 121, Problem("text", "The text takes 3025 bytes; at most 3000 fit.")),
        ("x" * 301, Problem("text", "301 characters are too many; at most 300 fit.")),
    ],
)
def test_both_lengths_of_a_text_count(platform, text, problem):
    assert platform.validate(Draft(text=text)) == ([problem] if problem else [])


def test_a_tag_may_not_be_longer_than_64_letters(platform):
    assert platform.validate(Draft(text="x", hashtags=("ക്ഷ" * 64,))) == []
    assert [each.field for each in platform.validate(Draft(text="x", hashtags=("ക്ഷ" * 65,)))] == ["hashtags"]


def test_a_key_is_a_timestamp_of_the_past_and_the_same_for_every_try():
    key = uuid.UUID("0190a3c8-5f6e-7a2b-9c4d-1e2f3a4b5c6d")
    assert record_key(key) == record_key(uuid.UUID(str(key)))
    keys = {record_key(uuid.uuid4()) for _ in range(2000)}
    assert len(keys) == 2000
    assert all(len(each) == 13 and "3jsb" < each < "3mil" for each in keys), sorted(keys)[:: len(keys) - 1]


def test_what_a_camera_wrote_into_a_picture_is_not_published():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A camera"  # turned to the right; its maker
    target = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(target, "JPEG", exif=exif)
    fitted = fit(file_of(target.getvalue(), "image/jpeg"))
    assert (fitted.width, fitted.height) == (20, 40)
    with Image.open(io.BytesIO(fitted.content)) as made:
        assert dict(made.getexif()) == {}


def test_what_is_no_image_is_refused_before_anything_is_sent(loopback, platform):
    broken = Picture(file_of(b"not an image", "image/png"))
    with pytest.raises(AdapterError) as caught:
        platform.publish(post(loopback.credentials, pictures=(broken,)), Report())
    assert (caught.value.permanent, caught.value.message) == (True, "The image could not be read.")
    assert loopback.texts() == []
