"""Pages of competitors, read over real connections."""

from __future__ import annotations

import json

import pytest

from apps.common.errors import AdapterError
from apps.engines.research.base import Heading
from apps.engines.research.direct import AGENT, DirectResearcher
from apps.engines.research.firecrawl import FirecrawlResearcher
from tests.engines.research.conftest import ARTICLE

LOOPBACK = frozenset({"127.0.0.1"})


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
    with pytest.raises(AdapterError, match="robots"):
        direct.read(f"{web.url}/lamps")


@pytest.mark.parametrize(
    ("answer", "permanent", "said"),
    [
        ((404, "text/html", ""), True, "has no such page"),
        ((403, "text/html", ""), True, "refuses programs"),
        ((503, "text/html", ""), False, "not answering now"),
        ((200, "application/pdf", "%PDF"), True, "no web page"),
        ((200, "text/html", "<html><body><script>draw()</script></body></html>"), True, "no text to read"),
        ((200, "text/html", ""), True, "no text to read"),
    ],
)
def test_a_page_that_cannot_be_read_says_why(web, direct, answer, permanent, said):
    web.pages["/page"] = answer
    with pytest.raises(AdapterError, match=said) as caught:
        direct.read(f"{web.url}/page")
    assert caught.value.permanent is permanent


def test_private_addresses_are_refused_unless_named(web):
    with pytest.raises(AdapterError, match=r"robots|not a public address"):
        DirectResearcher(seconds=5).read(f"{web.url}/lamps")
    assert web.seen == []


def test_firecrawl_reads_what_scripts_made(web):
    page = {"success": True, "data": {"rawHtml": ARTICLE, "metadata": {"sourceURL": "https://example.org/lamps"}}}
    web.pages["/v1/scrape"] = (200, "application/json", json.dumps(page))
    source = FirecrawlResearcher(api_key="k", base_url=web.url, private_hosts=LOOPBACK).read(
        "https://example.org/lamps"
    )
    assert (source.url, source.title) == ("https://example.org/lamps", "Lamps of the northern coast")
    ((path, body),) = web.seen
    assert path == "/v1/scrape"
    assert json.loads(body) == {"url": "https://example.org/lamps", "formats": ["rawHtml"], "onlyMainContent": False}


@pytest.mark.parametrize(("status", "permanent"), [(401, True), (402, True), (429, False), (500, False), (400, True)])
def test_firecrawl_refusals_are_told_apart(web, status, permanent):
    web.pages["/v1/scrape"] = (status, "application/json", "{}")
    with pytest.raises(AdapterError) as caught:
        FirecrawlResearcher(api_key="canary-key", base_url=web.url, private_hosts=LOOPBACK).read("https://example.org/")
    assert caught.value.permanent is permanent
    assert "canary" not in f"{caught.value} {caught.value.details}"
