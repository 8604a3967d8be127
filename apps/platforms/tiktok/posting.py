"""One video, from the upload page to the list of posts.

Until Post is pressed nothing can become public. `tell("pressing_post")` is said before that, so that whoever listens
knows what a sudden silence means; afterwards only the page's own word, the answer to its request, or the post in the
list counts as success.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error, Locator, Response

from apps.platforms.tiktok import captioning
from apps.platforms.tiktok.studio import POLL, Stopped, Studio

Tell = Callable[..., None]
_PERCENT = re.compile(r"(\d{1,3})(?:[.,]\d+)?\s*%")
_REUSE = ("duet", "stitch")
# Share of the whole time that is kept for what comes after Post.
_AFTER = 0.4


@dataclass(frozen=True)
class Video:
    """What to post. options: privacy (public, friends, private); comment, duet, stitch (yes or no)."""

    path: str
    size: int
    caption: str
    options: Mapping[str, str]


@dataclass
class Answer:
    """What the page's own request to publish was answered. status: TikTok's code, 0 for yes."""

    status: int | None = None
    id: str = ""
    said: str = ""


class Posting:
    """account: whom the post is for; a session of anybody else stops the job."""

    def __init__(self, studio: Studio, video: Video, tell: Tell, *, account: str, seconds: float) -> None:
        self.studio = studio
        self.video = video
        self.account = account
        self._tell = tell
        self._latest_press = studio.deadline - min(
            studio.page.waits["answer"] + studio.page.waits["listing"], seconds * _AFTER
        )
        self._percent = -1
        self._answer = Answer()
        self._before: set[str] | None = None
        self.handle = ""

    def run(self) -> dict[str, str]:
        """Post it; returns the post's number and author, empty where the page did not say. Raises Stopped."""
        self._remember_posts()
        self._open()
        captioning.write(self.studio, self.video.caption)
        self._set_options()
        button = self._wait_until_ready()
        self._press(button)
        return self._outcome()

    def _remember_posts(self) -> None:
        """Which posts were there before: a new one among them is proof later. Without the list, it goes without."""
        posts = open_list(self.studio)
        if posts is not None:
            self._before = set(posts)
            self.handle = require_author(self.studio, posts, self.account)

    def _open(self) -> None:
        self.studio.visit(self.studio.page.addresses["upload"])
        chooser = self.studio.need("file_input", hidden=True)
        self.studio.uploading = True
        chooser.set_input_files(self.video.path, timeout=max(self.studio.left(), 0.1) * 1000)

    def _wait_until_ready(self) -> Locator:
        studio = self.studio

        def ready() -> Locator | None:
            percent = self._follow()
            button = studio.find("post_button")
            if button and _enabled(button) and (studio.find("uploaded") or percent in (None, 100)):
                return button
            return None

        studio.wait(lambda: studio.find("post_button"), within=studio.page.waits["element"], missing="post_button")
        studio.wait(ready, within=self._latest_press - time.monotonic(), missing="the end of the upload", slow=True)
        self._tell("progress", done=self.video.size, total=self.video.size)
        checks_end = min(time.monotonic() + studio.page.waits["checks"], self._latest_press)
        while studio.find("checks_running") and time.monotonic() < checks_end:
            studio.look()
            studio.pause(POLL)
        return studio.wait(ready, within=self._latest_press - time.monotonic(), missing="post_button")

    def _follow(self) -> int | None:
        """The page's own percentage of the upload, passed on when it has changed."""
        shown = self.studio.find("progress")
        try:
            match = _PERCENT.search(shown.inner_text(timeout=1000)) if shown else None
        except Error:
            match = None
        if match is None:
            return None
        percent = min(int(match[1]), 100)
        if percent > self._percent:
            self._percent = percent
            self._tell("progress", done=self.video.size * percent // 100, total=self.video.size)
        return percent

    def _set_options(self) -> None:
        options, studio = self.video.options, self.studio
        if wanted := options.get("privacy"):
            self._choose_privacy(wanted)
        wishes = {name: options[name] == "yes" for name in ("comment", *_REUSE) if options.get(name) in ("yes", "no")}
        if wishes and not studio.find(next(iter(wishes)), hidden=True) and (more := studio.find("more_options")):
            studio.click(more, "more_options")
        for name, wanted_on in wishes.items():
            self._switch(name, wanted_on)
        now = studio.find("post_now", hidden=True)
        if now and not now.is_checked():
            now.check(force=True, timeout=self._milliseconds())

    def _choose_privacy(self, wanted: str) -> None:
        """Who may see a post is never left to chance: a menu that cannot be read stops the job."""
        studio, names = self.studio, self.studio.page.choices[wanted]
        menu = studio.need("privacy")
        if _named(menu.inner_text(), names):
            return
        studio.click(menu, "privacy")
        option = studio.wait(
            lambda: self._option(names), within=studio.page.waits["element"], missing=f"privacy_option ({wanted})"
        )
        studio.click(option, f"privacy_option ({wanted})")
        studio.wait(
            lambda: _named(menu.inner_text(), names), within=studio.page.waits["element"], missing=f"privacy ({wanted})"
        )

    def _option(self, names: tuple[str, ...]) -> Locator | None:
        for selector in self.studio.page.elements["privacy_option"]:
            for frame in self.studio.frames():
                options = frame.locator(f"{selector} >> visible=true").all()
                if found := next((each for each in options if _named(each.inner_text(), names)), None):
                    return found
        return None

    def _switch(self, name: str, on: bool) -> None:
        """Switches lie under a drawing that catches the mouse, so they are set without one, and then read again."""
        switch = self.studio.find(name, hidden=True)
        if switch is None:
            if on:
                return  # accounts differ in what they offer; what is not offered cannot be forbidden either
            raise Stopped("changed_page", element=name)
        if switch.is_checked() != on:
            switch.evaluate("each => each.click()")
            self.studio.wait(lambda: switch.is_checked() == on, within=self.studio.page.waits["element"], missing=name)

    def _press(self, button: Locator) -> None:
        """First a rehearsal, which finds out whether something lies over the button; then there is no way back."""
        studio = self.studio
        studio.wait(lambda: _can_press(button), within=studio.page.waits["element"], missing="post_button")
        if time.monotonic() > self._latest_press:
            raise Stopped("too_slow", element="post_button")
        studio.tab.on("response", self._hear)
        self._tell("pressing_post")
        studio.pressed_post = True
        button.click(timeout=self._milliseconds())

    def _hear(self, response: Response) -> None:
        """The answer to the page's own request: its word is worth more than a toast's."""
        if not self.studio.page.patterns["publish_call"].search(urlsplit(response.url).path):
            return
        try:
            content = response.json() if response.status == 200 else None
        except (Error, ValueError):
            return
        if isinstance(content, dict):
            self._answer = _read_answer(content)

    def _outcome(self) -> dict[str, str]:
        studio = self.studio
        listing = min(studio.page.waits["listing"], studio.left() / 2)
        try:
            answer = min(studio.page.waits["answer"], studio.left() - listing)
            studio.wait(self._said_yes, within=answer, missing="success", slow=True)
            confirmed, cause = True, ""
        except Stopped as stopped:
            if stopped.code in ("too_fast", "refused"):
                raise
            confirmed, cause = False, "silence" if stopped.code == "too_slow" else stopped.code
        except Error as error:  # the tab may have gone, or the page turned into another while it was read
            confirmed, cause = False, error.message.splitlines()[0]
        if self._answer.id:
            return {"id": self._answer.id, "handle": self.handle}
        if not confirmed:
            self._tell("evidence", name="after_post")
        found = self._find_in_list(time.monotonic() + listing, confirmed=confirmed)
        if found:
            return found
        if confirmed:
            return {"id": "", "handle": self.handle}
        raise Stopped("unknown", cause=cause)

    def _said_yes(self) -> bool:
        answer = self._answer
        if answer.status:
            raise Stopped("refused", said=answer.said, status=str(answer.status))
        path = urlsplit(self.studio.tab.url).path
        return bool(
            answer.status == 0
            or self.studio.page.patterns["posted"].search(path)
            or self.studio.find("success")
            or self.studio.heard("success", self.studio.notices())
        )

    def _find_in_list(self, until: float, *, confirmed: bool) -> dict[str, str] | None:
        """The post in the account's list: one that was not there before, and says what the caption says."""
        if self._before is None:
            return None
        while True:
            try:
                posts = open_list(self.studio) or {}
            except Stopped:
                return None
            except Error:  # the page was on its own way to the list
                posts = {}
            new = {number: each for number, each in posts.items() if number not in self._before}
            same = [number for number, each in new.items() if _says(each["text"], self.video.caption)]
            chosen = same or (list(new) if confirmed else [])
            if len(chosen) == 1:
                return {"id": chosen[0], "handle": new[chosen[0]]["handle"]}
            if time.monotonic() + 2 > until:
                return None
            time.sleep(2)

    def _milliseconds(self) -> float:
        return max(min(self.studio.left(), self.studio.page.waits["element"]), 0.1) * 1000


def open_list(studio: Studio) -> dict[str, dict[str, Any]] | None:
    """The account's newest posts; None when the page has no list that can be recognised."""
    studio.visit(studio.page.addresses["posts"])
    try:
        studio.wait(
            lambda: studio.find("posts_table") or studio.find("posts_empty"),
            within=studio.page.waits["element"],
            missing="posts_table",
        )
    except Stopped as stopped:
        if stopped.code == "changed_page":
            return None
        raise
    return studio.posts()


def require_author(studio: Studio, posts: Mapping[str, Mapping[str, Any]], account: str) -> str:
    """Whose list this is, by its posts or by the link to the own profile; empty when nothing says so.

    Raises Stopped when it is somebody else's than `account` (if it has a name yet): a session in the wrong
    place must not post.
    """
    author = next((each["handle"] for each in posts.values()), "")
    if not author and (link := studio.find("profile_link")):
        author = (link.get_attribute("href") or "").rpartition("/@")[2].partition("?")[0].strip("/")
    expected = account.strip().lstrip("@")
    if author and expected and author.casefold() != expected.casefold():
        raise Stopped("other_account", found=author)
    return author


def _enabled(button: Locator) -> bool:
    off = ("aria-disabled", "data-disabled")
    return button.is_enabled() and not any(button.get_attribute(name) == "true" for name in off)


def _can_press(button: Locator) -> bool:
    try:
        button.click(trial=True, timeout=500)
    except Error:
        return False
    return True


def _named(shown: str, names: tuple[str, ...]) -> bool:
    """Whether a menu shows one of the names, alone or before an explanation."""
    first = shown.strip().casefold().splitlines()
    return bool(first) and any(first[0].strip() == name.casefold() for name in names)


def _says(shown: str, caption: str) -> bool:
    """Lists cut captions off."""
    shown, caption = (captioning.plain(each).casefold().rstrip("….") for each in (shown, caption))
    if not caption:
        return not shown
    return bool(shown) and (shown.startswith(caption[:60]) or (len(shown) >= 12 and caption.startswith(shown)))


def _read_answer(content: Mapping[str, Any]) -> Answer:
    """status_code, and of the one post: its own code and number. Anything of another form is no answer."""
    posts = content.get("single_post_resp_list")
    post = posts[0] if isinstance(posts, list) and len(posts) == 1 and isinstance(posts[0], dict) else {}
    codes = [each for each in (content.get("status_code"), post.get("status_code")) if isinstance(each, int)]
    if not codes:
        return Answer()
    status = next((code for code in codes if code), 0)
    number = str(post.get("item_id") or "")
    said = str(post.get("status_msg") or content.get("status_msg") or "")[:200]
    return Answer(status=status, id=number if number.isdigit() and not status else "", said=said)
