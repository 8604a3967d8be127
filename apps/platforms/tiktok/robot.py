"""The process that drives the browser: one job from standard input, events as JSON lines on standard output.

A process of its own, because a browser must be stoppable at any moment with all that belongs to it, whatever Playwright
waits for. It ends by itself when its deadline passes, and when whoever started it is gone: standard input stays open
as long as somebody listens. It knows nothing of Django, of settings or of other accounts.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Playwright, sync_playwright
from playwright.sync_api import Page as Tab

from apps.platforms.tiktok import page as pages
from apps.platforms.tiktok import session
from apps.platforms.tiktok.posting import Posting, Video, open_list, require_author
from apps.platforms.tiktok.studio import Stopped, Studio

WINDOW = {"width": 1280, "height": 900}
_NO_SANDBOX = "sandbox"
_MOST_TEXT = 4000
_PATIENCE = 5000.0


class Robot:
    """One job. It is a dictionary: do (publish, check, login), page, cookies, seconds, folder, chromium, and more."""

    def __init__(self, job: dict[str, Any], out: TextIO) -> None:
        self.job = job
        self.page = pages.described(pages_from(job["page"]))
        self.deadline = time.monotonic() + job["seconds"]
        self._out = out
        self._context: BrowserContext | None = None
        self._studio: Studio | None = None

    def run(self) -> None:
        """Do the job, and say how it ended: `done`, or `stopped` with its code."""
        try:
            with sync_playwright() as playwright, self._browser(playwright) as context:
                self.work_in(context)
        except Error as error:
            # Only opening and closing the browser is left here; what was said before still counts.
            self.tell("stopped", code="browser", why=error.message.splitlines()[0][:300])

    def work_in(self, context: BrowserContext) -> None:
        """The job itself, in a tab of its own."""
        self._context = context
        self._studio = Studio(self._tab(context), self.page, deadline=self.deadline)
        try:
            result = getattr(self, f"_{self.job['do']}")(self._studio)
            self.tell("done", **result, cookies=self._cookies())
        except Stopped as stopped:
            self._stopped(stopped)
        except Error as error:
            self._stopped(self._explained(error))

    def tell(self, event: str, **content: Any) -> None:
        if event == "evidence":
            self._keep_evidence(content["name"])
            return
        print(json.dumps({"event": event, **content}), file=self._out, flush=True)

    def _publish(self, studio: Studio) -> dict[str, Any]:
        job = self.job
        video = Video(job["video"], job["size"], job["caption"], job["options"])
        posting = Posting(studio, video, self.tell, account=job["account"], seconds=job["seconds"])
        try:
            return posting.run()
        except Stopped as stopped:
            stopped.details.setdefault("stage", "after" if studio.pressed_post else "before")
            raise

    def _check(self, studio: Studio) -> dict[str, Any]:
        """Whether the account's list of posts opens, and whose it is."""
        posts = open_list(studio)
        if posts is None:
            raise Stopped("changed_page", element="posts_table")
        return {"handle": require_author(studio, posts, self.job["account"])}

    def _login(self, studio: Studio) -> dict[str, Any]:
        """Wait until a person has logged in, in the window that is open; a puzzle is theirs to solve."""
        self.tell("waiting")
        studio.visit(self.page.addresses["posts"])
        refused = None
        while studio.left() > 1:
            login = session.login_cookie(self._cookies(), names=self.page.network["session_cookies"])
            if login and login["value"] != refused:
                try:
                    return self._check(studio)
                except Stopped as stopped:
                    if stopped.code not in ("login", "captcha"):
                        raise
                    refused = login["value"] if stopped.code == "login" else None
            elif not self._shows_login(studio):
                studio.visit(self.page.addresses["login"])
            studio.pause(1)
            while studio.sees("captcha") and studio.left() > 1:
                studio.pause(1)
        raise Stopped("login")

    def _shows_login(self, studio: Studio) -> bool:
        path = urlsplit(studio.tab.url).path
        return bool(self.page.patterns["login"].search(path)) or studio.sees("login_wall")

    def _cookies(self) -> list[session.Cookie]:
        """TikTok's own. A person's browser is asked for no others."""
        urls = [*self.page.addresses.values()] if self.job.get("connect") else None
        text = json.dumps({"cookies": self._context.cookies(urls) if self._context else []})
        try:
            return session.read(text, domains=self.page.network["cookie_domains"])
        except session.SessionError:
            return []

    @contextmanager
    def _browser(self, playwright: Playwright) -> Iterator[BrowserContext]:
        if address := self.job.get("connect"):
            # A browser that a person runs: it and its other tabs stay as they are.
            context = playwright.chromium.connect_over_cdp(address).contexts[0]
            before = set(context.pages)
            yield context
            for tab in set(context.pages) - before:
                tab.close()
            return
        browser = self.launch(playwright)
        yield self.context_of(browser)
        browser.close()

    def context_of(self, browser: Browser) -> BrowserContext:
        """What a fresh profile would be, with the account's login."""
        context = browser.new_context(
            viewport=None if self.job.get("window") else WINDOW,
            locale="en-US",
            accept_downloads=False,
            service_workers="block",
        )
        context.add_cookies(self.job.get("cookies", []))
        return context

    def launch(self, playwright: Playwright) -> Browser:
        """The host rules hold for every connection, redirects and scripts included; other names do not exist."""
        known = ", ".join(f"EXCLUDE {host}" for host in self.page.network["hosts"])
        options: dict[str, Any] = {
            "executable_path": self.job["chromium"],
            "headless": not self.job.get("window"),
            "args": [
                f"--host-resolver-rules=MAP * ~NOTFOUND, {known}",
                "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
                "--disable-dev-shm-usage",
                "--renderer-process-limit=4",
                "--js-flags=--max-old-space-size=768",
                "--disk-cache-size=67108864",
            ],
            "timeout": max(self.deadline - time.monotonic(), 0.1) * 1000,
        }
        if os.geteuid() == 0:
            return playwright.chromium.launch(**options)
        try:
            return playwright.chromium.launch(chromium_sandbox=True, **options)
        except Error as error:
            if _NO_SANDBOX not in error.message.lower():
                raise
            # Most containers allow no sandbox inside; the container is one.
            return playwright.chromium.launch(**options)

    def _tab(self, context: BrowserContext) -> Tab:
        tab = context.new_page()
        # Nothing here waits for one element: the studio asks again and again, and looks around in between.
        tab.set_default_timeout(_PATIENCE)
        tab.on("dialog", lambda dialog: dialog.accept())  # “leave this page?”
        return tab

    def _stopped(self, stopped: Stopped) -> None:
        self._keep_evidence(stopped.code)
        self.tell("stopped", code=stopped.code, cookies=self._cookies(), **stopped.details)

    def _explained(self, error: Error) -> Stopped:
        """What Playwright stumbled over: what stands in the way now, or a part that did not do what it always did."""
        studio, why = self._studio, error.message.splitlines()[0][:300]
        if studio.pressed_post:
            return Stopped("unknown", why=why)
        try:
            studio.look()
        except Stopped as stopped:
            return stopped
        except Error:
            return Stopped("browser", why=why)
        if studio.left() < 1:
            return Stopped("too_slow", why=why)
        return Stopped("changed_page" if "Timeout" in error.message else "browser", why=why)

    def _keep_evidence(self, name: str) -> None:
        """What the page looked like, and what it said, for the person who has to go on."""
        studio, folder = self._studio, Path(self.job["folder"])
        if studio is None or self.job["do"] == "login":
            return
        try:
            picture = studio.tab.screenshot(timeout=5000, animations="disabled", caret="hide")
            (folder / f"{name}.png").write_bytes(picture)
            said = f"{studio.where()}\n\n{studio.text()}"
        except Error:
            return
        for cookie in self._cookies():
            if len(cookie["value"]) >= 6:
                said = said.replace(cookie["value"], "•••")
        (folder / f"{name}.txt").write_text(said[:_MOST_TEXT], encoding="utf-8")
        for kind, content_type in (("png", "image/png"), ("txt", "text/plain")):
            self.tell_file(f"{name}.{kind}", content_type)

    def tell_file(self, name: str, content_type: str) -> None:
        print(json.dumps({"event": "evidence", "name": name, "content_type": content_type}), file=self._out, flush=True)


def pages_from(data: dict[str, Any]) -> dict[str, Any]:
    """The description as it was sent: JSON has no dates."""
    return {**data, "as_of": pages.date.fromisoformat(data["as_of"])}


def end_with(stdin: TextIO) -> None:
    """End at once when nobody listens any more. The browser notices that its pipe is closed, and ends too."""
    while stdin.read(1):
        pass
    os._exit(3)


def main() -> None:
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with, args=(sys.stdin,), daemon=True).start()
    timer = threading.Timer(job["seconds"] + 5, os._exit, args=(4,))
    timer.daemon = True
    timer.start()
    Robot(job, sys.stdout).run()


if __name__ == "__main__":
    main()
