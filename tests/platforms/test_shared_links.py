"""What people see where somebody shares a link to a published piece."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from apps.platforms.base import LinkCard
from apps.platforms.feed.models import Feed
from apps.platforms.feed.services import EntryPayload, ingest
from apps.platforms.wordpress.content import Uploaded
from apps.platforms.wordpress.library import Files, card_fields
from tests.factories.platforms import AccountFactory

FIRST, SECOND = Uploaded(1, "https://example.org/1.jpg"), Uploaded(2, "https://example.org/2.jpg")


@pytest.mark.django_db
def test_page_of_the_feed_names_the_title_and_words_of_the_shared_link(client, in_workspace):
    account = AccountFactory(workspace=in_workspace)
    feed = Feed._base_manager.get(account=account)
    card = {"title": "Nine nights, one lamp", "description": "How four people came home."}
    payload = EntryPayload(title="The light", text="A long text.", card=card)
    entry, _new = ingest(feed, uuid.uuid4(), payload)
    page = client.get(reverse("feed:entry", args=[feed.handle, entry.slug])).content.decode()
    assert '<meta property="og:title" content="Nine nights, one lamp">' in page
    assert '<meta property="og:description" content="How four people came home.">' in page
    plain, _new = ingest(feed, uuid.uuid4(), EntryPayload(title="Without", text="Its own words."))
    page = client.get(reverse("feed:entry", args=[feed.handle, plain.slug])).content.decode()
    assert '<meta property="og:title" content="Without">' in page
    assert '<meta property="og:description" content="Its own words.">' in page


def test_plugins_of_a_site_get_what_was_filled_in_and_no_field_that_they_lack():
    known = {"_yoast_wpseo_opengraph-title": "", "_yoast_wpseo_opengraph-image": "", "other": ""}
    assert card_fields(known, LinkCard("Nine nights", "Home.", 1), SECOND) == {
        "_yoast_wpseo_opengraph-title": "Nine nights",
        "_yoast_wpseo_opengraph-image": "https://example.org/2.jpg",
    }
    assert card_fields(known, LinkCard(), FIRST) == {}
    assert card_fields([], LinkCard("Nine nights"), None) == {}


def test_chosen_picture_is_the_shared_one_and_the_poster_else():
    files = Files(poster=FIRST, pictures=(FIRST, SECOND))
    assert [files.shared(number) for number in (None, 1, 7)] == [FIRST, SECOND, FIRST]
