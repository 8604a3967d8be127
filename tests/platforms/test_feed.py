from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import feedparser
import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import AsyncClient, Client
from django.utils import timezone

from apps.common.errors import Conflict, Invalid
from apps.platforms.feed import watching
from apps.platforms.feed.models import Feed, FeedEntry, FeedView
from tests.factories.platforms import AccountFactory
from tests.platforms.video import entry_of, stored

VIDEO = bytes(range(256)) * 4096
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


@pytest.fixture
def feed(db) -> Feed:
    return AccountFactory(handle="night-stories", name="Night stories").feed


def media(entry: FeedEntry, suffix: str = "mp4") -> str:
    return f"/feeds/night-stories/media/{entry.post_key}.{suffix}"


# --- Ingest -----------------------------------------------------------------------------------------------------------
def put(client: Client, feed: Feed, key: uuid.UUID, secret: str, **body):
    return client.put(
        f"/feeds/ingest/{feed.handle}/{key}",
        json.dumps({"title": "A day at sea", **body}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )


def test_the_same_key_twice_is_one_entry(client, feed):
    key, secret = uuid.uuid4(), feed.account.credentials["key"]
    first, second = put(client, feed, key, secret), put(client, feed, key, secret, title="Other words")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.json()["url"] == f"{settings.SITE_URL}/feeds/night-stories/a-day-at-sea/"
    assert FeedEntry._base_manager.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_time_is_one_entry():
    feed = AccountFactory(handle="night-stories").feed
    key, secret = uuid.uuid4(), feed.account.credentials["key"]

    def call(_n: int) -> int:
        try:
            return put(Client(), feed, key, secret).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(call, range(6))) == [200] * 5 + [201]
    assert FeedEntry._base_manager.count() == 1


@pytest.mark.parametrize("secret", ["", "wrong", "ключ"])
def test_a_wrong_key_writes_nothing_and_tells_nothing(client, feed, secret):
    unknown = Feed(handle="nobody")
    answers = [put(client, each, uuid.uuid4(), secret) for each in (feed, unknown)]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].content == answers[1].content
    assert not FeedEntry._base_manager.exists()


def test_another_workspaces_file_cannot_be_published(client, feed):
    other = AccountFactory(handle="other").feed
    theirs = stored(other, "secret.mp4", b"their video")
    answer = put(client, feed, uuid.uuid4(), feed.account.credentials["key"], video=theirs)
    assert (answer.status_code, answer.json()["errors"]) == (422, {"video": ["It lies outside the workspace."]})


@pytest.mark.parametrize(
    "change", [{"size": 5}, {"sha256": "0" * 64}, {"name": "w{ws}/../w1/x.mp4"}, {"name": "/etc/passwd"}]
)
def test_a_file_that_is_not_as_described_is_refused(client, feed, change):
    file = stored(feed, "v.mp4", b"a video") | change
    file["name"] = file["name"].replace("{ws}", str(feed.workspace_id))
    answer = put(client, feed, uuid.uuid4(), feed.account.credentials["key"], video=file)
    assert answer.status_code == 422
    assert not FeedEntry._base_manager.exists()


def test_two_entries_of_one_title_have_two_addresses(feed):
    one, two = entry_of(feed), entry_of(feed)
    assert one.slug == "a-day-at-sea"
    assert two.slug == f"a-day-at-sea-{str(two.post_key)[:8]}"


def test_a_handle_is_an_address_once_in_the_installation(feed):
    with pytest.raises(Conflict, match="The address “night-stories” is taken"):
        AccountFactory(handle="night-stories")
    with pytest.raises(Invalid):
        AccountFactory(handle="Not an address")
    with pytest.raises(Invalid):
        AccountFactory(handle="ingest")


# --- Pages ------------------------------------------------------------------------------------------------------------
def test_the_page_lists_what_was_published(client, feed, django_assert_max_num_queries):
    for n in range(3):
        entry_of(feed, title=f"Story {n}", part=1, parts_total=2, duration=61.4)
    with django_assert_max_num_queries(5):
        page = client.get("/feeds/night-stories/").content.decode()
    assert [page.index(f"Story {n}") for n in (2, 1, 0)] == sorted(page.index(f"Story {n}") for n in range(3))
    assert "Part 1 of 2" in page
    assert "1:01" in page


