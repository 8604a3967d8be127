"""A platform that refuses the login in the middle of publishing, and an upload that breaks off: the product's side."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.utils import timezone

from apps.content.models import Asset
from apps.platforms.base import Identity
from apps.platforms.registry import adapter
from apps.platforms.services import save_account
from apps.platforms.youtube import upload
from apps.platforms.youtube.adapter import YoutubePlatform
from apps.schedules.models import Post, Waiting
from apps.schedules.services import schedule_item
from apps.uploads.models import Attempt
from apps.uploads.services import publish_post
from apps.workspaces.actors import SYSTEM
from tests.factories.schedules import posts_for, ready_item
from tests.platforms.video import sha256_of
from tests.servers import youtube_server
from tests.servers.loopback import cuts
from tests.servers.youtube_server import ACCESS, CLIENT, REFRESH, YouTube

pytestmark = pytest.mark.django_db
FILM = bytes(range(256)) * 2734  # 699,904 bytes: three chunks


def seen(post: Post) -> Post:
    return Post._base_manager.get(pk=post.pk)


@pytest.fixture
def publish(django_capture_on_commit_callbacks) -> Callable[[Post], str]:
    """One turn of a worker, mails included."""

    def turn(post: Post) -> str:
        Post._base_manager.filter(pk=post.pk, wake_at__isnull=False).update(wake_at=timezone.now(), not_before=None)
        with django_capture_on_commit_callbacks(execute=True):
            return publish_post(post_id=post.pk)

    return turn


def test_a_login_that_ended_early_is_renewed_and_the_post_goes_out(by_oauth, provider, publish):
    account = by_oauth(ends_in=3600)
    [post] = posts_for(account)
    provider.access.clear()  # the platform ended it before its time
    assert publish(post) == "scheduled"
    post = seen(post)
    assert (post.error["code"], post.waiting_for, post.tries) == ("login_renewed", Waiting.RETRY, 0)
    assert publish(post) == "published"
    account.refresh_from_db()
    assert (account.state, provider.asked, mail.outbox) == ("active", ["refresh_token"], [])


def test_a_refused_renewal_asks_the_owner_once_and_loses_no_post(by_oauth, provider, publish, actor):
    account = by_oauth(ends_in=3600, actor=actor("admin"))
    posts = [*posts_for(account), *posts_for(account)]
    provider.revoke()
    for post in posts * 2:
        assert publish(post) == "scheduled"
    assert [(seen(post).waiting_for, seen(post).tries) for post in posts] == [(Waiting.PAUSE, 0)] * 2
    account.refresh_from_db()
    assert (account.state, len(mail.outbox), provider.asked) == ("needs_login", 1, ["refresh_token"])
    account.credentials = {**account.credentials, **provider.grant()}
    account.state = "active"
    account.save()
    assert [publish(post) for post in posts] == ["published"] * 2


def test_a_login_that_is_refused_again_after_its_renewal_is_asked_for(by_oauth, provider, publish):
    account = by_oauth(ends_in=3600)
    [post] = posts_for(account)
    provider.banned = True
    assert [publish(post), publish(post), publish(post)] == ["scheduled"] * 3
    account.refresh_from_db()
    assert (account.state, provider.asked, len(mail.outbox)) == ("needs_login", ["refresh_token"], 1)
    assert (seen(post).error["code"], seen(post).tries) == ("needs_login", 0)


def test_a_login_that_cannot_be_renewed_just_now_is_tried_again(by_oauth, provider, publish):
    account = by_oauth(ends_in=3600)
    [post] = posts_for(account)
    provider.access.clear()
    provider.token_broken = 503
    assert publish(post) == "scheduled"
    account.refresh_from_db()
    assert (account.state, mail.outbox, seen(post).error["code"]) == ("active", [], "adapter_error")
    provider.token_broken = 0
    assert [publish(post), publish(post)] == ["scheduled", "published"]


@pytest.fixture
def youtube(monkeypatch: pytest.MonkeyPatch) -> Iterator[YouTube]:
    monkeypatch.setattr(upload, "CHUNK", upload.STEP)
    monkeypatch.setattr(upload, "PAUSES", (0.01,))
    with youtube_server.serve() as youtube:
        monkeypatch.setattr(YoutubePlatform, "api", youtube.url)
        monkeypatch.setattr(YoutubePlatform, "token_url", f"{youtube.url}/token")
        yield youtube


@pytest.fixture
def film(in_workspace) -> Post:
    """A video that is due on a YouTube account."""
    credentials = {**CLIENT, "access_token": ACCESS, "refresh_token": REFRESH, "expires_at": 4e9}
    account = save_account(
        workspace=in_workspace,
        actor=SYSTEM,
        plug=adapter("youtube"),
        identity=Identity("@seaday"),
        credentials=credentials,
        name="Sea",
        settings={},
        limits={},
    )
    item = ready_item(in_workspace, title="A day at sea")
    Asset.objects.create(
        workspace=in_workspace,
        revision=item.current_revision,
        kind=Asset.Kind.VIDEO,
        file=ContentFile(FILM, name="film.mp4"),
        key="film",
        bytes=len(FILM),
        sha256=sha256_of(FILM),
    )
    return schedule_item(item=item, account=account, actor=SYSTEM)[0]


def test_an_interrupted_upload_goes_on_where_it_stopped(youtube, film, publish):
    youtube.will("PUT .*bytes 262144-", *[cuts] * 3)
    assert publish(film) == "scheduled"
    youtube.script.clear()
    youtube.ranges.clear()
    assert publish(film) == "published"
    assert [span.split("-")[0] for span in youtube.ranges] == ["bytes 262144", "bytes 524288"]
    assert (youtube.videos["video000001"]["content"], len(youtube.sessions)) == (FILM, 1)
    assert list(Attempt.objects.filter(post=film).order_by("number").values_list("outcome", flat=True)) == [
        "failed",
        "published",
    ]


def test_an_upload_whose_worker_died_goes_on_where_it_stopped(youtube, film, publish):
    def dies(*_: object) -> None:
        raise SystemExit

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upload._Upload, "_noted", dies)
        with pytest.raises(SystemExit):
            publish(film)
    Post._base_manager.filter(pk=film.pk).update(lease_until=timezone.now())
    assert publish(film) == "unknown"
    assert publish(film) == "scheduled"
    youtube.ranges.clear()
    assert publish(film) == "published"
    assert (youtube.videos["video000001"]["content"], len(youtube.sessions)) == (FILM, 1)
