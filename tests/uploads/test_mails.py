"""What people are told by mail: once, in their language, with all that they need to post it by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from django_scopes import scope
from time_machine import travel

from apps.content.models import Asset
from apps.lifecycle.models import Event, Run
from apps.lifecycle.runs import start_run
from apps.pipeline import flow
from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.uploads import by_hand, dead_letters, notices
from apps.uploads.models import Notice
from apps.uploads.services import publish_post
from apps.workspaces.roles import Role
from tests.factories.platforms import AccountFactory
from tests.factories.workspaces import add_person
from tests.uploads.test_people import ONLINE, WORDS, editor, fail, fresh, signed_in


@pytest.fixture
def owner(in_workspace):
    return add_person(in_workspace, "owner", email="owner@example.org")


def with_video(post: Post) -> Asset:
    return Asset.objects.create(
        workspace=post.workspace,
        revision=post.revision,
        kind=Asset.Kind.VIDEO,
        part=post.part,
        key="v",
        bytes=4,
        file=ContentFile(b"film", name="film.mp4"),
    )


def due(minutes: float = 1) -> list[int]:
    return notices.waiting_workspaces(timezone.now() + timedelta(minutes=minutes))


def test_owners_get_one_mail_with_text_video_and_link_for_several_posts(puzzled, owner):
    with_video(puzzled)
    refused = AccountFactory(workspace=puzzled.workspace, platform="studio", settings={"does": "refuse"})
    for post in (puzzled, fail(refused, "Refused")):
        notices.note(post)
        notices.note(post)
    assert (due(0), due()) == ([], [puzzled.workspace_id])
    assert notices.mail(puzzled.workspace) == 2
    assert (due(), due(10)) == ([], [])
    people = {each.to[0] for each in mail.outbox}
    assert "owner@example.org" in people
    assert len(people) == len(mail.outbox)
    letter = next(each for each in mail.outbox if each.to == ["owner@example.org"])
    assert letter.subject == f"2 things need you · {puzzled.workspace.name}"
    [(html, kind)] = letter.alternatives
    assert kind == "text/html"
    link = by_hand.link_to(Asset.objects.get(), puzzled).rsplit(":", 2)[0]
    for said in ("The platform shows a puzzle.", WORDS, "https://studio.example/upload", link):
        assert said in letter.body
        assert said in html
    assert f"/w/{puzzled.workspace.slug}/by-hand/{puzzled.pk}/" in letter.body
    about = [f"schedules.post:{post.pk}" for post in (puzzled, refused.posts.get())]
    assert Event.objects.get(type="people.told").data == {"about": about, "people": len(people)}


def test_the_same_post_with_the_same_cause_is_mailed_once(puzzled, owner):
    notices.note(puzzled)
    notices.mail(puzzled.workspace)
    sent = len(mail.outbox)
    dead_letters.replay(post=puzzled, actor=editor(puzzled))
    Account.objects.update(hold_until=None)
    assert publish_post(post_id=puzzled.pk) == "needs_human"
    assert [post.pk for post in notices.unnoted(Post.objects.all())] == [puzzled.pk]
    notices.note(fresh(puzzled))
    assert list(notices.unnoted(Post.objects.all())) == []
    assert due(60) == []
    Post.objects.filter(pk=puzzled.pk).update(error={"code": "changed_page", "message": "New page.", "hint": ""})
    notices.note(fresh(puzzled))
    notices.mail(puzzled.workspace)
    assert len(mail.outbox) == 2 * sent


def test_work_that_failed_for_good_is_told_as_well(in_workspace, owner):
    run = start_run(workspace=in_workspace, kind="fetch", subject="canary:1")
    said = {"code": "adapter_error", "message": "The feed is gone.", "hint": "Look at its address."}
    Run.objects.filter(pk=run.pk).update(state="failed", error=said)
    run.refresh_from_db()
    for _again in range(2):
        flow.fail_production(run)
    assert list(notices.unnoted_runs(Run.objects.all())) == []
    assert notices.mail(in_workspace) == 1
    letter = next(each for each in mail.outbox if each.to == ["owner@example.org"])
    assert letter.subject == f"“Work that failed: fetch” needs you · {in_workspace.name}"
    assert "The feed is gone.\nLook at its address." in letter.body
    assert f"/w/{in_workspace.slug}/attention/?list=work" in letter.body
    page = signed_in(in_workspace).get(f"/w/{in_workspace.slug}/attention/?list=work").content.decode()
    assert "The feed is gone." in page


def test_what_is_settled_before_the_mail_is_not_mailed(puzzled, owner):
    notices.note(puzzled)
    by_hand.report_posted(post=puzzled, actor=editor(puzzled), url=ONLINE)
    assert notices.mail(puzzled.workspace) == 0
    assert (mail.outbox, due(60)) == ([], [])


def test_a_mail_that_cannot_be_sent_is_sent_later(puzzled, owner, settings):
    notices.note(puzzled)
    settings.EMAIL_BACKEND = "tests.uploads.no_such_backend.Backend"
    assert notices.mail(puzzled.workspace) == 0
    notice = Notice.objects.get()
    assert (notice.failures, notice.mailed_at) == (1, None)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with travel(timezone.now() + timedelta(minutes=2), tick=True):
        assert due(0) == [puzzled.workspace_id]
        assert notices.mail(puzzled.workspace) == 1
    assert mail.outbox


def test_the_link_in_the_mail_gives_the_video_until_the_post_is_settled(puzzled):
    link = by_hand.link_to(with_video(puzzled), puzzled).partition("//")[2]
    path = link[link.index("/") :]
    answer = Client().get(path)
    assert b"".join(answer.streaming_content) == b"film"
    assert answer["Content-Disposition"] == 'attachment; filename="Puzzle.mp4"'
    assert Client().get(path[:-3] + "xx/").status_code == 404
    with travel(timezone.now() + timedelta(days=by_hand.LINK_DAYS, hours=1), tick=True):
        assert Client().get(path).status_code == 404
    by_hand.report_posted(post=puzzled, actor=editor(puzzled), url=ONLINE)
    assert Client().get(path).status_code == 404


def test_mails_are_in_the_language_of_their_reader(puzzled):
    for code in ("en", "ml"):
        add_person(puzzled.workspace, Role.ADMIN, email=f"{code}@example.org", language=code)
    notices.note(puzzled)
    with scope(workspace=puzzled.workspace):
        notices.mail(puzzled.workspace)
    assert {f"{code}@example.org" for code in ("en", "ml")} <= {each.to[0] for each in mail.outbox}
