"""Typing a caption as the editor wants it: it offers hashtags and people while one types, and Enter takes its offer."""

from __future__ import annotations

import re
import time

import regex
from playwright.sync_api import Locator

from apps.platforms.tiktok.studio import POLL, Stopped, Studio, clicked

# Letters of many scripts carry marks and joiners, which \w alone leaves out.
_TAG = regex.compile(r"#[\w\p{M}\u200c\u200d]+|@[\w.]*\w")
_SHOWN_ONLY = re.compile("[\u200b\ufeff]")


def write(studio: Studio, caption: str) -> None:
    """Replace whatever the editor holds by the caption; raises Stopped when it does not say the caption then."""
    editor = studio.need("caption")
    for _try in range(2):
        _clear(studio, editor)
        _type(studio, caption)
        if _same(editor.inner_text(), caption):
            return
    raise Stopped("changed_page", element="caption", why="the editor shows another text than was typed")


def _clear(studio: Studio, editor: Locator) -> None:
    """The editor starts with the name of the file."""
    studio.click(editor, "caption")
    studio.tab.keyboard.press("ControlOrMeta+A")
    studio.tab.keyboard.press("Delete")
    studio.wait(lambda: not editor.inner_text().strip(), within=studio.page.waits["element"], missing="caption")


def _type(studio: Studio, caption: str) -> None:
    keyboard, delay = studio.tab.keyboard, studio.page.waits["key"] * 1000
    for number, line in enumerate(caption.split("\n")):
        if number:
            keyboard.press("Enter")
        at = 0
        for tag in _TAG.finditer(line):
            if tag.start() and not line[tag.start() - 1].isspace():
                continue  # an address of a mail or a colour's number, not a tag
            keyboard.type(line[at : tag.start()], delay=delay)
            keyboard.type(tag[0], delay=delay)
            at = tag.end() + _settle(studio, tag[0], line[tag.end() : tag.end() + 1])
        keyboard.type(line[at:], delay=delay)
        studio.look()


def _settle(studio: Studio, tag: str, following: str) -> int:
    """Take the offer that is exactly the tag, or close the list with a space; returns how much of the text that typed.

    Both leave a space after the tag. Enter and Tab would take the first offer, whatever it is.
    """
    kind = "hashtag" if tag[0] == "#" else "mention"
    until = time.monotonic() + studio.page.waits["suggestions"]
    while time.monotonic() < until:
        offered = studio.find("suggestions") and _exact(studio, kind, tag[1:])
        if offered and clicked(offered):
            return 1 if following == " " else 0
        studio.pause(POLL)
    studio.tab.keyboard.type(" ")
    if studio.find("suggestions"):
        studio.tab.keyboard.press("Escape")
    return 1 if following == " " else 0


def _exact(studio: Studio, kind: str, wanted: str) -> Locator | None:
    for selector in studio.page.elements[f"{kind}_option"]:
        for frame in studio.frames():
            for option in frame.locator(f"{selector} >> visible=true").all():
                name = studio.find(f"{kind}_name", inside=option)
                said = (name or option).inner_text(timeout=2000).strip().lstrip("#@")
                if said.casefold() == wanted.casefold():
                    return option
    return None


def plain(text: str) -> str:
    """A text as it is compared: without what nobody sees, and any white space is one space."""
    return " ".join(_SHOWN_ONLY.sub("", text).split())


def _same(shown: str, caption: str) -> bool:
    # The editor sets a space after each tag, also before a full stop.
    return re.sub(r"\s+", "", plain(shown)).casefold() == re.sub(r"\s+", "", plain(caption)).casefold()
