"""What an adapter is given to publish."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from apps.content.images import NewImage
from apps.content.models import Item
from apps.content.services import make_variants, revise_item
from apps.platforms.base import NeedsLogin
from apps.schedules.drafts import draft_of, pictures_of
from apps.schedules.models import Post
from apps.uploads.models import Attempt
from apps.uploads.requests import request_for
from apps.workspaces.actors import SYSTEM
from tests.factories.content import make_item
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for
from tests.factories.uploads import AttemptFactory

pytestmark = pytest.mark.django_db


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(target, "WEBP")
    return target.getvalue()


def test_images_travel_in_order_with_their_words(in_workspace):
    account = AccountFactory(workspace=in_workspace)
    item = make_item(in_workspace, format=Item.Format.TEXT)
    revise_item(item=item, actor=SYSTEM, base=1, images=[NewImage(picture(), "A lamp"), NewImage(picture())])
    item.refresh_from_db()
    [post] = posts_for(account)
    [variant] = make_variants(revision=item.current_revision, platform="feed")
    post.variant, post.revision, post.item = variant, item.current_revision, item
    request = request_for(post, account.adapter)
    assert [each.alt for each in request.pictures] == ["A lamp", ""]
    assert request.draft.pictures == ("A lamp", "")
    assert request.draft.picture_sizes == tuple(each.file.size for each in request.pictures)
    assert {each.file.content_type for each in request.pictures} == {"image/webp"}
    with request.pictures[0].file.open() as kept:
        assert len(kept.read()) == request.pictures[0].file.size
    assert draft_of(variant, language="en", video=None, pictures=pictures_of(variant)).pictures == ("A lamp", "")


def test_a_later_part_has_no_images(in_workspace):
    one, two = posts_for(AccountFactory(workspace=in_workspace), parts=2)
    assert (pictures_of(one.variant), pictures_of(two.variant)) == ([], [])


def test_a_look_up_begins_with_the_first_call(in_workspace):
    [post] = posts_for(AccountFactory(workspace=in_workspace))
    assert timezone.now() - request_for(post, post.account.adapter).begun_at < timedelta(minutes=1)
    first, again = timezone.now() - timedelta(hours=2), timezone.now()
    for number, at in enumerate((first, again), 1):
        attempt = AttemptFactory(post=post, number=number)
        Attempt._base_manager.filter(pk=attempt.pk).update(intent_at=at)
    assert request_for(post, post.account.adapter).begun_at == first


def test_the_address_of_a_piece_is_where_it_was_first_published(in_workspace):
    one, two = AccountFactory(workspace=in_workspace), AccountFactory(workspace=in_workspace)
    [first] = posts_for(one)
    assert request_for(first, one.adapter).canonical_url == ""
    online = {"state": "published", "published_at": timezone.now(), "url": "https://desk.example.org/feeds/x/"}
    Post._base_manager.filter(pk=first.pk).update(**online)
    [second] = posts_for(two)
    second.item = first.item
    assert request_for(second, two.adapter).canonical_url == "https://desk.example.org/feeds/x/"
    second.item.source_url = "https://blog.example.org/story"
    assert request_for(second, two.adapter).canonical_url == "https://blog.example.org/story"


def test_a_login_that_cannot_be_renewed_stops_the_post_before_anything_is_sent(in_workspace, monkeypatch):
    [post] = posts_for(AccountFactory(workspace=in_workspace))

    def refused(account):
        raise NeedsLogin("No.")

    monkeypatch.setattr("apps.uploads.requests.fresh_connection", refused)
    with pytest.raises(NeedsLogin):
        request_for(post, post.account.adapter)
