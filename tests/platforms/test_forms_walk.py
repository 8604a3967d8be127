"""Every form that connects an account, filled in by somebody in a hurry: it names what is wrong, and the way out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.platforms.logins import callback_url
from apps.platforms.models import Account
from tests.conformance.platform import nobody_listens
from tests.servers import bluesky_server, discord_server, mastodon_server, telegram_server
from tests.servers.discord_server import PATH

pytestmark = pytest.mark.django_db
SECRET = "whsec_bG9vcGJhY2stc2VjcmV0LW9mLTMyLWJ5dGVzLS0tLS0="
PASSWORD = "aaaa-bbbb-cccc-dddd"
# What each form is given when only the address of the server is wrong.
OF_SERVER = {
    "bluesky": ("server", {"handle": "alice.test", "app_password": PASSWORD}),
    "mastodon": ("server", {"access_token": "a-token"}),
    "telegram": ("server", {"token": telegram_server.TOKEN, "chat": "@the_sea"}),
    "webhook": ("url", {"secret": SECRET}),
    "wordpress": ("site", {"username": "owner", "password": PASSWORD}),
}
UNKNOWN = "There is no server called nowhere.invalid. Check the address for a slip."
PRIVATE = "10.0.0.7 is not a public address. If it is a server of yours, add its name to PRIVATE_HOSTS."
NONSENSE = "“my server!” is not the address of a server. Write it like example.org."
NAMELESS = "An application password needs the name of its user."
INVITATION = "Write the channel like @my_channel, or as a number; an invitation is no name."
AWAY = " Nothing was kept. Check what you entered, or try again in a moment."


@pytest.fixture
def said(client, member, in_workspace) -> Callable[..., str]:
    """said("bluesky", server="x") is all that the form answers, or where it leads on when it is content."""
    client.force_login(member("owner"))

    def fill_in(platform: str, **credentials: str) -> str:
        address = f"/w/{in_workspace.slug}/accounts/connect/{platform}/"
        fields = client.get(address).context["form"].fields
        data = {name: field.initial or "" for name, field in fields.items() if name.startswith("setting_")}
        data |= {f"credential_{name}": value for name, value in credentials.items()} | {"accepted": "on"}
        answer = client.post(address, {**data, "handle": credentials.get("handle", "")})
        if answer.status_code == 302:
            return answer["Location"].partition("?")[0]
        assert answer.status_code == 422
        assert not Account.objects.exists()
        return " ".join(text for texts in answer.context["form"].errors.values() for text in texts)

    return fill_in


@pytest.mark.parametrize("platform", OF_SERVER)
@pytest.mark.parametrize(
    ("server", "answer"), [("https://nowhere.invalid", UNKNOWN), ("https://10.0.0.7", PRIVATE)], ids=["slip", "private"]
)
def test_a_server_that_cannot_be_reached_is_named(said, platform, server, answer):
    name, others = OF_SERVER[platform]
    assert said(platform, **others, **{name: server}) == answer


@pytest.mark.parametrize("platform", OF_SERVER)
def test_a_login_goes_to_no_server_of_the_open_internet_in_the_clear(said, platform):
    name, others = OF_SERVER[platform]
    assert "https" in said(platform, **others, **{name: "http://example.org"})


@pytest.mark.parametrize("platform", OF_SERVER)
def test_a_server_that_is_away_is_not_the_end(said, settings, platform):
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    name, others = OF_SERVER[platform]
    answer = said(platform, **others, **{name: nobody_listens()})
    assert "could not be reached." in answer
    assert answer.endswith(AWAY)


def test_another_kind_of_server_is_told_apart(said, settings):
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with discord_server.serve() as other:
        for platform in ("bluesky", "mastodon", "webhook", "wordpress"):
            name, others = OF_SERVER[platform]
            answer = said(platform, **others, **{name: other.url})
            assert "refused the post" not in answer
            assert answer.startswith("What answered there is not "), answer
            assert answer.endswith("Check what you entered for a slip.")
        assert said("mastodon", server=nobody_listens()).endswith(AWAY)


def test_wrong_passwords_and_tokens_are_refused_by_the_platform_itself(said, settings):
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with telegram_server.serve() as telegram, bluesky_server.serve() as bluesky, mastodon_server.serve() as mastodon:
        answers = [
            said("bluesky", handle="alice.test", app_password=PASSWORD, server=bluesky.url),
            said("mastodon", access_token="wrong", server=mastodon.url),
            said("telegram", token="123456789:a-bot-that-nobody-has-made-so-far", chat="@the_sea", server=telegram.url),
            said("telegram", token=telegram_server.TOKEN, chat="@nobody_there", server=telegram.url),
        ]
        assert said("mastodon", access_token=mastodon_server.TOKEN, server=mastodon.url).startswith("/w/")
    assert answers == [
        "Bluesky refused the account's credentials. Log in on Bluesky's own page, or make a new app password in "
        "Bluesky's settings.",
        "The server refused the account's credentials. Check what you entered.",
        "Telegram does not know the bot's token. Ask @BotFather for the bot's token, and connect the account again.",
        "The bot may not post there: Bad Request: chat not found. Make the bot an administrator of the channel who may "
        "post messages, and check the channel's name.",
    ]


@pytest.mark.parametrize(
    ("platform", "fields", "answer"),
    [
        (
            "discord",
            {"url": f"https://example.org{PATH}"},
            "This is no webhook URL of Discord. It begins with https://discord.com/api/webhooks/.",
        ),
        (
            "webhook",
            {"url": "https://example.org", "secret": "short"},
            "This is no signing secret. Make one with: openssl rand -base64 32",
        ),
        ("tiktok", {"session": "junk"}, "This is neither a cookies.txt nor cookies in JSON."),
        ("feed", {"handle": "Night Stories!"}, "Use small letters, digits and hyphens."),
        ("bluesky", {**OF_SERVER["bluesky"][1], "server": "my server!"}, NONSENSE),
        ("bluesky", {"handle": "@alice"}, "Write the whole handle, such as name.bsky.social."),
        ("mastodon", {"server": "http://example.org"}, "The server's address must begin with https://."),
        ("wordpress", {"site": "https://example.org", "password": "x"}, NAMELESS),
        ("telegram", {"token": telegram_server.TOKEN, "chat": "https://t.me/joinchat/AAAA"}, INVITATION),
    ],
)
def test_what_cannot_be_right_is_refused_at_once(said, platform, fields, answer):
    assert said(platform, **fields) == answer


@pytest.mark.parametrize(
    ("platform", "page"),
    [("youtube", "https://accounts.google.com/o/oauth2/v2/auth"), ("x", "https://x.com/i/oauth2/authorize")],
)
def test_the_defaults_of_a_form_lead_to_the_login_page(said, platform, page):
    assert said(platform, client_id="an-app", client_secret="its-secret") == page


def test_whoever_registers_an_app_is_shown_the_address_that_it_needs(client, member, in_workspace):
    client.force_login(member("owner"))
    shown = {
        platform: client.get(f"/w/{in_workspace.slug}/accounts/connect/{platform}/").content.decode()
        for platform in ("x", "youtube", "mastodon")
    }
    assert [name for name, page in shown.items() if f'value="{callback_url()}"' in page] == ["x", "youtube"]


def test_cookies_keep_their_lines_and_are_not_sent_back(client, member, in_workspace):
    """An input of one line would make one line of a cookies.txt, which says nothing then."""
    client.force_login(member("owner"))
    address = f"/w/{in_workspace.slug}/accounts/connect/tiktok/"
    asked = '<textarea name="credential_session"'
    assert asked in client.get(address).content.decode()
    answer = client.post(address, {"credential_session": ".bank.example\tTRUE\t/\tTRUE\t0\tid\tsecret-of-a-bank\n"})
    assert (answer.status_code, asked in answer.content.decode()) == (422, True)
    assert "secret-of-a-bank" not in answer.content.decode()
