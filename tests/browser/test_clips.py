"""A film is dropped into the folder of a running site, and another into its page; both find their way by themselves."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.test_first_light import sign_in
from tests.spoken import film, say

WORDS = "The teacher found a brass key under the old bridge. She kept it in a drawer for years."


@pytest.fixture(scope="module")
def spoken(tmp_path_factory) -> Path:
    """A small film in which somebody says WORDS."""
    folder = tmp_path_factory.mktemp("films")
    return film(folder / "IMG_0042.MOV", say(WORDS, cache_dir=folder), size="320x180")


def test_a_dropped_film_is_heard_captioned_and_scheduled_by_itself(site: Site, page: Page, spoken: Path) -> None:
    sign_in(page, site)
    workspace = page.url.split("/w/")[1].split("/")[0]
    let_clips_pass(page, site, workspace)

    page.goto(f"{site.url}/w/{workspace}/clips/")
    folder = Path(page.locator("#drop code").inner_text())
    dropped = folder / spoken.name
    dropped.write_bytes(spoken.read_bytes())
    before = (hashlib.sha256(dropped.read_bytes()).hexdigest(), dropped.stat().st_mtime_ns)

    card = page.locator(".film-card").first
    expect(card.get_by_text("Scheduled", exact=True)).to_be_visible(timeout=180_000)
    expect(card.locator("h3")).to_contain_text("teacher found")
    assert (hashlib.sha256(dropped.read_bytes()).hexdigest(), dropped.stat().st_mtime_ns) == before
    card.locator("h3 a").click()
    expect(page.locator("#posts time[data-countdown]")).to_be_visible()
    expect(page.locator(".heard")).to_contain_text("brass key under the old bridge")
    track = page.locator("#player track").get_attribute("src")
    assert "brass key" in page.request.get(site.url + track).text()

    # The same film again, by hand: sent in pieces, known at once.
    page.goto(f"{site.url}/w/{workspace}/clips/")
    page.set_input_files("#file", {"name": "again.mp4", "mimeType": "video/mp4", "buffer": spoken.read_bytes()})
    expect(page.get_by_text("This video is here already.")).to_be_visible()


def let_clips_pass(page: Page, site: Site, workspace: str) -> None:
    """The written policy approves clips without anybody having looked; they go into slots of the chosen accounts."""
    policy = {"when": "before", "approvers": 1, "author_may_approve": True, "review_clips": False}
    token = json.loads(page.locator("body").get_attribute("hx-headers"))["X-CSRFToken"]
    headers = {"X-CSRFToken": token, "X-Workspace": workspace, "Referer": site.url}
    assert page.request.put(f"{site.url}/api/v1/reviews/policy", data=policy, headers=headers).ok
    accounts = page.request.get(f"{site.url}/api/v1/accounts/", headers=headers).json()["items"]
    chosen = {"folder_on": True, "captions_on": True, "accounts": [account["id"] for account in accounts]}
    assert page.request.put(f"{site.url}/api/v1/clips/settings", data=chosen, headers=headers).ok
