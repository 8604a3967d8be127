"""Feeds as sites serve them, from a loopback site."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest

from apps.common.errors import AdapterError
from apps.stories.readers.base import FetchedStory, Findings
from apps.stories.readers.feed import FeedReader, FeedSettings, html_to_text

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Night Tales</title><link>https://tales.example/</link>
<item><title>The lamp &amp; the well</title><link>https://tales.example/lamp</link>
<guid isPermaLink="false">tale-1</guid>
<dc:creator>Ann</dc:creator><pubDate>Tue, 03 Nov 2026 10:00:00 +0530</pubDate><description>Short.</description>
<content:encoded><![CDATA[<p>It was <b>dark</b>.<br>Very dark.</p>
<script>alert(1)</script><p>Then a lamp<!-- x --> went on.</p>]]>
</content:encoded></item>
<item><title>Two words</title><guid>tale-2</guid><description>Two words.</description></item>
<item><title>Nothing</title><guid>tale-3</guid></item>
</channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>കഥകൾ</title><id>urn:x</id>
<updated>2026-11-01T00:00:00Z</updated><entry><id>urn:1</id><title>ഒരു കഥ</title><updated>2026-11-01T00:00:00Z</updated>
<link href="javascript:alert(1)"/><content type="html">&lt;p&gt;ഒരിടത്ത് ഒരു പൂച്ച.&lt;/p&gt;</content></entry></feed>"""


@dataclass
class Site:
    """Answers by address; remembers the headers it was asked with."""

    pages: dict[str, httpx.Response] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def fetch(self, url: str, headers: dict[str, str]) -> httpx.Response:
        self.asked.append((url, headers))
        return self.pages.get(url, httpx.Response(404))


URL = "https://tales.example/feed"


def read(site: Site, marks=None, **settings) -> tuple[list[FetchedStory], Findings]:
    findings = Findings()
    reader = FeedReader(FeedSettings(url=URL, **{"min_words": 4, **settings}), site.fetch, marks=marks)
    return list(reader.read(findings)), findings


def test_an_entry_arrives_as_text_with_its_date_and_author():
    headers = {"etag": '"v1"', "last-modified": "Tue, 03 Nov 2026 05:00:00 GMT"}
    site = Site({URL: httpx.Response(200, text=RSS, headers=headers)})
    stories, findings = read(site)
    assert stories == [
        FetchedStory(
            external_id="tale-1",
            title="The lamp & the well",
            text="It was dark.\nVery dark.\n\nThen a lamp went on.",
            url="https://tales.example/lamp",
            author="Ann",
            community="Night Tales",
            posted_at=datetime(2026, 11, 3, 4, 30, tzinfo=UTC),
        )
    ]
    assert (findings.seen, dict(findings.left_out)) == (3, {"too_short": 1, "no_text": 1})
    assert findings.marks == {"etag": '"v1"', "modified": "Tue, 03 Nov 2026 05:00:00 GMT"}


def test_a_feed_that_has_not_changed_costs_one_short_request():
    site = Site({URL: httpx.Response(304)})
    marks = {"etag": '"v1"', "modified": "Tue, 03 Nov 2026 05:00:00 GMT"}
    stories, findings = read(site, marks=marks)
    assert (stories, findings.unchanged, findings.marks) == ([], True, marks)
    assert site.asked == [(URL, {"If-None-Match": '"v1"', "If-Modified-Since": "Tue, 03 Nov 2026 05:00:00 GMT"})]


def test_an_atom_feed_in_malayalam_and_a_link_that_is_no_web_address():
    stories, _ = read(Site({URL: httpx.Response(200, text=ATOM)}), min_words=1)
    assert [(s.external_id, s.title, s.text, s.url, s.community) for s in stories] == [
        ("urn:1", "ഒരു കഥ", "ഒരിടത്ത് ഒരു പൂച്ച.", "", "കഥകൾ")
    ]


def test_the_linked_page_is_read_when_the_feed_has_only_a_summary():
    article = "<p>" + "The whole tale is told on this page, and it is much longer than its summary. " * 12 + "</p>"
    page = f"<html><body><nav>Home</nav><article><h1>Lamp</h1>{article}</article></body></html>"
    site = Site({URL: httpx.Response(200, text=RSS), "https://tales.example/lamp": httpx.Response(200, text=page)})
    stories, findings = read(site, min_words=100, follow_links=True)
    assert [story.external_id for story in stories] == ["tale-1"]
    assert stories[0].text.count("The whole tale is told on this page") == 12
    assert "Home" not in stories[0].text
    assert findings.left_out == {"too_short": 1, "no_text": 1}


@pytest.mark.parametrize(
    ("response", "permanent", "retry_after"),
    [
        (httpx.Response(404), True, None),
        (httpx.Response(410), True, None),
        (httpx.Response(403), True, None),
        (httpx.Response(500), False, None),
        (httpx.Response(429, headers={"retry-after": "90"}), False, 90.0),
        (httpx.Response(503, headers={"retry-after": "soon"}), False, None),
        (httpx.Response(200, text="<html><body>No feed</body></html>"), True, None),
        (httpx.Response(200, content=b"\x00\xff\xfe"), True, None),
    ],
)
def test_what_cannot_be_read_says_whether_to_try_again(response, permanent, retry_after):
    with pytest.raises(AdapterError) as caught:
        read(Site({URL: response}))
    assert (caught.value.permanent, caught.value.retry_after) == (permanent, retry_after)
    assert caught.value.hint


def test_text_that_only_looks_like_html_stays():
    assert html_to_text("2 &lt; 3 &amp; 5 &gt; 4") == "2 < 3 & 5 > 4"
    assert html_to_text("plain\ntext") == "plain text"
    assert html_to_text("<pre>a\nb</pre>") == "a\nb"
    assert html_to_text("<ul><li>one</li><li>two</li></ul>tail") == "one\n\ntwo\n\ntail"
    assert html_to_text("<!-- nothing -->") == ""


def test_the_address_must_be_a_web_address():
    for wrong in ("ftp://tales.example/feed", "tales.example", "file:///etc/passwd", "https://"):
        with pytest.raises(ValueError):
            FeedSettings(url=wrong)