def test_an_entry_in_malayalam_has_its_own_address_language_and_captions(client, feed):
    entry = entry_of(feed, title="കേരളത്തിലെ വാർത്ത", language="ml", video=b"video", captions=b"WEBVTT")
    page = client.get(f"/feeds/night-stories/{entry.slug}/")
    assert page.status_code == 200
    content = page.content.decode()
    assert '<html lang="ml">' in content
    assert f'<track kind="captions" src="{media(entry, "vtt")}" srclang="ml" label="മലയാളം">' in content
    assert '<meta property="og:title" content="കേരളത്തിലെ വാർത്ത">' in content
    assert client.get(media(entry, "vtt")).headers["Content-Type"] == "text/vtt"


def test_what_a_writer_typed_is_never_markup(client, feed):
    entry = entry_of(feed, title="<script>alert(1)</script>", text="<img src=x onerror=alert(1)>")
    for address in ("/feeds/night-stories/", f"/feeds/night-stories/{entry.slug}/"):
        content = client.get(address).content.decode()
        assert "<script>alert" not in content
        assert "<img src=x" not in content


@pytest.mark.parametrize("address", ["/feeds/nobody/", "/feeds/night-stories/nothing/", "/feeds/nobody/rss.xml"])
def test_what_is_not_there_is_not_found(client, feed, address):
    assert client.get(address).status_code == 404


# --- RSS and JSON Feed ------------------------------------------------------------------------------------------------
def test_rss_is_what_podcast_apps_expect(client, feed):
    text = "Waves & <wind>\x00\x0b"
    entry = entry_of(feed, text=text, hashtags=["sea"], video=VIDEO, thumbnail=b"jpg", duration=61.4)
    answer = client.get("/feeds/night-stories/rss.xml")
    assert answer.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    parsed = feedparser.parse(answer.content)
    assert (parsed.bozo, parsed.version, parsed.feed.title) == (False, "rss20", "Night stories")
    [item] = parsed.entries
    site = settings.SITE_URL
    assert item.id == f"urn:uuid:{entry.post_key}"
    assert item.link == f"{site}/feeds/night-stories/a-day-at-sea/"
    assert [(e.href, e.length, e.type) for e in item.enclosures] == [
        (site + media(entry), str(len(VIDEO)), "video/mp4")
    ]
    assert (item.itunes_duration, item.tags[0].term) == ("61", "sea")
    channel = ElementTree.fromstring(answer.content)[0]  # noqa: S314  our own document
    assert channel.find("{http://www.w3.org/2005/Atom}link").attrib["href"] == f"{site}/feeds/night-stories/rss.xml"
    assert channel.find("item/description").text == "<p>Waves &amp; &lt;wind&gt;</p>"
    assert parsedate_to_datetime(channel.find("item/pubDate").text) == entry.published_at.replace(microsecond=0)
    again = client.get("/feeds/night-stories/rss.xml", headers={"If-Modified-Since": answer.headers["Last-Modified"]})
    assert again.status_code == 304


def test_json_feed_says_the_same(client, feed):
    entry = entry_of(feed, text="Waves", hashtags=["sea"], video=VIDEO, duration=61.4)
    answer = client.get("/feeds/night-stories/feed.json").json()
    assert answer["version"] == "https://jsonfeed.org/version/1.1"
    assert answer["items"] == [
        {
            "id": f"urn:uuid:{entry.post_key}",
            "url": f"{settings.SITE_URL}/feeds/night-stories/a-day-at-sea/",
            "title": "A day at sea",
            "content_text": "Waves",
            "date_published": entry.published_at.isoformat(),
            "language": "en",
            "tags": ["sea"],
            "attachments": [
                {
                    "url": settings.SITE_URL + media(entry),
                    "mime_type": "video/mp4",
                    "size_in_bytes": len(VIDEO),
                    "duration_in_seconds": 61.4,
                }
            ],
        }
    ]


