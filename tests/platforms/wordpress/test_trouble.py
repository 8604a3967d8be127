"""Sites, hosts and lines that fail, and what is known then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape

import pytest

from apps.common.errors import AdapterError, Invalid
from apps.platforms.base import (
    Connection,
    Found,
    NeedsLogin,
    NotFound,
    OutcomeUnknown,
    PlatformConfig,
    PublishRequest,
    RateLimited,
    StillUnknown,
)
from apps.platforms.wordpress.adapter import WordpressPlatform
from tests.conformance.platform import Heard, told_by
from tests.platforms.posts import BRIEF, file_of, give, image, until
from tests.servers.wordpress_proxy import accepts_then, answers, cuts, hangs, trickles

APost = Callable[..., PublishRequest]
PUBLISH = r"POST /wp-json/wp/v2/posts/\d"
HTML = "<!doctype html><p>Error establishing a database connection"


@pytest.fixture
def request_(a_post: APost, proxy) -> PublishRequest:
    return a_post(login={"site": proxy.url}, timeout=30.0)


@pytest.fixture
def brief(request_, proxy, monkeypatch) -> PublishRequest:
    """A request whose time is short, and is spent on nothing but the site's silence."""
    give(proxy.patience, monkeypatch)
    return replace(request_, timeout=2 * BRIEF)  # a real site is no dummy


def failure(platform: WordpressPlatform, request: PublishRequest, heard: Heard | None = None) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        platform.publish(request, heard or Heard())
    assert request.credentials["password"] not in told_by(caught.value)
    return caught.value


def titled(ask, request: PublishRequest, **params: str) -> list[dict]:
    return [post for post in ask("posts", **params) if post["title"]["raw"] == escape(request.draft.title)]


LOST = [
    cuts,
    hangs,
    trickles,
    answers(500, '{"code": "internal_server_error", "message": "Sorry."}'),
    answers(504, HTML, "text/html"),
    answers(200, "<b>Warning</b>: in functions.php {", "text/html"),
]


@pytest.mark.parametrize("act", LOST)
def test_a_lost_answer_is_found_again(platform, request_, brief, proxy, ask, act) -> None:
    """The site did publish; its answer never came."""
    proxy.will(PUBLISH, accepts_then(act))
    heard = Heard()
    assert type(failure(platform, brief, heard)) is OutcomeUnknown
    outcome = platform.reconcile(request_, heard.handles[0])
    assert isinstance(outcome, Found)
    assert [(str(post["id"]), post["link"]) for post in titled(ask, request_)] == [
        (outcome.result.external_id, outcome.result.url)
    ]
    # Were it sent again all the same, it would be the same post.
    assert platform.publish(request_, Heard()) == outcome.result
    assert len(titled(ask, request_)) == 1


@pytest.mark.parametrize("act", [cuts, hangs, answers(502, HTML, "text/html")])
def test_a_call_that_never_arrived_is_known_to_be_absent(platform, request_, brief, proxy, ask, act) -> None:
    proxy.will(PUBLISH, act)
    heard = Heard()
    assert type(failure(platform, brief, heard)) is OutcomeUnknown
    assert platform.reconcile(request_, heard.handles[0]) == NotFound()
    result = platform.publish(request_, Heard())
    assert result.external_id == heard.handles[0]
    assert len(titled(ask, request_, status="publish,draft")) == 1


def test_a_plugin_that_writes_into_drafts_makes_no_post_of_them(platform, request_, proxy, ask, wordpress) -> None:
    with wordpress.switched("meddling"):
        proxy.will(PUBLISH, answers(502, HTML, "text/html"))
        heard = Heard()
        failure(platform, request_, heard)
        assert platform.reconcile(request_, heard.handles[0]) == NotFound()
        result = platform.publish(request_, Heard())
        assert platform.reconcile(request_, heard.handles[0]) == Found(result)
    assert result.external_id == heard.handles[0]
    assert len(titled(ask, request_)) == 1


@pytest.mark.parametrize("act", [cuts, answers(503, HTML, "text/html", Retry_After="120")])
def test_a_lost_draft_is_taken_up_by_the_next_try(platform, request_, proxy, ask, act) -> None:
    proxy.will(r"POST /wp-json/wp/v2/posts\?", accepts_then(act))
    heard = Heard()
    error = failure(platform, request_, heard)
    assert (type(error), error.permanent, heard.handles) == (AdapterError, False, [])
    platform.publish(request_, Heard())
    assert len(titled(ask, request_, status="publish,draft")) == 1


def test_a_file_is_uploaded_once_however_often_the_post_is_tried(platform, request_, proxy, ask) -> None:
    video = file_of(b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(300_000), "video/mp4")
    request = replace(request_, video=video, thumbnail=image())
    proxy.will(PUBLISH, answers(429, Retry_After="7"))
    error = failure(platform, request)
    assert (type(error), error.retry_after) == (RateLimited, 7.0)
    number = int(platform.publish(request, Heard()).external_id)
    assert len(ask("media", parent=number)) == 2
    assert sum(call.startswith("POST /wp-json/wp/v2/media") for call in proxy.calls) == 2


