"""Allowing Rundown on the site's own page, on a real WordPress."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest

from apps.common.errors import AdapterError, Invalid
from apps.common.redaction import mask_text
from apps.platforms.base import Connection, Report
from tests.platforms.wordpress.conftest import WordPress

BACK = "https://desk.example.org/accounts/connected/"


def begin(platform, wordpress: WordPress, **changes):
    given = {"redirect_uri": BACK, "state": "a state", "challenge": "unused", **changes}
    return platform.begin_login({"site": f" {wordpress.url}/ "}, **given)


def decide(wordpress: WordPress, page: str, *, button: str) -> dict[str, str]:
    """What the author does in the browser: log in, and press a button. Gives what the browser comes back with."""
    with httpx.Client(trust_env=False, timeout=30) as browser:
        browser.get(f"{wordpress.url}/wp-login.php")
        browser.post(f"{wordpress.url}/wp-login.php", data={"log": "author", "pwd": "a password of author"})
        shown = browser.get(page).text
        fields = dict(re.findall(r'<input type="(?:hidden|text)"[^>]* name="([^"]+)" value="([^"]*)"', shown))
        fields = {name: unescape(value) for name, value in fields.items()}
        assert re.search(r"identifying itself as <strong>Rundown [\d :-]+</strong>", shown)
        answer = browser.post(f"{wordpress.url}/wp-admin/authorize-application.php", data={**fields, button: "1"})
    back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    return dict(parse_qsl(back.query))


def test_the_site_makes_a_password_for_who_allows_it(wordpress, platform, a_post):
    login = begin(platform, wordpress)
    answer = decide(wordpress, login.url, button="approve")
    assert (answer["state"], answer["user_login"]) == ("a state", "author")
    assert all(answer[name] for name in platform.answers)
    assert answer["password"] not in mask_text(f"GET /accounts/connected/?{urlencode(answer)}")
    credentials = platform.finish_login(login.kept, answer=answer, redirect_uri=BACK, verifier="unused")
    assert credentials == {"site": wordpress.url, "username": "author", "password": answer["password"]}
    host = wordpress.url.partition("://")[2]
    assert platform.check(Connection("", credentials)).handle == f"author@{host}"
    assert platform.publish(a_post(login=credentials), Report()).url


def test_who_refuses_comes_back_with_an_error(wordpress, platform):
    answer = decide(wordpress, begin(platform, wordpress).url, button="reject")
    assert answer == {"state": "a state", "error": "access_denied"}


def test_one_installation_is_one_application(wordpress, platform):
    names = [parse_qs(urlsplit(begin(platform, wordpress, state=state).url).query)["app_id"] for state in "ab"]
    assert names[0] == names[1]


def test_where_no_page_can_lead_back_a_password_is_asked_for(wordpress, platform):
    with pytest.raises(AdapterError, match="only to an address that begins with https"):
        platform.begin_login(
            {"site": "https://example.org"}, redirect_uri="http://127.0.0.1:8000/", state="s", challenge=""
        )
    with wordpress.switched("no_application_passwords"), pytest.raises(AdapterError, match="are switched off"):
        begin(platform, wordpress)
    with pytest.raises(Invalid) as caught:
        platform.keep({"site": wordpress.url, "password": "abcd"})
    assert list(caught.value.details) == ["username"]
