"""What arrives in the channel, and what is said when something fails."""

from __future__ import annotations

import logging

import pytest

from apps.common.errors import AdapterError, Invalid, NotFound
from apps.platforms.base import Draft, NeedsLogin, OutcomeUnknown, Picture, PlatformConfig, Problem, RateLimited, Report
from apps.platforms.discord.adapter import DiscordPlatform
from tests.conformance.platform import Heard, told_by
from tests.platforms.posts import file_of, image, post, until
from tests.servers import discord_server
from tests.servers.faulty_proxy import after, answers, cuts, hangs, trickles

FILM = file_of(b"\0\0\0\x18ftypmp42 a short film" * 5000, "video/mp4")


def failure(platform, request) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        platform.publish(request, Report())
    assert discord_server.TOKEN not in told_by(caught.value)
    return caught.value


def test_a_text_calls_nobody(server, platform, credentials):
    settings = {"silent": "yes", "previews": "no", "thread": "1100000000000000009"}
    request = post(credentials, text="@everyone കടൽ 🌊 <@1>", hashtags=("sea",), settings=settings)
    result = platform.publish(request, Report())
    (message,) = server.messages
    assert message.payload == {
        "content": "@everyone കടൽ 🌊 <@1>\n\n#sea",
        "allowed_mentions": {"parse": []},
        "flags": 4 | 4096,
    }
    assert message.query == {"wait": "true", "thread_id": "1100000000000000009"}
    assert result.external_id == f"1100000000000000009/{message.identifier}"
    guild = discord_server.GUILD
    assert result.url == f"https://discord.com/channels/{guild}/1100000000000000009/{message.identifier}"


def test_files_arrive_with_their_words(server, platform, credentials):
    one, other = Picture(image(), "A wave"), Picture(image(9, 9, kind="webp"), "തിര")
    platform.publish(post(credentials, pictures=(one, other)), Report())
    heard = Heard()
    platform.publish(post(credentials, title="The film", video=FILM, pictures=(one,)), heard)
    pictures, film = server.messages
    assert pictures.files == {"files[0]": one.file.open().read(), "files[1]": other.file.open().read()}
    assert pictures.payload["attachments"] == [
        {"id": 0, "filename": "file1.png", "description": "A wave"},
        {"id": 1, "filename": "file2.webp", "description": "തിര"},
    ]
    assert film.files == {"files[0]": FILM.open().read(), "files[1]": one.file.open().read()}
    assert film.payload["attachments"] == [
        {"id": 0, "filename": "file1.mp4", "description": "The film"},
        {"id": 1, "filename": "file2.png", "description": "A wave"},
    ]
    assert heard.progressed[-1] == (FILM.size + one.file.size,) * 2


def test_a_forum_gets_a_post_under_the_title(server, platform, credentials):
    server.forum = True
    request = post(credentials, title="കടൽ " * 40, text="A day at sea", pictures=(Picture(image(), "A wave"),))
    result = platform.publish(request, Report())
    (message,) = server.messages
    assert (message.payload["thread_name"], len(message.files)) == (("കടൽ " * 25)[:100], 1)
    assert result.external_id == f"{message.channel}/{message.identifier}"
    assert result.url == f"https://discord.com/channels/{discord_server.GUILD}/{message.channel}/{message.identifier}"
    message.reactions = [{"count": 3, "emoji": {"name": "🌊"}}]
    assert platform.read_metrics(request.connection, result.external_id) == {"reactions": 3}
    platform.publish(post(credentials, settings={"thread": message.channel}), Report())
    assert "thread_name" not in server.messages[1].payload


def test_a_forum_that_wants_a_tag_says_where_that_is_set(proxy, platform, credentials):
    said = {"message": "A tag is required to create a forum post in this channel", "code": 40067}
    proxy.will("POST", "webhooks", answers(400, said))
    error = failure(platform, post(credentials))
    assert (error.permanent, error.message) == (True, "The forum takes only posts with a tag.")


@pytest.mark.parametrize(
    "act",
    [after(hangs), after(cuts), after(answers(500)), after(answers(502, b"<html>")), after(answers(200, b"{trunc"))],
)
def test_a_lost_answer_is_left_to_a_person(server, proxy, platform, credentials, brief, act):
    proxy.will("POST", "webhooks", act)
    assert isinstance(failure(platform, brief(post(credentials))), OutcomeUnknown)
    assert len(server.messages) == 1


def test_a_webhook_that_cannot_be_asked_first_has_published_nothing(server, proxy, platform, credentials):
    for act in (cuts, answers(500), answers(200, b"not JSON")):
        proxy.will("GET", "webhooks", act)
        error = failure(platform, post(credentials))
        assert (type(error), error.permanent) == (AdapterError, False)
    assert server.messages == []


def test_a_server_that_trickles_cannot_outlast_the_deadline(proxy, platform, credentials, brief):
    proxy.will("POST", "webhooks", trickles)
    assert isinstance(failure(platform, brief(post(credentials))), OutcomeUnknown)
    until(lambda: proxy.deserted == 1)


