"""A video goes from a file to the studio, through a real browser."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from apps.common.errors import AdapterError
from apps.platforms.base import MediaFile, NeedsLogin
from apps.platforms.tiktok import session
from tests.platforms.tiktok.conftest import cookies
from tests.servers.tiktok_studio.server import FIRST_ID

pytestmark = pytest.mark.usefixtures("warm")


def test_hashtags_and_people_are_those_that_were_written_whatever_the_editor_offers(studio, tiktok, request_of, heard):
    """The editor's first offer for each is another, or there is none; and Enter follows a tag."""
    text = "By @lighthouse.fan and @nobody.knows, #sea.\nIssue 7#1: you are posting too fast 🌊\nകടൽ #കേരളം"
    tiktok.publish(request_of(text=text, hashtags=("harbour", "സമുദ്രം", "unheardof")), heard)
    [posted] = studio.publications
    assert [" ".join(line.split()) for line in posted.caption.split("\n")] == [
        "A day at sea",
        "",
        "By @lighthouse.fan and @nobody.knows , #sea .",
        "Issue 7#1: you are posting too fast 🌊",
        "കടൽ #കേരളം",
        "",
        "#harbour #സമുദ്രം #unheardof",
    ]


def test_dialogs_and_a_tour_are_put_away(studio, tiktok, request_of, heard):
    studio.trouble = {"dialogs": ["draft", "tour", "checks", "post_now"]}
    tiktok.publish(request_of(), heard)
    assert studio.count("A day at sea") == 1


def test_a_page_with_new_names_in_a_frame_and_in_german_still_works(studio, tiktok, request_of, heard):
    studio.trouble = {"changed": "names", "frame": True, "language": "de", "dialogs": ["checks", "post_now"]}
    tiktok.publish(request_of(settings={"privacy": "private", "duet": "no"}), heard)
    assert [each.options for each in studio.publications] == [
        {"privacy": "private", "comment": True, "duet": False, "stitch": True}
    ]


def test_what_is_forbidden_is_switched_off(studio, tiktok, request_of, heard):
    settings = {"privacy": "friends", "comment": "no", "duet": "no", "stitch": "no"}
    tiktok.publish(request_of(settings=settings), heard)
    assert [each.options for each in studio.publications] == [
        {"privacy": "friends", "comment": False, "duet": False, "stitch": False}
    ]


def test_a_setting_that_does_not_exist_is_refused_before_a_browser_starts(studio, tiktok, request_of, heard):
    with pytest.raises(AdapterError, match="“privacy” cannot be “everybody”"):
        tiktok.publish(request_of(settings={"privacy": "everybody"}), heard)
    assert studio.visits == []


def test_a_post_that_the_page_only_lists_is_found_there(studio, tiktok, request_of, heard):
    """The same words were posted before; the new post is the one that was not there yet."""
    tiktok.publish(request_of(), heard)
    studio.trouble = {"post": "quiet"}
    result = tiktok.publish(request_of(), heard)
    assert result.external_id == str(FIRST_ID + 1)


def test_a_session_of_somebody_else_posts_nothing(studio, tiktok, request_of, heard):
    with pytest.raises(NeedsLogin, match="belongs to @harbour, not to this account"):
        tiktok.publish(request_of(account="@lighthouse"), heard)
    assert studio.publications == []


def test_a_session_that_the_site_exchanges_is_kept(studio, tiktok, request_of, heard):
    studio.trouble = {"rotate": True}
    tiktok.publish(request_of(), heard)
    [kept] = heard.new_credentials
    assert login_in(kept) == "a-newer-session"


def login_in(credentials: dict) -> str:
    kept = session.read(credentials["session"], domains=["127.0.0.1"])
    return session.login_cookie(kept, names=["sessionid"])["value"]


def test_the_browser_reaches_no_other_host(studio, tiktok, request_of, heard):
    """By another name for the same machine, in a page of the studio itself."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_) -> None:
            pass

    rival = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=rival.serve_forever, daemon=True).start()
    try:
        studio.rival = f"http://localhost:{rival.server_port}"
        tiktok.publish(request_of(), heard)
        assert (studio.count("A day at sea"), asked) == (1, [])
    finally:
        rival.shutdown()
        rival.server_close()


def test_a_file_that_is_not_the_approved_one_is_not_sent(studio, tiktok, request_of, heard):
    whole = request_of().video
    other = MediaFile(whole.name, whole.size, "0" * 64, whole.content_type, whole.open)
    with pytest.raises(AdapterError, match="checksum differs") as refused:
        tiktok.publish(request_of(video=other), heard)
    assert (refused.value.permanent, studio.visits) == (True, [])


def test_a_check_says_whose_session_it_is_and_until_when(studio, tiktok, request_of):
    identity = tiktok.check(request_of(credentials=tiktok.keep({"session": cookies(days=30)})).connection)
    assert (identity.handle, identity.url) == ("harbour", f"{studio.url}/@harbour")
    assert identity.expires_at is not None
