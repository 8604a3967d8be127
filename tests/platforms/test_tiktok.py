"""TikTok as the product uses it: a login by command, and posts that come out as the engine needs to know."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Error, sync_playwright

from apps.content.models import Asset
from apps.platforms.models import Account
from apps.platforms.registry import adapter
from apps.schedules.models import Post
from apps.schedules.services import schedule_item
from apps.uploads.models import Evidence
from apps.uploads.services import publish_post
from apps.workspaces.actors import SYSTEM
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import ready_item
from tests.platforms.tiktok.conftest import VIDEO, cookies
from tests.servers.tiktok_studio import server


@pytest.fixture
def studio() -> Iterator[server.Studio]:
    """The studio, described to the installation by an operator's file."""
    folder = Path(settings.HOME) / "platforms"
    folder.mkdir(exist_ok=True)
    path = folder / "tiktok.toml"
    with server.running() as studio:
        addresses = {"posts": "/tiktokstudio/content", "upload": "/tiktokstudio/upload", "login": "/login"}
        addresses |= {"post": "/@{handle}/video/{id}", "profile": "/@{handle}"}
        lines = [f'{name} = "{studio.url}{at}"' for name, at in addresses.items()]
        hosts = 'hosts = ["127.0.0.1"]\ncookie_domains = ["127.0.0.1"]'
        waits = "suggestions = 0.3\nkey = 0\nanswer = 4\nlisting = 2"
        path.write_text("\n".join(["[addresses]", *lines, "[network]", hosts, "[waits]", waits]))
        yield studio
    path.unlink()


@contextmanager
def person(profile: Path) -> Iterator[str]:
    """Somebody with a browser, who fills in every login form that opens in it; yields its address."""
    opened, done = threading.Event(), threading.Event()

    def browse() -> None:
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                profile,
                executable_path=settings.CHROMIUM_PATH or shutil.which("chromium"),
                args=["--remote-debugging-port=0"],
            )
            opened.set()
            while not done.is_set():
                for tab in context.pages:
                    try:
                        if tab.locator("input[name=username]").count():
                            tab.locator("input[name=username]").fill("harbour")
                            tab.get_by_role("button", name="Log in").click()
                    except Error:
                        continue
                context.pages[0].wait_for_timeout(100)
            context.close()

    thread = threading.Thread(target=browse)
    thread.start()
    try:
        assert opened.wait(60)
        ports = profile / "DevToolsActivePort"
        while not ports.exists():
            time.sleep(0.05)
        yield f"http://127.0.0.1:{ports.read_text().split()[0]}"
    finally:
        done.set()
        thread.join()


def test_a_person_logs_in_and_the_account_goes_on_with_the_sealed_session(workspace, studio, tmp_path):
    account = AccountFactory(workspace=workspace)
    waiting = {"platform": "tiktok", "handle": "harbour", "state": Account.State.NEEDS_LOGIN}
    Account._base_manager.filter(pk=account.pk).update(**waiting)
    said = StringIO()
    with person(tmp_path / "profile") as address:
        call_command("tiktok_login", workspace.slug, account="harbour", browser=address, minutes=1, stdout=said)
    assert "Log in to TikTok in the browser's new tab." in said.getvalue()
    assert "@harbour is logged in until 20" in said.getvalue()
    account = Account._base_manager.get(pk=account.pk)
    assert account.state == Account.State.ACTIVE
    [kept] = json.loads(account.credentials["session"])["cookies"]
    assert (kept["name"], kept["value"]) == ("sessionid", "a-new-session")
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM platforms_account WHERE id = %s", [account.pk])
        assert "a-new-session" not in str(cursor.fetchone()[0])


def test_a_new_account_is_connected_only_when_the_risk_is_accepted(workspace, studio):
    with pytest.raises(CommandError, match="TikTok's terms do not allow automation"):
        call_command("tiktok_login", workspace.slug)
    with pytest.raises(CommandError, match="No TikTok account “nobody” is connected"):
        call_command("tiktok_login", workspace.slug, account="nobody")
    with pytest.raises(CommandError, match="There is no workspace “nowhere”"):
        call_command("tiktok_login", "nowhere")
    assert adapter("tiktok").notice


def test_a_browser_that_is_not_there_is_named(workspace, studio):
    with pytest.raises(CommandError, match="The browser could not be used"):
        call_command("tiktok_login", workspace.slug, accept=True, browser="http://127.0.0.1:9", minutes=0.5)


@pytest.fixture
def due_post(in_workspace, studio, warm) -> Post:
    """A post with a video that is due on the connected account of the studio."""
    account = AccountFactory(
        workspace=in_workspace, platform="tiktok", credentials={"session": cookies()}, accepted=True, handle=""
    )
    assert (account.handle, account.health) == ("harbour", Account.Health.GOOD)
    item = ready_item(in_workspace, title="The harbour light")
    Asset.objects.create(
        workspace=in_workspace,
        revision=item.current_revision,
        kind=Asset.Kind.VIDEO,
        part=1,
        key="v",
        bytes=len(VIDEO),
        sha256=hashlib.sha256(VIDEO).hexdigest(),
        file=ContentFile(VIDEO, name="film.mp4"),
    )
    [post] = schedule_item(item=item, account=account, actor=SYSTEM, at=timezone.now())
    return post


def test_a_due_post_is_published_once_with_its_link(studio, due_post):
    assert publish_post(post_id=due_post.pk) == "published"
    post = Post.objects.get(pk=due_post.pk)
    assert post.url == f"{studio.url}/@harbour/video/{studio.publications[0].id}"
    assert [each.video for each in studio.publications] == [hashlib.sha256(VIDEO).hexdigest()]


def test_a_puzzle_brings_the_post_to_a_person_with_a_picture_of_it(studio, due_post):
    studio.trouble = {"captcha": "start"}
    assert publish_post(post_id=due_post.pk) == "needs_human"
    assert Post.objects.get(pk=due_post.pk).error["code"] == "captcha"
    assert sorted(Evidence.objects.values_list("name", "content_type")) == [
        ("captcha.png", "image/png"),
        ("captcha.txt", "text/plain"),
    ]
    assert studio.publications == []


def test_silence_after_post_was_pressed_is_never_sent_again(studio, due_post):
    studio.trouble = {"post": "error_after", "listing": "late"}
    assert publish_post(post_id=due_post.pk) == "unknown"
    Post.objects.filter(pk=due_post.pk).update(wake_at=timezone.now())
    assert publish_post(post_id=due_post.pk) == "needs_human"
    assert publish_post(post_id=due_post.pk) == "needs_human"
    assert studio.count("The harbour light") == 1


def test_a_session_that_has_ended_flags_the_account_and_the_post_waits(studio, due_post):
    studio.sessions.clear()
    assert publish_post(post_id=due_post.pk) == "scheduled"
    assert Account.objects.get(pk=due_post.account_id).state == Account.State.NEEDS_LOGIN
    assert studio.publications == []