@pytest.mark.parametrize(
    ("act", "message", "permanent"),
    [
        (answers(413, HTML, "text/html"), "The site takes no file of this size.", True),
        (
            answers(500, '{"code": "rest_upload_sideload_error", "message": "Not allowed."}'),
            "The site refuses files of this kind.",
            True,
        ),
        (answers(403, HTML, "text/html"), "A page answered instead of the site's API.", False),
    ],
)
def test_a_refused_file_is_explained(platform, request_, proxy, ask, act, message: str, permanent: bool) -> None:
    proxy.will("POST /wp-json/wp/v2/media", act)
    error = failure(platform, replace(request_, thumbnail=image()))
    assert (type(error), error.permanent, error.message) == (AdapterError, permanent, message)
    assert titled(ask, request_) == []


def test_a_real_site_refuses_what_it_does_not_know(platform, request_, ask) -> None:
    odd = file_of(b"MZ" + bytes(100), "application/x-msdownload", "w1/a.exe")
    error = failure(platform, replace(request_, video=odd))
    assert error.message == "The site refuses files of this kind."


@pytest.mark.parametrize("act", [cuts, answers(500, HTML, "text/html")])
def test_a_failed_upload_has_published_nothing(platform, request_, proxy, ask, act) -> None:
    proxy.will("POST /wp-json/wp/v2/media", act)
    error = failure(platform, replace(request_, thumbnail=image()))
    assert (type(error), error.permanent) == (AdapterError, False)
    assert titled(ask, request_) == []


@pytest.mark.parametrize("act", [hangs, trickles])
def test_no_call_outlasts_its_time(platform, brief, proxy, act) -> None:
    proxy.will("GET /wp-json/wp/v2/posts", act)
    failure(platform, brief)
    until(lambda: proxy.deserted == (act is trickles))


@pytest.mark.parametrize(
    ("switch", "kind", "message"),
    [
        ("no_application_passwords", NeedsLogin, "Application passwords are switched off on this site."),
        ("header_dropped", NeedsLogin, "The site does not accept the user name and application password."),
        ("rest_closed", AdapterError, "The site refused: The REST API is switched off on this site."),
        ("challenge", AdapterError, "A page answered instead of the site's API."),
    ],
)
def test_a_closed_site_is_explained(platform, a_post: APost, wordpress, switch, kind, message) -> None:
    with wordpress.switched(switch):
        error = failure(platform, a_post())
        with pytest.raises(kind) as checked:
            platform.check(a_post().connection)
    assert (type(error), error.message, bool(error.hint)) == (kind, message, True)
    assert checked.value.message == message


def test_a_contributor_may_write_but_not_publish(platform, a_post: APost, wordpress, ask) -> None:
    login = {"username": "contributor", "password": wordpress.passwords["contributor"]}
    request = a_post(login=login)
    error = failure(platform, request)
    assert (error.message, error.permanent) == ("This user may write posts, but not publish them.", True)
    assert titled(ask, request) == []
    with pytest.raises(AdapterError, match="This user may write posts, but not upload files"):
        platform.check(request.connection)


def test_an_address_without_wordpress_is_explained(platform, request_, proxy) -> None:
    proxy.will("GET /wp-json/", answers(404, HTML, "text/html"))
    proxy.will("GET /.rest_route", answers(200, "<p>A shop", "text/html"))
    error = failure(platform, request_)
    assert (error.message, error.permanent) == ("There is no WordPress API at this address.", True)


def test_a_site_that_moved_is_told_with_its_address(platform, request_, proxy) -> None:
    proxy.will("GET /wp-json/", answers(301, Location="https://www.example.org/wp-json/?_fields=name"))
    error = failure(platform, request_)
    assert error.message == f"{proxy.url} leads to another address: https://www.example.org."
    assert error.permanent


def test_somebody_who_deletes_the_post_is_not_overruled(platform, a_post: APost, ask) -> None:
    request = a_post()
    number = platform.publish(request, Heard()).external_id
    ask(f"posts/{number}", method="DELETE")
    assert platform.reconcile(request, number) == StillUnknown("Somebody put the post into the site's trash.")
    ask(f"posts/{number}", method="DELETE", force="true")
    assert platform.reconcile(request, number) == StillUnknown("Somebody deleted the post on the site.")


def test_a_site_that_cannot_be_asked_leaves_it_open(platform, request_, proxy) -> None:
    number = platform.publish(request_, Heard()).external_id
    proxy.will("GET /wp-json/wp/v2/posts/", answers(502, HTML, "text/html"))
    assert platform.reconcile(request_, number) == StillUnknown("The site did not take the call.")


def test_a_private_address_is_not_reached(a_post: APost) -> None:
    strict = WordpressPlatform(PlatformConfig())
    for site in ("https://127.0.0.1", "https://localhost", "https://[::1]", "https://169.254.169.254"):
        error = failure(strict, a_post(login={"site": site}))
        assert "is not a public address" in error.message


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("example.org", "https://example.org"),
        (" https://example.org/blog/ ", "https://example.org/blog"),
        ("https://example.org/wp-admin/", "https://example.org"),
        ("https://മലയാളം.example", "https://xn--rvc1gdlg9d.example"),
        ("http://example.org", None),
        ("ftp://example.org", None),
        ("https://me:secret@example.org", None),
        ("", None),
    ],
)
def test_an_address_is_taken_as_people_write_it(platform, given: str, kept: str | None) -> None:
    fields = {"site": given, "username": "me", "password": "x"}
    if kept is None:
        with pytest.raises(Invalid):
            platform.keep(fields)
    else:
        assert platform.keep(fields) == {**fields, "site": kept}


def test_a_wrong_name_is_a_login_too(platform, credentials) -> None:
    with pytest.raises(NeedsLogin):
        platform.check(Connection("me", {**credentials, "username": "nobody"}))
