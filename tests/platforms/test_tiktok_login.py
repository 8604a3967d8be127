"""`manage.py tiktok_login`: a person logs in, in a browser of their own, and the account keeps the session."""

from __future__ import annotations

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
from django.core.management import CommandError, call_command
from django.db import connection
from playwright.sync_api import Error, sync_playwright

from apps.platforms.models import Account
from apps.platforms.registry import adapter
from tests.factories.platforms import AccountFactory
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
        path.write_text(
            "[addresses]\n" + "\n".join(lines) + '\n[network]\nhosts = ["127.0.0.1"]\ncookie_domains = ["127.0.0.1"]\n'
        )
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
