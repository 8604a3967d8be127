"""What readers and editors of a real site see of a post."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.utils.translation import gettext, override

from apps.common.errors import AdapterError
from apps.common.errors import NotFound as Gone
from apps.platforms.base import Connection, Found, Picture, Problem, PublishRequest
from apps.platforms.wordpress import content
from apps.platforms.wordpress.adapter import WordpressPlatform
from tests.conformance.platform import Heard
from tests.platforms.posts import file_of, image

APost = Callable[..., PublishRequest]


def test_a_post_arrives_whole(platform: WordpressPlatform, a_post: APost, ask, wordpress) -> None:
    ask("categories", {"name": "Trips & trails"})
    ask("categories", {"name": "Öffentlich"})
    video = file_of(b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(600_000), "video/mp4")
    captions = file_of(b"WEBVTT\n\n00:00.000 --> 00:01.000\nWaves.\n", "text/vtt", "w1/c.vtt")
    request = a_post(
        title="A day at sea & after",
        text="The **first** day.\nStill the first.\n\n- salt\n- <script>alert(1)</script>\n\n[More](https://example.org/a)",
        hashtags=("sea", "Night"),
        language="ml",
        has_video=True,
        video=video,
        thumbnail=image(80, 60, kind="png"),
        captions=captions,
        pictures=(Picture(image(90, 60), 'A "wave"'), Picture(image(60, 90), "തിര")),
        settings={"status": "publish", "categories": "trips & trails, Öffentlich, trips & trails"},
    )
    heard = Heard()
    result = platform.publish(request, heard)

    made = ask(f"posts/{result.external_id}")
    assert result.url == made["link"] == f"{wordpress.url}/a-day-at-sea-after/"
    assert (made["status"], made["title"]["raw"]) == ("publish", "A day at sea &amp; after")
    assert made["excerpt"]["raw"] == "The first day. Still the first."
    assert {ask(f"tags/{number}")["name"] for number in made["tags"]} == {"sea", "Night"}
    assert {ask(f"categories/{number}")["name"] for number in made["categories"]} == {
        "Trips &amp; trails",
        "Öffentlich",
    }

    files = {f["id"]: f for f in ask("media", parent=made["id"])}
    by_kind = {f["mime_type"]: f["source_url"] for f in files.values()}
    stills = sorted(number for number, f in files.items() if f["mime_type"] == "image/png")
    assert [(files[n]["alt_text"], n == made["featured_media"]) for n in stills] == [
        ("A day at sea & after", True),
        ('A "wave"', False),
        ("തിര", False),
    ]
    poster, wave, tira = (files[number]["source_url"] for number in stills)
    with override("ml"):
        label = gettext("Captions")
    assert made["content"]["raw"] == (
        f'<div lang="ml" data-rundown="{request.post_key.hex}">'
        f'<figure class="wp-block-video"><video controls poster="{poster}" src="{by_kind["video/mp4"]}">'
        f'<track kind="captions" srclang="ml" src="{by_kind["text/vtt"]}" label="{label}"></video></figure>'
        "<p>The <strong>first</strong> day.<br>Still the first.</p>"
        "<ul><li>salt</li><li>&lt;script&gt;alert(1)&lt;/script&gt;</li></ul>"
        '<p><a href="https://example.org/a">More</a></p>'
        f'<figure class="wp-block-image"><img src="{wave}" alt="A &quot;wave&quot;" class="wp-image-{stills[1]}">'
        f'</figure><figure class="wp-block-image"><img src="{tira}" alt="തിര" class="wp-image-{stills[2]}"></figure>'
        "</div>"
    )
    assert httpx.get(by_kind["video/mp4"]).content == video.open().read()
    everything = sum(each.size for each in (video, request.thumbnail, captions)) + sum(
        picture.file.size for picture in request.pictures
    )
    assert heard.handles == [result.external_id]
    assert heard.progressed[-1] == (everything, everything)
    assert [done for done, _total in heard.progressed] == sorted({done for done, _total in heard.progressed})

    page = httpx.get(result.url).text
    assert "<p>The <strong>first</strong> day.<br />Still the first.</p>" in page
    assert "<script>alert" not in page
    assert 'alt="തിര"' in page


@pytest.mark.parametrize("status", ["private", "draft"])
def test_posts_that_are_not_for_everybody(platform, a_post: APost, ask, status: str) -> None:
    request = a_post(settings={"status": status})
    result = platform.publish(request, Heard())
    assert ask(f"posts/{result.external_id}")["status"] == status
    assert platform.reconcile(request, result.external_id).result.external_id == result.external_id


def test_a_site_publishes_later_by_its_own_schedule(platform, a_post: APost, ask) -> None:
    request = a_post(settings={"delay": "60"})
    before = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    result = platform.publish(request, Heard())
    made = ask(f"posts/{result.external_id}")
    assert made["status"] == "future"
    assert timedelta(minutes=60) <= datetime.fromisoformat(made["date_gmt"]) - before < timedelta(minutes=62)
    assert platform.reconcile(request, result.external_id) == Found(result)
    assert platform.publish(request, Heard()) == result


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("കേരളത്തിലെ വാർത്ത", "കേരളത്തിലെ-വാർത്ത"),
        ("海の一日", "海の一日"),
        ("Ça va, l’été?", "ça-va-lété"),
        ("ഒരു വലിയ വാർത്ത കേരളത്തിൽ നിന്ന് ഇന്ന് രാവിലെ വന്നു", "ഒരു-വലിയ-വാർത്ത"),
    ],
)
def test_addresses_are_readable_in_every_script(platform, a_post: APost, ask, title: str, slug: str) -> None:
    assert content.post_slug(title) == slug
    url = platform.publish(a_post(title=title), Heard()).url
    assert httpx.get(url, follow_redirects=False).status_code == 200
    shown = httpx.URL(url).path.strip("/")
    # WordPress writes Latin letters without their accents.
    assert shown in (slug, "ca-va-lete")


def test_the_first_place_of_publication_is_named(platform, a_post: APost, ask) -> None:
    result = platform.publish(a_post(canonical_url="https://example.org/first?a=1&b=2"), Heard())
    raw = ask(f"posts/{result.external_id}")["content"]["raw"]
    link = '<a href="https://example.org/first?a=1&amp;b=2">example.org/first?a=1&amp;b=2</a>'
    assert f"<p>First published at {link}.</p></div>" in raw


def test_an_seo_plugin_is_told_of_the_first_place(platform, a_post: APost, ask, wordpress) -> None:
    with wordpress.switched("seo"):
        result = platform.publish(a_post(canonical_url="https://example.org/first"), Heard())
        made = ask(f"posts/{result.external_id}")
    assert made["meta"]["_yoast_wpseo_canonical"] == "https://example.org/first"
    assert "First published" not in made["content"]["raw"]


def test_tags_are_found_whatever_their_spelling(platform, a_post: APost, ask) -> None:
    name = f"Straße{uuid.uuid4().hex[:6]}"
    first = platform.publish(a_post(hashtags=(name,)), Heard())
    second = platform.publish(a_post(hashtags=(name.upper().replace("SS", "ß"), name)), Heard())
    assert ask(f"posts/{first.external_id}")["tags"] == ask(f"posts/{second.external_id}")["tags"]


def test_a_tag_that_somebody_makes_at_the_same_time_is_taken(platform, a_post: APost, ask, proxy) -> None:
    from tests.servers.wordpress_proxy import answers

    name = f"race{uuid.uuid4().hex[:6]}"
    number = ask("tags", {"name": name})["id"]
    proxy.will(f"GET /wp-json/wp/v2/tags.*{name}", answers(200, "[]"))
    result = platform.publish(a_post(hashtags=(name,), login={"site": proxy.url}), Heard())
    assert ask(f"posts/{result.external_id}")["tags"] == [number]


def test_an_editor_makes_a_category_and_an_author_is_told(platform, a_post: APost, ask, wordpress) -> None:
    name = f"New {uuid.uuid4().hex[:6]}"
    with pytest.raises(AdapterError, match=f"This user may not make the category “{name}”") as caught:
        platform.publish(a_post(settings={"categories": name}), Heard())
    assert caught.value.permanent
    admin = {"username": "admin", "password": wordpress.passwords["admin"]}
    result = platform.publish(a_post(settings={"categories": name}, login=admin), Heard())
    assert [ask(f"categories/{n}")["name"] for n in ask(f"posts/{result.external_id}")["categories"]] == [name]


def test_a_site_with_plain_addresses_is_found_too(platform, a_post: APost, ask, wordpress) -> None:
    with wordpress.switched("plain_permalinks"):
        result = platform.publish(a_post(hashtags=("plain",)), Heard())
    assert ask(f"posts/{result.external_id}")["status"] == "publish"


def test_a_title_is_missed_before_anyone_schedules(platform, a_post: APost) -> None:
    draft = replace(a_post().draft, title=" ")
    assert platform.validate(draft) == [Problem("title", "A post on a site needs a title.")]


def test_an_account_belongs_to_somebody(platform, credentials, wordpress) -> None:
    identity = platform.check(Connection("me", credentials))
    assert (identity.handle, identity.name) == (f"author@{wordpress.url.removeprefix('http://')}", "author")
    assert identity.url == f"{wordpress.url}/author/author/"


def test_comments_are_counted(platform, a_post: APost, ask) -> None:
    request = a_post()
    number = platform.publish(request, Heard()).external_id
    ask(
        "comments",
        {
            "post": int(number),
            "content": "Lovely.",
            "status": "approve",
            "author_name": "R",
            "author_email": "r@example.org",
        },
    )
    assert platform.read_metrics(request.connection, number) == {"comments": 1}
    ask(f"posts/{number}", method="DELETE", force="true")
    with pytest.raises(Gone):
        platform.read_metrics(request.connection, number)


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("one\ntwo", "<p>one<br>two</p>"),
        ("one\n\ntwo", "<p>one</p><p>two</p>"),
        ("#sea is no heading", "<p>#sea is no heading</p>"),
        ("# Sea", "<h1>Sea</h1>"),
        ("<b>raw</b> & <i onclick=x>", "<p>&lt;b&gt;raw&lt;/b&gt; &amp; &lt;i onclick=x&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("![alt](https://example.org/x.png)", "<p></p>"),
        ("```\na\n\nb\n```", "<pre><code>a\n\nb\n</code></pre>"),
        ("wide  \nbreak and **bold\nline**", "<p>wide<br>break and <strong>bold<br>line</strong></p>"),
        (
            "| a | b |\n|---|---|\n| 1 | 2 |",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
        ),
        ("", ""),
    ],
)
def test_words_become_clean_html(written: str, clean: str) -> None:
    assert content.text(written) == clean
