"""Logging in on the server's own page, on a real PDS; and how servers come to know an installation."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from dataclasses import replace

import jwt
import pytest
from jwt.algorithms import ECAlgorithm

from apps.common.crypto import signing_keys
from apps.common.errors import AdapterError
from apps.platforms.base import Login, NeedsLogin, Report
from apps.platforms.bluesky.adapter import BlueskyPlatform
from apps.platforms.bluesky.dpop import new_key
from apps.platforms.bluesky.oauth import OAuth, client_of, document
from tests.platforms.posts import CONFIG, file_of, mp4, post

BACK = "http://127.0.0.1:8000/accounts/connected/"
KEY = {**new_key(), "kid": "the newest"}
PUBLIC = replace(CONFIG, signing_keys=lambda: (KEY,))


@pytest.fixture
def here(running_pds) -> BlueskyPlatform:
    """The adapter of a site on this machine, which the protocol allows for development."""
    platform = BlueskyPlatform(replace(CONFIG, site_url="http://127.0.0.1:8000"))
    platform.directory = running_pds.directory
    return platform


def begin(platform, url: str) -> tuple[Login, str]:
    """As every login has a verifier of its own, which a server takes once."""
    verifier = f"{uuid.uuid4().hex}{uuid.uuid4().hex}"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    server = url.replace("127.0.0.1", "localhost")  # as it calls itself
    fields = {"handle": "@Alice.test", "server": server}
    return platform.begin_login(fields, redirect_uri=BACK, state="a state", challenge=challenge), verifier


def finish(platform, begun: tuple[Login, str], answer: dict[str, str]) -> dict:
    login, verifier = begun
    return platform.finish_login(login.kept, answer=answer, redirect_uri=BACK, verifier=verifier)


@pytest.fixture
def credentials(here, running_pds) -> dict:
    begun = begin(here, running_pds.url)
    return finish(here, begun, running_pds.login(begun[0].url))


def test_a_login_on_the_page_can_post_and_is_renewed(here, running_pds, credentials):
    assert credentials["did"] == running_pds.did
    assert not {"app_password", "handle"} & set(credentials)
    assert credentials["expires_at"] > time.time() + 600
    assert here.check(post(credentials).connection).handle == "@alice.test"
    text = uuid.uuid4().hex
    film = file_of(mp4(90, 160), "video/mp4")
    request = post(credentials, text=text, video=film, captions=file_of(b"WEBVTT\n", "text/vtt"))
    result = here.publish(replace(request, settings={"video_service": ""}), Report())
    record = next(each["value"] for each in running_pds.posts() if each["uri"] == result.external_id)
    assert (record["text"], record["embed"]["$type"]) == (text, "app.bsky.embed.video")
    fresh = here.refresh(post(credentials).connection)
    assert fresh["refresh_token"] != credentials["refresh_token"]
    assert here.publish(post(fresh, text=uuid.uuid4().hex), Report()).external_id
    # A token that was used once more is taken for a stolen one.
    with pytest.raises(NeedsLogin):
        here.refresh(post(credentials).connection)
    with pytest.raises(NeedsLogin):
        here.publish(post(fresh, text=uuid.uuid4().hex), Report())


def test_a_token_without_its_key_is_worth_nothing(here, credentials):
    stolen = {**credentials, "dpop_key": new_key()}
    for use in (here.check, here.refresh):
        with pytest.raises((NeedsLogin, AdapterError)):
            use(post(stolen).connection)


def test_who_refuses_and_who_answers_for_another_is_not_let_in(here, running_pds):
    refused = running_pds.login(begin(here, running_pds.url)[0].url, button="reject")
    assert (refused["error"], refused["state"]) == ("access_denied", "a state")
    begun = begin(here, running_pds.url)
    answer = running_pds.login(begun[0].url)
    with pytest.raises(NeedsLogin, match="Another server answered"):
        finish(here, begun, {**answer, "iss": "https://evil.example"})
    with pytest.raises(NeedsLogin):
        finish(here, begun, {**answer, "code": "made-up"})


def test_a_server_without_a_login_page_is_named(here, loopback):
    with pytest.raises(AdapterError, match="offers no login page for applications") as caught:
        begin(here, loopback.server.url)
    assert caught.value.permanent


def test_an_installation_describes_itself_by_its_own_address():
    said = document(PUBLIC, "https://desk.example.org/accounts/connected/")
    assert said["client_id"] == "https://desk.example.org/accounts/bluesky/client.json"
    assert said["redirect_uris"] == ["https://desk.example.org/accounts/connected/"]
    assert (said["scope"], said["dpop_bound_access_tokens"]) == ("atproto transition:generic", True)
    [key] = said["jwks"]["keys"]
    assert (key["kid"], "d" in key) == ("the newest", False)


def test_its_keys_last_as_long_as_those_of_its_secrets(settings):
    settings.CREDENTIAL_KEYS = ["new", "old"]
    new, old = signing_keys()
    settings.CREDENTIAL_KEYS = ["newer", "new"]
    assert signing_keys()[1] == new
    assert len({each["kid"] for each in (*signing_keys(), old)}) == 3


def test_it_proves_by_its_key_who_it_is():
    client = client_of(PUBLIC, BACK)
    with OAuth(PUBLIC, "") as login:
        form = login._assertion({**client, "issuer": "https://bsky.social"})
        key = ECAlgorithm.from_jwk({name: KEY[name] for name in ("kty", "crv", "x", "y")})
        said = jwt.decode(form["client_assertion"], key, ["ES256"], audience="https://bsky.social")
        assert (said["iss"], said["sub"]) == (client["client_id"],) * 2
        with pytest.raises(NeedsLogin, match="key that this login was made with is gone"):
            login._assertion({**client, "issuer": "https://bsky.social", "kid": "an old one"})


@pytest.mark.parametrize(
    ("site", "client"),
    [
        ("http://127.0.0.1:8000", "http://localhost"),
        ("https://desk.example.org", "https://desk.example.org/accounts/bluesky/client.json"),
        ("http://10.0.0.5:8000", None),
    ],
)
def test_only_a_site_that_servers_can_reach_has_a_name_of_its_own(site, client):
    config = replace(PUBLIC, site_url=site)
    if client is None:
        with pytest.raises(AdapterError, match="only to an address that begins with https"):
            client_of(config, BACK)
    else:
        assert client_of(config, BACK)["client_id"].partition("?")[0] == client
