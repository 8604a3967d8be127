"""What people paste, cut down to a login at TikTok."""

from __future__ import annotations

import json
import time

import pytest

from apps.common.errors import Invalid
from apps.platforms.base import PlatformConfig
from apps.platforms.tiktok.adapter import TiktokPlatform

ENDS = int(time.time()) + 30 * 86400
NETSCAPE = f"""# Netscape HTTP Cookie File
# https://curl.se/docs/http-cookies.html

#HttpOnly_.tiktok.com\tTRUE\t/\tTRUE\t{ENDS}\tsessionid\tsecret-of-tiktok
.www.tiktok.com\tTRUE\t/\tFALSE\t0\ttt_csrf_token\tabc=def
.bank.example\tTRUE\t/\tTRUE\t{ENDS}\tsessionid\tsecret-of-a-bank
.nottiktok.com\tTRUE\t/\tTRUE\t{ENDS}\tsessionid\tsecret-of-a-rival
"""
KEPT = [
    {
        "name": "sessionid",
        "value": "secret-of-tiktok",
        "domain": ".tiktok.com",
        "path": "/",
        "expires": ENDS,
        "httpOnly": True,
        "secure": True,
        "sameSite": "Lax",
    },
    {
        "name": "tt_csrf_token",
        "value": "abc=def",
        "domain": ".www.tiktok.com",
        "path": "/",
        "expires": -1,
        "httpOnly": False,
        "secure": False,
        "sameSite": "Lax",
    },
]


def keep(text: str) -> list[dict]:
    kept = TiktokPlatform(PlatformConfig()).keep({"session": text})
    assert kept.keys() == {"session"}
    return json.loads(kept["session"])["cookies"]


def exported(*entries: dict) -> str:
    whole = {"domain": ".tiktok.com", "path": "/", "secure": True, "httpOnly": True, "expirationDate": ENDS + 0.5}
    return json.dumps([{**whole, **entry} for entry in entries])


def test_a_cookies_txt_keeps_tiktoks_own_and_nothing_of_a_bank():
    assert keep(NETSCAPE) == KEPT
    assert keep("\ufeff" + NETSCAPE.replace("\n", "\r\n")) == KEPT


def test_json_of_an_extension_and_a_storage_state_mean_the_same():
    login = {"name": "sessionid", "value": "secret-of-tiktok", "sameSite": "no_restriction", "hostOnly": False}
    [kept] = keep(exported(login, {"name": "x", "value": "y", "domain": "bank.example"}))
    assert (kept["sameSite"], kept["expires"]) == ("None", ENDS + 0.5)
    assert keep(json.dumps({"cookies": [kept], "origins": [{"origin": "https://bank.example"}]})) == [kept]
    [insecure] = keep(exported({**login, "secure": False}))
    assert insecure["sameSite"] == "Lax"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "neither a cookies.txt nor cookies in JSON"),
        ("sessionid=abc; other=def", "neither a cookies.txt nor cookies in JSON"),
        ('{"cookies": 3}', "neither a cookies.txt nor cookies in JSON"),
        ("[" * 100_000, "neither a cookies.txt nor cookies in JSON"),
        ('[{"name": "sessionid"}, 7]', "neither a cookies.txt nor cookies in JSON"),
        ("x" * 600_000, "neither a cookies.txt nor cookies in JSON"),
        (exported({"name": "sessionid", "value": "s", "domain": "tiktok.com.evil.example"}), "none is TikTok's"),
        (exported({"name": "tt_csrf_token", "value": "s"}), "hold no login"),
        (exported({"name": "sessionid", "value": ""}), "hold no login"),
        (exported({"name": "sessionid", "value": "s", "expirationDate": 1_600_000_000}), "has ended already"),
    ],
    ids=["nothing", "a header", "no list", "deep", "half a cookie", "huge", "other site", "no login", "empty", "ended"],
)
def test_what_cannot_be_used_is_refused_with_the_reason(text, said):
    with pytest.raises(Invalid, match=said) as refused:
        keep(text)
    assert [said in message for message in refused.value.details["session"]] == [True]
