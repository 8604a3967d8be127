"""The whole site as its own processes, and a real Chromium in front of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect, sync_playwright
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240
_WELCOME = re.compile(r"sign in (?P<email>\S+) with the one-time password (?P<password>\S+)")


@dataclass
class Site:
    """password: the owner's; at first the one-time password, as `manage.py run` printed it."""

    url: str
    email: str
    password: str
    is_new: bool = True


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A fresh database on the PostgreSQL that DATABASE_URL names; empty, for SQLite, when it names none."""
    server = os.environ.get("DATABASE_URL", "")
    if not server:
        yield ""
        return
    name = f"browser_{uuid4().hex[:12]}"
    base, _, _database = server.rpartition("/")
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield f"{base}/{name}"
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def site(database_url: str) -> Iterator[Site]:
    """`manage.py run` in a home of its own, ended the way a person ends it; one for all tests, for it starts slowly."""
    with tempfile.TemporaryDirectory(prefix="rundown-") as home, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.site",
            "RUNDOWN_HOME": home,
            "ENV_FILE": f"{home}/no.env",
            "DATABASE_URL": database_url,
            "DEBUG": "true",
            "REDIS_URL": "",
            "PORT": str(port),
        }
        log = Path(home) / "site.log"
        with log.open("wb") as out:
            command = [sys.executable, "manage.py", "run"]
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
            try:
                email, password = _welcome(process, log)
                yield Site(f"http://127.0.0.1:{port}", email, password)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


def _welcome(process: subprocess.Popen, log: Path) -> tuple[str, str]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        said = log.read_text(errors="replace")
        if found := _WELCOME.search(said):
            return found["email"], found["password"]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"The site did not start:\n{log.read_text(errors='replace')[-4000:]}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = settings.CHROMIUM_PATH or shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.fail(f"There is no Chromium at {path}. Install the Debian package chromium, or set CHROMIUM_PATH.")
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page whose script errors fail the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    # How long a thing takes is not what this tests, and machines are noisy.
    context.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def visit(page: Page, live_site: str, sign_in: Callable[..., str]) -> Callable[..., None]:
    """visit(user, "/admin/") opens that page of a server on the test's database, as this person."""

    def go(user: object, path: str) -> None:
        name, value = sign_in(user).split("=", 1)
        page.context.add_cookies([{"name": name, "value": value, "url": f"http://{live_site}"}])
        page.goto(f"http://{live_site}{path}")

    return go