def test_too_many_messages_wait_as_long_as_discord_says(proxy, platform, credentials):
    limited = {"message": "You are being rate limited.", "retry_after": 64.57, "global": False}
    proxy.will("POST", "webhooks", answers(429, limited, Retry_After="65"), answers(429, b"", Retry_After="7"))
    first, second = failure(platform, post(credentials)), failure(platform, post(credentials))
    assert (type(first), first.retry_after) == (RateLimited, 64.57)
    assert (type(second), second.retry_after) == (RateLimited, 7)


def test_a_refused_post_is_told_in_discords_words(server, proxy, platform, credentials):
    error = failure(platform, post(credentials, text="x" * 2001))
    assert (error.permanent, error.message) == (True, "Discord refused the post: Must be 2000 or fewer in length.")
    proxy.will("POST", "webhooks", answers(413, {"message": "Request entity too large", "code": 40005}))
    error = failure(platform, post(credentials, video=FILM))
    assert (error.permanent, error.message) == (True, "The file is larger than Discord accepts.")
    proxy.will("POST", "webhooks", answers(404, {"message": "Unknown Channel", "code": 10003}))
    error = failure(platform, post(credentials, settings={"thread": "9"}))
    assert (error.permanent, error.message) == (True, "Discord does not know the thread.")
    assert server.messages == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"message": "Unknown Webhook", "code": 10015}),
        (401, {"message": "Invalid Webhook Token", "code": 50027}),
        (403, {"message": "Missing Permissions", "code": 50013}),
    ],
)
def test_a_webhook_that_is_gone_needs_a_new_one(proxy, platform, credentials, status, body):
    proxy.will("POST", "webhooks", answers(status, body))
    error = failure(platform, post(credentials))
    assert (type(error), error.message) == (NeedsLogin, f"Discord does not know the webhook: {body['message']}")


def test_reactions_are_counted_and_a_message_that_is_gone_has_none(server, platform, credentials):
    result = platform.publish(post(credentials), Report())
    server.messages[0].reactions = [{"count": 3, "emoji": {"name": "🌊"}}, {"count": 2, "emoji": {"name": "⛵"}}]
    connection = post(credentials).connection
    assert platform.read_metrics(connection, result.external_id) == {"reactions": 5}
    server.messages.clear()
    with pytest.raises(NotFound):
        platform.read_metrics(connection, result.external_id)


def test_the_check_names_the_webhook_and_posts_nothing(server, platform, credentials):
    identity = platform.check(post(credentials).connection)
    assert (identity.handle, identity.name) == (discord_server.WEBHOOK, "The sea")
    assert identity.url == f"https://discord.com/channels/{discord_server.GUILD}/{discord_server.CHANNEL}"
    assert server.messages == []


def test_a_text_counts_by_code_points(platform):
    assert platform.validate(Draft(text="🌊" * 2000)) == []
    assert platform.validate(Draft(text="ക്ഷ" * 667)) == [
        Problem("text", "2001 characters are too many; at most 2000 fit.")
    ]


def test_the_token_is_in_no_log(proxy, platform, credentials, caplog):
    caplog.set_level(logging.DEBUG)
    platform.publish(post(credentials), Report())
    proxy.will("POST", "webhooks", cuts)
    failure(platform, post(credentials))
    ours = [record for record in caplog.records if not record.name.startswith(("httpcore", "httpx"))]
    assert [record.getMessage() for record in ours if discord_server.TOKEN in record.getMessage()] == []


@pytest.mark.parametrize(
    "written",
    [
        f" https://discord.com{discord_server.PATH} ",
        f"https://discordapp.com/api/v9/webhooks/{discord_server.WEBHOOK}/{discord_server.TOKEN}/",
    ],
)
def test_a_webhook_is_kept_under_the_version_we_speak(platform, written):
    host = "discordapp.com" if "discordapp" in written else "discord.com"
    path = f"/api/v10/webhooks/{discord_server.WEBHOOK}/{discord_server.TOKEN}"
    assert platform.keep({"url": written}) == {"url": f"https://{host}{path}"}


@pytest.mark.parametrize(
    "written",
    [
        "",
        "https://discord.com/channels/1/2",
        f"http://discord.com{discord_server.PATH}",
        f"https://discord.com:8443{discord_server.PATH}",
        f"https://discord.com.example.org{discord_server.PATH}",
        f"https://[discord.com{discord_server.PATH}",
        f"https://127.0.0.1{discord_server.PATH}",
    ],
)
def test_only_discords_own_webhooks_are_taken(written):
    with pytest.raises(Invalid) as caught:
        DiscordPlatform(PlatformConfig()).keep({"url": written})
    assert list(caught.value.details) == ["url"]
    assert discord_server.TOKEN not in str(caught.value)
    with pytest.raises(NeedsLogin):
        DiscordPlatform(PlatformConfig()).publish(post({"url": written}), Report())
