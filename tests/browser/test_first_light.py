"""From a pasted story to a video that plays, in a real browser against the real processes."""

from __future__ import annotations

import re
from itertools import pairwise

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site

PASSWORD = "a-lantern-in-the-harbour"
STORY = "The harbour light went out on a Sunday. My grandfather rowed over with a candle. Every boat came home."
# Notes every percentage that the page shows for a run, and whether the page was ever loaded anew.
WATCH_BARS = """() => {
  window.percents = [];
  setInterval(() => document.querySelectorAll('[data-run-percent]').forEach((each) => {
    const percent = parseInt(each.textContent);
    if (percent !== window.percents.at(-1)) window.percents.push(percent);
  }), 20);
}"""


def test_story_becomes_a_playing_video_before_your_eyes(site: Site, page: Page) -> None:
    sign_in(page, site)
    clear_the_queue(page, site)
    paste_and_shortlist(page)
    write_for_a_platform(page)
    approve_in_the_admin(page, site)
    address = watch_it_being_made(page, site)
    play(page, address)


def sign_in(page: Page, site: Site) -> None:
    """The first time with the one-time password, which has to be replaced."""
    page.goto(f"{site.url}/accounts/login/")
    page.fill("[name=login]", site.email)
    page.fill("[name=password]", site.password)
    page.get_by_role("button", name="Sign in").click()
    if site.is_new:
        replace_password(page, site)
    page.wait_for_url(lambda url: "password" not in url and "login" not in url)
    page.goto(site.url)
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def replace_password(page: Page, site: Site) -> None:
    page.wait_for_url("**/password/change/")
    page.fill("[name=oldpassword]", site.password)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.get_by_role("button", name="Save the password").click()
    site.password, site.is_new = PASSWORD, False


def clear_the_queue(page: Page, site: Site) -> None:
    """The story that ships waits in review; it is rejected by keyboard, with a comment."""
    expect(page.locator("#waiting li")).to_have_count(1)
    page.goto(f"{site.url}/admin/approvals/review/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.fill("#comment", "Told often enough.")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("1 item decided.")).to_be_visible()


def paste_and_shortlist(page: Page) -> None:
    page.goto(page.url.partition("/admin/")[0])
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"g s\s*Stories"))
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.fill("#story-title", "The harbour light")
    page.fill("#story-text", STORY)
    page.get_by_role("button", name="Add to the queue").click()
    page.get_by_role("button", name="Shortlist").click()
    page.get_by_role("link", name="Review", exact=True).click()
    # Nobody reloads: the script arrives by a live event.
    expect(page.locator("#queue a", has_text="The harbour light")).to_be_visible()


def write_for_a_platform(page: Page) -> None:
    """The counter follows the typing, and a press puts words into the form; neither is saved."""
    page.locator("#queue a", has_text="The harbour light").click()
    page.get_by_role("link", name="Edit", exact=True).first.click()
    page.get_by_label("Write it differently for").check()
    page.fill("#text-feed-1", "Nine!")
    expect(page.locator("#counts-feed-1 [data-count=text] b")).to_have_text("5")
    page.get_by_role("button", name="Let the model write this one").click()
    expect(page.locator("#own-feed .note")).to_contain_text("not saved yet")
    expect(page.locator("#text-feed-1")).to_have_value(re.compile("My grandfather rowed over"))


def approve_in_the_admin(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/admin/approvals/review/")
    page.get_by_role("link", name="The harbour light").first.click()
    expect(page.get_by_text("My grandfather rowed over with a candle.").first).to_be_visible()
    item_page = page.get_by_role("link", name="Open on the web pages").get_attribute("href")
    watching = page.context.new_page()
    watching.goto(f"{site.url}{item_page}")
    watching.wait_for_selector("html[data-live=on]")
    watching.evaluate(WATCH_BARS)
    page.keyboard.press("a")
    expect(page.get_by_text("Your decision is recorded.")).to_be_visible()


def watch_it_being_made(page: Page, site: Site) -> str:
    """The item's page, open since before the approval, follows to the end; returns the address of the post."""
    watching = page.context.pages[-1]
    watching.bring_to_front()
    link = watching.locator("[data-post-link]")
    link.wait_for(timeout=240_000)
    expect(watching.locator("#state .badge")).to_have_text("Published")
    percents = watching.evaluate("window.percents")
    rises = [after for before, after in pairwise(percents) if after > before]
    assert len(rises) >= 2, percents
    return str(link.get_attribute("href"))


def play(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("heading", name=re.compile("The harbour light"))).to_be_visible()
    page.evaluate("document.querySelector('video').muted = true")
    page.evaluate("document.querySelector('video').play()")
    page.wait_for_function("document.querySelector('video').currentTime > 0.5")
    size = page.evaluate("[document.querySelector('video').videoWidth, document.querySelector('video').videoHeight]")
    assert size == [1080, 1920]
