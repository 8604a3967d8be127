"""What platforms counted is kept at fixed ages, and a platform that does not answer holds up nobody."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone
from django_scopes import scope

from apps.analytics.models import Reading
from apps.analytics.services import read_due_posts
from apps.lifecycle.models import Event
from apps.platforms.feed.models import Feed, FeedEntry
from apps.schedules.models import Post
from tests.factories.analytics import make_published
from tests.factories.workspaces import WorkspaceFactory


@pytest.fixture
def home(transactional_db, live_server, settings):
    """A workspace whose feed answers over HTTP; its scope is open."""
    cache.clear()
    settings.INTERNAL_URL = live_server.url
    workspace = WorkspaceFactory()
    with scope(workspace=workspace):
        yield workspace


def seen(post: Post, views: int) -> None:
    """The entry of that post, watched so often."""
    feed = Feed.objects.get(account=post.account)
    about = {"workspace": post.workspace, "feed": feed, "post_key": post.key, "title": "A story"}
    FeedEntry._base_manager.update_or_create(
        post_key=post.key, defaults={**about, "slug": str(uuid4())[:8], "views": views}
    )


def kept(post: Post) -> list[tuple[int, dict[str, int]]]:
    return list(Reading.objects.filter(post=post).order_by("hours").values_list("hours", "counts"))


def older(post: Post, hours: float) -> None:
    Post.objects.filter(pk=post.pk).update(published_at=timezone.now() - timedelta(hours=hours))


def test_a_post_is_read_once_at_each_age(home):
    post = make_published(home, hours=0.5)
    seen(post, 3)
    assert (read_due_posts(), kept(post)) == (0, [])
    older(post, 1.2)
    assert (read_due_posts(), read_due_posts(), kept(post)) == (1, 0, [(1, {"views": 3})])
    seen(post, 40)
    older(post, 50)
    assert read_due_posts() == 1
    assert kept(post) == [(1, {"views": 3}), (48, {"views": 40})]
    [told, _later] = Event.objects.filter(type="post.read").order_by("seq")
    assert told.data == {"counts": {"views": 3}, "hours": 1, "gone": False}


def test_the_age_that_a_reading_really_had_is_known(home):
    post = make_published(home, hours=5)
    seen(post, 1)
    read_due_posts()
    assert round(Reading.objects.select_related("post").get().after.total_seconds() / 3600) == 5


def test_a_post_that_is_gone_is_told_and_not_asked_for_at_that_age_again(home):
    post = make_published(home)
    assert (read_due_posts(), read_due_posts()) == (1, 0)
    assert Reading.objects.values_list("post", "gone", "counts").get() == (post.pk, True, {})


def test_an_account_that_does_not_answer_is_left_alone_for_a_while_and_others_are_read(home, settings):
    dumb, fine = make_published(home, hours=3), make_published(home, hours=2)
    seen(fine, 2)
    account = dumb.account
    account.credentials = {"key": "wrong"}
    account.save(update_fields=["credentials"])
    assert read_due_posts() == 1
    assert (kept(dumb), kept(fine)) == ([], [(1, {"views": 2})])
    assert cache.get(f"analytics.pause.{account.pk}")