# --- Byte ranges ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        (None, 200, 0, len(VIDEO) - 1),
        ("bytes=0-99", 206, 0, 99),
        ("bytes=300000-", 206, 300_000, len(VIDEO) - 1),
        ("bytes=-10", 206, len(VIDEO) - 10, len(VIDEO) - 1),
        ("bytes=5-99999999", 206, 5, len(VIDEO) - 1),
        ("bytes=9-3", 200, 0, len(VIDEO) - 1),
        ("bytes=0-1,5-6", 200, 0, len(VIDEO) - 1),
        ("pages=1-2", 200, 0, len(VIDEO) - 1),
    ],
)
def test_a_player_gets_the_stretch_it_asks_for(client, feed, asked, status, first, last):
    entry = entry_of(feed, video=VIDEO)
    headers = {"Range": asked} if asked else {}
    answer = client.get(media(entry), headers=headers)
    assert answer.status_code == status
    assert b"".join(answer.streaming_content) == VIDEO[first : last + 1]
    assert answer.headers["Content-Length"] == str(last - first + 1)
    assert answer.headers.get("Content-Range") == (f"bytes {first}-{last}/{len(VIDEO)}" if status == 206 else None)
    head = client.head(media(entry), headers=headers)
    assert (head.status_code, head.content) == (status, b"")
    assert head.headers["Content-Length"] == answer.headers["Content-Length"]


@pytest.mark.parametrize("asked", [f"bytes={len(VIDEO)}-", "bytes=-0"])
def test_a_stretch_outside_the_file_is_refused(client, feed, asked):
    answer = client.get(media(entry_of(feed, video=VIDEO)), headers={"Range": asked})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(VIDEO)}")


