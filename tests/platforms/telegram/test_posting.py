"""What arrives in the channel, and what is said when something fails."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from apps.common.errors import AdapterError, Invalid
from apps.platforms.base import (
    Draft,
    NeedsLogin,
    OutcomeUnknown,
    Picture,
    PlatformConfig,
    Problem,
    RateLimited,
    Report,
)
from apps.platforms.telegram.adapter import TelegramPlatform
from tests.conformance.platform import Heard, told_by
from tests.platforms.posts import file_of, image, mp4, post, until
from tests.servers import telegram_server
from tests.servers.faulty_proxy import after, answers, cuts, hangs, trickles

FILM = file_of(mp4(720, 1280) + bytes(100_000), "video/mp4")


def failure(platform, request) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        platform.publish(request, Report())
    assert telegram_server.TOKEN not in told_by(caught.value)
    return caught.value


def refusal(code: int, description: str, **parameters):
    body = {"ok": False, "error_code": code, "description": description, "parameters": parameters}
    return answers(code, body)


def test_a_text_goes_out_without_markup_as_the_settings_say(server, platform, credentials):
    settings = {"silent": "yes", "previews": "no", "topic": "12"}
    request = post(credentials, text="*കടൽ* <b>🌊</b> _a_", hashtags=("sea",), settings=settings)
    result = platform.publish(request, Report())
    (message,) = server.messages
    assert (message.method, message.fields) == (
        "sendMessage",
        {
            "chat_id": "@the_sea",
            "text": "*കടൽ* <b>🌊</b> _a_\n\n#sea",
            "disable_notification": "true",
            "message_thread_id": "12",
            "link_preview_options": {"is_disabled": True},
        },
    )
    assert (result.external_id, result.url) == ("-1001234567890/101", "https://t.me/the_sea/101")


def test_a_video_goes_out_with_its_cover(server, platform, credentials):
    heard = Heard()
    request = post(credentials, text="The film", video=FILM, duration=61.4, thumbnail=image())
    platform.publish(request, heard)
    (message,) = server.messages
    assert message.method == "sendVideo"
    assert message.files == {"video": FILM.open().read(), "cover": request.thumbnail.open().read()}
    wanted = {"caption": "The film", "duration": "61", "supports_streaming": "true", "cover": "attach://cover"}
    assert message.fields == {"chat_id": "@the_sea", "width": "720", "height": "1280", **wanted}
    total = FILM.size + request.thumbnail.size
    assert heard.progressed[-1] == (total, total)


def test_one_picture_is_a_photo_and_several_are_an_album(server, platform, credentials):
    one, other = Picture(image()), Picture(image(9, 9))
    platform.publish(post(credentials, pictures=(one,)), Report())
    result = platform.publish(post(credentials, text="Both", pictures=(one, other)), Report())
    platform.publish(post(credentials, text="All", video=FILM, duration=61.4, pictures=(one,)), Report())
    photo, album, mixed = server.messages
    assert (photo.method, photo.files) == ("sendPhoto", {"photo": one.file.open().read()})
    assert (album.method, album.files) == (
        "sendMediaGroup",
        {"picture0": one.file.open().read(), "picture1": other.file.open().read()},
    )
    assert album.fields["media"] == [
        {"type": "photo", "media": "attach://picture0", "caption": "Both"},
        {"type": "photo", "media": "attach://picture1"},
    ]
    assert result.url == "https://t.me/the_sea/102"
    assert set(mixed.files) == {"video", "picture0"}
    shape = {"supports_streaming": True, "duration": 61, "width": 720, "height": 1280}
    assert mixed.fields["media"] == [
        {"type": "video", "media": "attach://video", **shape, "caption": "All"},
        {"type": "photo", "media": "attach://picture0"},
    ]


def test_a_channel_without_a_name_is_linked_for_its_members(server, platform, credentials):
    del server.chat["username"]
    request = post({**credentials, "chat": "-1001234567890"})
    assert platform.publish(request, Report()).url == "https://t.me/c/1234567890/101"


def test_a_caption_is_shorter_than_a_text_and_emoji_count_twice(platform):
    assert platform.validate(Draft(text="🌊" * 2048)) == []
    assert platform.validate(Draft(text="🌊" * 2049)) == [
        Problem("text", "4098 characters are too many; at most 4096 fit.")
    ]
    film = Draft(text="🌊" * 512, has_video=True, size=49_000_000, pictures=("",) * 9, picture_sizes=(200_000,) * 9)
    assert platform.validate(replace(film, picture_sizes=())) == []
    assert platform.validate(film) == [Problem("pictures", "The files have 51 MB together; at most 50 MB fit.")]
    assert platform.validate(replace(film, settings={"own_server": "yes"})) == []
    assert platform.validate(replace(film, pictures=("",) * 10, picture_sizes=())) == [
        Problem("pictures", "A video and 10 images are too many together; at most 10 files fit.")
    ]
    assert platform.validate(Draft(text="🌊" * 513, pictures=("",))) == [
        Problem("text", "1026 characters are too many; at most 1024 fit.")
    ]


@pytest.mark.parametrize(
    "act",
    [after(hangs), after(cuts), after(answers(500)), after(answers(502, b"<html>")), after(answers(200, b"{trunc"))],
)
def test_a_lost_answer_is_left_to_a_person(server, proxy, platform, credentials, brief, act):
    proxy.will("POST", "sendMessage", act)
    assert isinstance(failure(platform, brief(post(credentials))), OutcomeUnknown)
    assert len(server.messages) == 1


def test_a_server_that_trickles_cannot_outlast_the_deadline(proxy, platform, credentials, brief):
    proxy.will("POST", "sendMessage", trickles)
    assert isinstance(failure(platform, brief(post(credentials))), OutcomeUnknown)
    until(lambda: proxy.deserted == 1)


def test_too_many_messages_wait_as_long_as_telegram_says(proxy, platform, credentials):
    proxy.will("POST", "sendMessage", refusal(429, "Too Many Requests: retry after 35", retry_after=35))
    error = failure(platform, post(credentials))
    assert (type(error), error.retry_after) == (RateLimited, 35)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (refusal(401, "Unauthorized"), "Telegram does not know the bot's token."),
        (refusal(404, "Not Found"), "Telegram does not know the bot's token."),
        (
            refusal(403, "Forbidden: bot is not a member of the channel chat"),
            "The bot may not post there: Forbidden: bot is not a member of the channel chat.",
        ),
        (
            refusal(400, "Bad Request: need administrator rights in the channel chat"),
            "The bot may not post there: Bad Request: need administrator rights in the channel chat.",
        ),
        (
            refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009),
            "The group has become a supergroup with another number.",
        ),
    ],
)
def test_a_bot_that_may_not_post_needs_its_owner(proxy, platform, credentials, act, message):
    proxy.will("POST", "sendMessage", act)
    error = failure(platform, post(credentials))
    assert (type(error), error.message) == (NeedsLogin, message)


def test_a_refused_post_is_told_in_telegrams_words(server, proxy, platform, credentials):
    error = failure(platform, post(credentials, text="x" * 4097))
    assert (error.permanent, error.message) == (True, "Telegram refused the post: Bad Request: message is too long")
    proxy.will("POST", "sendVideo", answers(413, b"<html>"))
    error = failure(platform, post(credentials, video=FILM))
    assert (error.permanent, error.message) == (True, "The file is larger than Telegram accepts.")
    assert server.messages == []


def test_the_check_asks_whether_the_bot_may_post(server, platform, credentials):
    identity = platform.check(post(credentials).connection)
    assert (identity.handle, identity.name, identity.url) == ("@the_sea", "The sea", "https://t.me/the_sea")
    server.member = {"status": "administrator", "can_post_messages": False}
    with pytest.raises(NeedsLogin):
        platform.check(post(credentials).connection)
    server.chat = {**server.chat, "type": "supergroup"}
    server.member = {"status": "restricted", "can_send_messages": True}
    assert platform.check(post(credentials).connection).handle == "@the_sea"
    assert server.messages == []


def test_the_token_is_in_no_log(proxy, platform, credentials, caplog):
    caplog.set_level(logging.DEBUG)
    platform.publish(post(credentials), Report())
    proxy.will("POST", "sendMessage", cuts)
    failure(platform, post(credentials))
    ours = [record for record in caplog.records if not record.name.startswith(("httpcore", "httpx"))]
    assert [record.getMessage() for record in ours if telegram_server.TOKEN in record.getMessage()] == []


def test_a_token_that_cannot_stand_in_an_address_is_refused_quietly(platform, credentials):
    error = failure(platform, post({**credentials, "token": "123:with\na line"}))
    assert (type(error), error.message) == (NeedsLogin, "Telegram does not know the bot's token.")
    assert "with" not in told_by(error)


def test_a_private_address_is_refused_before_anything_is_sent(proxy, credentials):
    error = failure(TelegramPlatform(PlatformConfig()), post({**credentials, "server": "https://127.0.0.1:8081"}))
    assert (error.permanent, error.message) == (True, "127.0.0.1 is not a public address.")
    assert proxy.seen == []


@pytest.mark.parametrize("written", ["@the_sea", "the_sea", "https://t.me/the_sea/", "-1001234567890"])
def test_a_channel_may_be_written_in_many_ways(platform, written):
    kept = platform.keep({"token": f" {telegram_server.TOKEN}\n", "chat": written})
    assert kept["token"] == telegram_server.TOKEN
    assert kept["chat"] in ("@the_sea", "-1001234567890")
    assert kept["server"] == "https://api.telegram.org"


@pytest.mark.parametrize("changes", [{"token": "my-bot"}, {"chat": "The sea"}, {"server": "not a server"}])
def test_what_cannot_work_is_refused_in_the_form(platform, credentials, changes):
    with pytest.raises(Invalid) as caught:
        platform.keep({**credentials, **changes})
    assert list(caught.value.details) == list(changes)
