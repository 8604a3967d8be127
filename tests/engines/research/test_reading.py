"""Pages of competitors, read over real connections."""

from __future__ import annotations

import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from apps.common.errors import AdapterError
from apps.engines.research.base import Heading
from apps.engines.research.direct import AGENT, DirectResearcher
from apps.engines.research.firecrawl import FirecrawlResearcher
from tests.engines.research.conftest import ARTICLE

LOOPBACK = frozenset({"127.0.0.1"})
# A public address, so that no test asks for a name.
PAGE = "https://93.184.216.34/lamps"


@pytest.fixture
def direct() -> DirectResearcher:
    return DirectResearcher(private_hosts=LOOPBACK, seconds=5)


def test_a_page_is_read_with_what_matters_of_it(web, direct):
    source = direct.read(f"{web.url}/lamps")
    assert (source.title, source.description) == ("Lamps of the northern coast", "Every lamp between the two capes.")
    assert source.headings == (
        Heading(1, "Lamps of the northern coast"),
        Heading(2, "Who keeps a harbour lamp?"),
    )
    assert "Why does anybody stay out there in winter?" in source.questions
    assert "The northern coast has eleven harbour lamps, and most of them still burn whale oil." in source.text
    assert "Home" not in source.text
    assert (source.language, source.images, source.snapshot) == ("en", 1, ARTICLE.encode())
    assert source.words == pytest.approx(100, abs=15)


def test_robots_are_asked_once_and_obeyed(web, direct):
    web.robots = (200, f"User-agent: *\nDisallow:\n\nUser-agent: {AGENT.split('/')[0]}\nDisallow: /private")
    web.pages["/private/lamps"] = web.pages["/lamps"]
    assert direct.read(f"{web.url}/lamps").title
    with pytest.raises(AdapterError, match="does not want this page"):
        direct.read(f"{web.url}/private/lamps")
    assert [path for path, _agent in web.seen] == ["/robots.txt", "/lamps"]
    assert {agent for _path, agent in web.seen} == {AGENT}


def test_a_redirect_into_what_robots_may_not_read_is_not_used(web, direct):
    web.robots = (200, "User-agent: *\nDisallow: /private")
    web.pages["/moved"] = (302, "text/html", "/private/lamps")
    web.pages["/private/lamps"] = web.pages["/lamps"]
    with pytest.raises(AdapterError, match="robots"):
        direct.read(f"{web.url}/moved")


def test_a_site_whose_rules_cannot_be_read_is_left_alone(web, direct):
    web.robots = (500, "")
    for _again in range(2):
        with pytest.raises(AdapterError, match=r"robots\.txt answered with status 500") as caught:
            direct.read(f"{web.url}/lamps")
        assert caught.value.permanent is False
    assert [path for path, _agent in web.seen] == ["/robots.txt"]


def test_a_site_that_does_not_answer_is_not_said_to_refuse_programs(direct):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(AdapterError, match=r"127\.0\.0\.1 did not answer properly") as caught:
            direct.read(f"http://127.0.0.1:{nobody.getsockname()[1]}/lamps")
    assert caught.value.permanent is False


@pytest.mark.parametrize(
    ("answer", "permanent", "said"),
    [
        ((404, "text/html", ""), True, "has no such page"),
        ((403, "text/html", ""), True, "refuses programs"),
        ((503, "text/html", ""), False, "not answering now"),
        ((200, "application/pdf", "%PDF"), True, "no web page"),
        ((200, "text/html", "<html><body><script>draw()</script></body></html>"), True, "no text to read"),
        ((200, "text/html", ""), True, "no text to read"),
        ((200, "text/html", "<body><noscript>Please enable JavaScript.</noscript></body>"), True, "no text to read"),
    ],
)
def test_a_page_that_cannot_be_read_says_why(web, direct, answer, permanent, said):
    web.pages["/page"] = answer
    with pytest.raises(AdapterError, match=said) as caught:
        direct.read(f"{web.url}/page")
    assert caught.value.permanent is permanent


def test_private_addresses_are_refused_unless_named_and_said_to_be_private(web):
    with pytest.raises(AdapterError) as caught:
        DirectResearcher(seconds=5).read(f"{web.url}/lamps")
    assert (caught.value.message, caught.value.hint, caught.value.permanent) == (
        "127.0.0.1 is not a public address.",
        "If it is a server of yours, add its name to PRIVATE_HOSTS.",
        True,
    )
    assert web.seen == []


def test_firecrawl_reads_what_scripts_made(web):
    page = {"success": True, "data": {"rawHtml": ARTICLE, "metadata": {"sourceURL": "https://example.org/lamps"}}}
    web.pages["/v1/scrape"] = (200, "application/json", json.dumps(page))
    source = FirecrawlResearcher(api_key="k", base_url=web.url, private_hosts=LOOPBACK).read(PAGE)
    assert (source.url, source.title) == ("https://example.org/lamps", "Lamps of the northern coast")
    ((path, body),) = web.seen
    assert path == "/v1/scrape"
    assert json.loads(body) == {"url": PAGE, "formats": ["rawHtml"], "onlyMainContent": False}