def test_a_piece_is_only_sent_of_the_same_file(client, feed):
    entry = entry_of(feed, video=VIDEO)
    etag = client.head(media(entry)).headers["ETag"]
    same = client.get(media(entry), headers={"Range": "bytes=0-9", "If-Range": etag})
    other = client.get(media(entry), headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)
    assert client.get(media(entry), headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_under_asgi_the_video_comes_in_pieces():
    from asgiref.sync import sync_to_async

    entry = await sync_to_async(lambda: entry_of(AccountFactory(handle="night-stories").feed, video=VIDEO))()
    answer = await AsyncClient().get(media(entry), headers={"Range": "bytes=10-"})
    assert answer.status_code == 206
    pieces = [piece async for piece in answer.streaming_content]
    assert b"".join(pieces) == VIDEO[10:]
    assert max(map(len, pieces)) <= 256 * 1024
    await sync_to_async(connections.close_all)()  # of that thread; PostgreSQL would not drop the database otherwise


# --- Views ------------------------------------------------------------------------------------------------------------
class Visitor:
    """Somebody with a browser, who looks at an entry's page and perhaps plays the video."""

    def __init__(self, entry: FeedEntry, *, ip: str = "10.0.0.1", agent: str = BROWSER) -> None:
        self.client = Client(REMOTE_ADDR=ip, headers={"User-Agent": agent})
        self.address = f"/feeds/{entry.feed.handle}/{entry.slug}/"

    def open(self) -> str:
        page = self.client.get(self.address).content.decode()
        return page.split('data-ticket="')[1].split('"')[0]

    def play(self, ticket: str) -> dict:
        return self.client.post(f"{self.address}seen", {"ticket": ticket}).json()


@pytest.fixture
def entry(feed) -> FeedEntry:
    return entry_of(feed, video=b"video", duration=60)


def test_a_view_counts_once_a_day_whatever_is_reloaded(entry, time_machine):
    visitor = Visitor(entry)
    time_machine.move_to("2026-11-20T22:30:00Z")
    ticket = visitor.open()
    time_machine.shift(4)
    assert visitor.play(ticket) == {"counted": True, "views": 1}
    assert visitor.play(ticket) == {"counted": False, "views": 1}
    time_machine.shift(3 * 3600)  # another day has begun, but 24 hours are not over
    ticket = visitor.open()
    time_machine.shift(4)
    assert visitor.play(ticket) == {"counted": False, "views": 1}
    time_machine.shift(24 * 3600)
    visitor = Visitor(entry)
    ticket = visitor.open()
    time_machine.shift(4)
    assert visitor.play(ticket) == {"counted": True, "views": 2}
    entry.refresh_from_db()
    assert entry.views == FeedView.objects.count() == 2


def test_a_text_counts_views_where_a_film_does(feed, time_machine):
    visitor = Visitor(entry_of(feed, text="Waves"))
    time_machine.move_to(timezone.now())
    page = visitor.client.get(visitor.address).content.decode()
    assert f'<main id="content" class="watch text-only" data-seen="{visitor.address}seen" data-ticket="' in page
    ticket = visitor.open()
    time_machine.shift(watching.SECONDS + 1)
    assert visitor.play(ticket) == {"counted": True, "views": 1}


def test_two_people_behind_one_address_are_two(entry, time_machine):
    time_machine.move_to("2026-11-20T12:00:00Z")
    people = [Visitor(entry), Visitor(entry)]
    tickets = [person.open() for person in people]
    time_machine.shift(4)
    assert [person.play(ticket)["views"] for person, ticket in zip(people, tickets, strict=True)] == [1, 2]


@pytest.mark.parametrize(
    "agent", ["", "Googlebot/2.1", "curl/8.5", "python-httpx/0.28", "facebookexternalhit/1.1", "HeadlessChrome/140"]
)
def test_programs_count_nothing(entry, time_machine, agent):
    time_machine.move_to("2026-11-20T12:00:00Z")
    visitor = Visitor(entry, agent=agent)
    ticket = visitor.open()
    time_machine.shift(10)
    assert visitor.play(ticket) == {"counted": False, "views": 0}


def test_a_report_without_watching_counts_nothing(entry, time_machine):
    time_machine.move_to("2026-11-20T12:00:00Z")
    visitor, other = Visitor(entry), entry_of(entry.feed, title="Another", video=b"v")
    ticket, foreign = visitor.open(), Visitor(other).open()
    assert visitor.play(ticket) == {"counted": False, "views": 0}  # at once
    time_machine.shift(4)
    assert visitor.play(foreign) == {"counted": False, "views": 0}
    assert visitor.play(ticket[:-1] + "x") == {"counted": False, "views": 0}
    assert visitor.play("") == {"counted": False, "views": 0}
    time_machine.shift(25 * 3600)
    assert visitor.play(ticket) == {"counted": False, "views": 0}


def test_one_address_cannot_count_without_end(entry, time_machine):
    time_machine.move_to("2026-11-20T12:00:00Z")
    token = watching.ticket(entry)
    time_machine.shift(4)
    counted = [
        watching.count_view(entry, token=token, ip="10.0.0.1", user_agent=BROWSER, cookie=str(n)) for n in range(30)
    ]
    assert sum(counted) == watching.PER_SOURCE_AND_ENTRY
    assert FeedView.objects.filter(at__lte=timezone.now()).count() == watching.PER_SOURCE_AND_ENTRY


def test_pictures_are_shown_with_their_words_and_syndicated(client, feed):
    content = b"\xff\xd8 a picture"
    file = {**stored(feed, "wave.jpg", content), "type": "image/jpeg", "alt": "A wave"}
    key = uuid.uuid4()
    assert put(client, feed, key, feed.account.credentials["key"], pictures=[file]).status_code == 201
    entry = FeedEntry._base_manager.get(post_key=key)
    page = client.get(f"/feeds/{feed.handle}/{entry.slug}/").content.decode()
    address = f"/feeds/{feed.handle}/media/{key}/1"
    assert f'<img src="{address}" alt="A wave"' in page
    answer = client.get(address)
    assert (answer.getvalue(), answer["Content-Type"]) == (content, "image/jpeg")
    assert client.get(f"/feeds/{feed.handle}/media/{key}/2").status_code == 404
    assert address in client.get(f"/feeds/{feed.handle}/rss.xml").content.decode()
    (item,) = client.get(f"/feeds/{feed.handle}/feed.json").json()["items"]
    assert item["attachments"][0]["mime_type"] == "image/jpeg"
    assert item["image"].endswith(address)


def test_a_picture_of_another_workspace_is_refused(client, feed):
    other = AccountFactory(handle="other").feed
    file = {**stored(other, "wave.jpg", b"theirs"), "type": "image/jpeg", "alt": ""}
    assert put(client, feed, uuid.uuid4(), feed.account.credentials["key"], pictures=[file]).status_code == 422
