"""TikTok Studio in a browser tab: finding what page.toml describes, and noticing what stands in the way.

Everything that ends a job is a `Stopped` with a code; whoever started the job turns it into a sentence.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import Error, Frame, Locator
from playwright.sync_api import Page as Tab

from apps.platforms.tiktok.page import Dialog, Page

Found = TypeVar("Found")
POLL = 0.1
# Looking at everything that may stand in the way takes the browser a while.
_LOOK_EVERY = 0.4
_MOST_DIALOGS = 12
_OTHER_ENGINE = re.compile(r"^\s*(\w+=|//|\.\.)|>>")
_NOT_REACHED = re.compile(r"net::ERR_|NS_ERROR|Timeout \d+ms exceeded", re.IGNORECASE)


class Stopped(Exception):
    """The job cannot go on. code: unreachable, too_slow, login, captcha, changed_page, too_fast, upload_failed, refused
    or unknown. details: texts that tell more, such as the element that is missing.
    """

    def __init__(self, code: str, **details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


class Studio:
    """One tab. deadline: in time.monotonic(); nothing here waits longer."""

    def __init__(self, tab: Tab, page: Page, *, deadline: float) -> None:
        self.tab = tab
        self.page = page
        self.deadline = deadline
        self.pressed_post = False
        self.uploading = False
        self._dismissed = 0
        self._standing: dict[str, float] = {}
        self._looked_at = 0.0

    def left(self) -> float:
        return self.deadline - time.monotonic()

    def visit(self, address: str) -> None:
        """Open one of the page's addresses; raises Stopped when nothing comes of it."""
        try:
            response = self.tab.goto(address, wait_until="domcontentloaded", timeout=max(self.left(), 0.1) * 1000)
        except Error as error:
            # The page may send the tab elsewhere at once, which is how a login wall comes.
            if "interrupted by another navigation" in error.message:
                self.tab.wait_for_load_state("domcontentloaded", timeout=max(self.left(), 0.1) * 1000)
                return
            if _NOT_REACHED.search(error.message):
                raise Stopped("unreachable", why=error.message.splitlines()[0]) from error
            raise
        status = response.status if response else 200
        if status == 429:
            raise Stopped("too_fast", said="HTTP 429")
        if status >= 500:
            raise Stopped("unreachable", why=f"HTTP {status}")

    def find(self, element: str, *, inside: Locator | None = None, hidden: bool = False) -> Locator | None:
        """The first selector's first match that is visible (or is there at all, with `hidden`), in any frame."""
        for selector in self.page.elements[element]:
            if found := self._first(selector, inside=inside, hidden=hidden):
                return found
        return None

    def _first(self, selector: str, *, inside: Locator | None = None, hidden: bool = False) -> Locator | None:
        for root in [inside] if inside else self.frames():
            try:
                found = root.locator(selector if hidden else f"{selector} >> visible=true").first
                if found.count():
                    return found
            except Error as error:
                # A frame may go while it is searched; a selector that cannot be read is the operator's to mend.
                if "selector" in error.message.lower() and "pars" in error.message.lower():
                    raise Stopped("changed_page", element=selector, why=error.message.splitlines()[0]) from error
        return None

    def sees(self, element: str) -> bool:
        """Whether any of the element's selectors is visible."""
        return any(self._first(selector) for selector in _together(self.page.elements[element]))

    def frames(self) -> list[Frame]:
        return [frame for frame in self.tab.frames if not frame.is_detached()]

    def wait(self, probe: Callable[[], Found | None], *, within: float, missing: str, slow: bool = False) -> Found:
        """What `probe` finds, asked again and again, while obstacles are noticed and dialogs put away.

        slow: it takes as long as it takes, so its absence is no sign of a changed page.
        """
        until = min(time.monotonic() + within, self.deadline)
        while True:
            if time.monotonic() - self._looked_at > _LOOK_EVERY:
                self.look()
            if found := probe():
                return found
            if time.monotonic() >= until:
                self.look()
                raise Stopped("too_slow", element=missing) if slow else self._gave_up(missing)
            self.pause(POLL)

    def need(self, element: str, *, hidden: bool = False) -> Locator:
        """The element, as soon as it is there; raises Stopped when it and all its fallbacks stay away."""
        return self.wait(lambda: self.find(element, hidden=hidden), within=self.page.waits["element"], missing=element)

    def click(self, target: Locator, what: str) -> None:
        """Click it as soon as nothing lies over it; what lies there is noticed, or put away."""
        self.wait(lambda: clicked(target), within=self.page.waits["element"], missing=what)

    def pause(self, seconds: float) -> None:
        self.tab.wait_for_timeout(max(min(seconds, self.left()), 0.001) * 1000)

    def _gave_up(self, missing: str) -> Stopped:
        """A page that never finished loading is slow; one that did, and lacks a part, has changed."""
        if self.left() <= 0 or self._still_loading():
            return Stopped("too_slow", element=missing)
        return Stopped("changed_page", element=missing)

    def _still_loading(self) -> bool:
        try:
            return self.tab.evaluate("document.readyState") != "complete"
        except Error:
            return True

    def look(self) -> None:
        """Notice what stands in the way: raises Stopped for what only a person can solve, and puts dialogs away."""
        self._looked_at = time.monotonic()
        if self.sees("captcha"):
            raise Stopped("captcha")
        if self.page.patterns["login"].search(urlsplit(self.tab.url).path) or self.sees("login_wall"):
            raise Stopped("login")
        said = self.notices()
        for code in ("captcha", "too_fast", "refused"):
            if phrase := self.heard(code, said):
                raise Stopped(code, said=phrase)
        if self.uploading and not self.pressed_post:
            phrase = self.heard("upload_failed", said)
            if phrase or self.sees("upload_failed"):
                raise Stopped("upload_failed", said=phrase)
        for dialog in self.page.dialogs:
            if dialog.when in ("always", "after" if self.pressed_post else "before"):
                self._dismiss(dialog)

    def _dismiss(self, dialog: Dialog) -> None:
        """Press it away. One that lies under another cannot be pressed yet: it has as long as any element."""
        if not any(self._first(selector) for selector in dialog.shows):
            self._standing.pop(dialog.name, None)
            return
        since = self._standing.setdefault(dialog.name, time.monotonic())
        for selector in dialog.press:
            if button := self._first(selector):
                try:
                    button.click(timeout=600)
                except Error:
                    continue
                self._dismissed += 1
                break
        if self._dismissed > _MOST_DIALOGS or time.monotonic() - since > self.page.waits["element"]:
            raise Stopped("changed_page", element=f"the way past {dialog.name}")

    def notices(self) -> str:
        """What the page says in passing: toasts, dialogs, alerts; never the caption that is being written."""
        said = []
        for frame in self.frames():
            editor = frame.locator("[contenteditable='true']")
            for selector in _together(self.page.elements["notices"]):
                try:
                    shown = frame.locator(f"{selector} >> visible=true").filter(has_not=editor)
                    said.extend(shown.all_inner_texts())
                except Error:
                    continue
        return "\n".join(said)

    def heard(self, phrases: str, said: str) -> str:
        """The line of `said` that holds one of the phrases; empty when none does."""
        for line in said.splitlines():
            if any(phrase.casefold() in line.casefold() for phrase in self.page.phrases[phrases]):
                return line.strip()[:200]
        return ""

    def text(self) -> str:
        """Everything readable in the tab."""
        texts = []
        for frame in self.frames():
            try:
                texts.append(frame.locator("body").inner_text(timeout=1000))
            except Error:
                continue
        return "\n".join(texts)

    def where(self) -> str:
        """The tab's address without its query, which may hold keys."""
        parts = urlsplit(self.tab.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"

    def posts(self) -> dict[str, dict[str, Any]] | None:
        """The list of posts that is shown now: number to author and text; None when it cannot be recognised."""
        table = self.find("posts_table")
        if table is None:
            return {} if self.find("posts_empty") else None
        found: dict[str, dict[str, Any]] = {}
        for selector in self.page.elements["post_link"]:
            for link in table.locator(selector).all():
                if match := self.page.patterns["post"].search(link.get_attribute("href") or ""):
                    text = link.inner_text()
                    entry = found.setdefault(match["id"], {"handle": match["handle"], "text": ""})
                    entry["text"] = max(entry["text"], text, key=len)
            if found:
                break
        return found


def _together(selectors: tuple[str, ...]) -> list[str]:
    """The same selectors in fewer questions: all that are CSS make one."""
    css = [each for each in selectors if not _OTHER_ENGINE.search(each)]
    others = [each for each in selectors if each not in css]
    return [", ".join(css), *others] if css else others


def clicked(target: Locator) -> bool:
    """Click it now; whether it could be."""
    try:
        target.click(timeout=600)
    except Error:
        return False
    return True