@pytest.mark.parametrize(("status", "permanent"), [(401, True), (402, True), (429, False), (500, False), (400, True)])
def test_firecrawl_refusals_are_told_apart(web, status, permanent):
    web.pages["/v1/scrape"] = (status, "application/json", "{}")
    with pytest.raises(AdapterError) as caught:
        FirecrawlResearcher(api_key="canary-key", base_url=web.url, private_hosts=LOOPBACK).read(PAGE)
    assert caught.value.permanent is permanent
    assert "canary" not in f"{caught.value} {caught.value.details}"


@pytest.mark.parametrize(
    ("answer", "permanent", "said"),
    [
        ({"success": False, "error": "blocked"}, True, "could not read the page"),
        ({"success": True, "data": None}, True, "could not read the page"),
        ([1], True, "could not read the page"),
        ({"data": {"rawHtml": "<p>Gone</p>", "metadata": {"statusCode": 404}}}, True, "answered with status 404"),
        ({"data": {"rawHtml": "<p>Busy</p>", "metadata": {"statusCode": 503}}}, False, "answered with status 503"),
        ({"data": {"rawHtml": None, "metadata": []}}, True, "no text to read"),
        ({"data": {"rawHtml": "x" * (6 * 1024 * 1024)}}, True, "could not read the page"),
        ("<p>no JSON</p>", False, "could not be read"),
        ("[" * 100_000, False, "could not be read"),
    ],
    ids=["failed", "empty", "list", "gone", "down", "nothing", "huge", "page", "nested"],
)
def test_what_firecrawl_could_not_read_says_so(web, answer, permanent, said):
    body = answer if isinstance(answer, str) else json.dumps(answer)
    web.pages["/v1/scrape"] = (200, "application/json", body)
    with pytest.raises(AdapterError, match=said) as caught:
        FirecrawlResearcher(api_key="k", base_url=web.url, private_hosts=LOOPBACK).read(PAGE)
    assert caught.value.permanent is permanent


def test_firecrawl_is_given_its_time_and_no_more(web):
    web.slow = 3.0
    started = time.monotonic()
    with pytest.raises(AdapterError, match="did not answer"):
        FirecrawlResearcher(api_key="k", base_url=web.url, private_hosts=LOOPBACK, seconds=0.4).read(PAGE)
    assert time.monotonic() - started < 2


def test_an_installation_of_firecrawl_inside_is_refused_unless_named(web):
    with pytest.raises(AdapterError, match="not a public address"):
        FirecrawlResearcher(api_key="k", base_url=web.url).read(PAGE)
    assert web.seen == []


def test_an_installation_of_firecrawl_is_not_sent_to_what_is_private(web):
    with pytest.raises(AdapterError, match=r"10\.0\.0\.7 is not a public address"):
        FirecrawlResearcher(base_url=web.url, private_hosts=LOOPBACK).read("http://10.0.0.7/admin")
    assert web.seen == []


def test_a_page_may_be_so_large_and_so_slow_and_no_more(web):
    web.pages["/large"] = (200, "text/html", "<p>" + "x" * (3 * 1024 * 1024))
    with pytest.raises(AdapterError, match="sent more than 3,145,728 bytes") as caught:
        DirectResearcher(private_hosts=LOOPBACK, seconds=10).read(f"{web.url}/large")
    assert caught.value.permanent
    web.slow = 3.0
    started = time.monotonic()
    with pytest.raises(AdapterError):
        DirectResearcher(private_hosts=LOOPBACK, seconds=0.4).read(f"{web.url}/lamps")
    assert time.monotonic() - started < 2


def test_redirects_end(web, direct):
    web.pages["/round"] = (302, "text/html", "/round")
    with pytest.raises(AdapterError, match="redirects too often"):
        direct.read(f"{web.url}/round")


def test_a_redirect_to_what_is_private_is_refused(web, direct):
    web.pages["/inside"] = (302, "text/html", web.url.replace("127.0.0.1", "localhost") + "/lamps")
    with pytest.raises(AdapterError, match="localhost is not a public address"):
        direct.read(f"{web.url}/inside")
    assert [path for path, _agent in web.seen] == ["/robots.txt", "/inside"]


def test_a_name_that_turns_private_between_robots_and_page_is_refused_at_connect(web, monkeypatch):
    """DNS rebinding: what a name stood for a moment ago counts for nothing; each connection asks and judges anew."""
    asked = []

    def look_up(host: str, port: int, *args: object, **options: object) -> list[tuple]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    real = socket.create_connection
    here = urlsplit(web.url).port
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    # The public address stands for the test's server: only the first connection gets there.
    monkeypatch.setattr(socket, "create_connection", lambda to, *args, **options: _connected(real, to, here))
    with pytest.raises(AdapterError, match=r"rebinds\.example is not a public address"):
        DirectResearcher(seconds=5).read("http://rebinds.example/lamps")
    assert [path for path, _agent in web.seen] == ["/robots.txt"]
    assert asked == ["rebinds.example"] * 2


def _connected(real, to: tuple[str, int], port: int) -> socket.socket:
    assert to[0] == "93.184.216.34", "a private address was connected to"
    opened = socket.socket(socket.AF_INET)
    opened.connect(("127.0.0.1", port))
    return opened
