"""Pages to judge, made from the prose of installed packages' descriptions; the same seed makes the same page."""

from __future__ import annotations

import random
import re
from collections import Counter
from functools import cache
from html import escape
from importlib.metadata import distributions

from lxml import html
from markdown_it import MarkdownIt

_HREFS = ("https://example.org/x", "/about", "https://mysite.org/a", "#top", "http://example.com", "about.html")
_RELS = ("", ' rel="nofollow"', ' rel="noopener"', "")
SITE = "mysite.org"


@cache
def prose() -> tuple[list[str], list[str]]:
    """Paragraphs and headings."""
    markdown, paragraphs, headings = MarkdownIt("commonmark", {"html": False}), {}, []
    for text in sorted(str(found.metadata.get_payload() or found.metadata["Description"]) for found in distributions()):
        for element in html.fromstring(f"<div>{markdown.render(text)}</div>").iter("p", "h2", "h3"):
            said = re.sub(r"\s+", " ", element.text_content()).strip()
            if element.tag == "p" and _is_prose(said):
                paragraphs[said] = None
            elif element.tag != "p" and re.fullmatch(r"[A-Za-z ,'?:-]{3,60}", said):
                headings.append(said)
    return list(paragraphs), headings


def _is_prose(text: str) -> bool:
    if not 12 <= len(text.split()) <= 170 or text[-1] not in ".!?":
        return False
    return sum(char.isalpha() or char in " ,.'" for char in text) / len(text) > 0.94


def document(seed: int) -> dict[str, str]:
    """One page as html with its keyphrase, title, description and slug; every check gets every verdict often."""
    return _Maker(random.Random(seed)).document()


class _Maker:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.paragraphs, self.headings = prose()
        count = dice.choice([1, 2, 3, 4, 6, 8, 10, 14, 18, 24])
        self.body = [dice.choice(self.paragraphs) for _ in range(count)]
        if dice.random() < 0.15:
            self.body[-1] = " ".join(dice.choice(self.paragraphs) for _ in range(4))
        self.phrase = self._phrase()
        self.bare = self.phrase.strip('"')

    def _phrase(self) -> str:
        dice, words = self.dice, re.findall(r"[A-Za-z][A-Za-z'-]+", " ".join(self.body))
        chance = dice.random()
        if chance < 0.04:
            return ""
        if chance < 0.55:
            common = [word for word, _n in Counter(w.lower() for w in words if len(w) > 4).most_common(6)]
            return " ".join(dice.sample(common, min(len(common), dice.choice([1, 1, 2, 2, 3]))))
        length = dice.choice([1, 2, 2, 3, 4, 5, 7])
        start = dice.randrange(max(1, len(words) - length))
        found = " ".join(words[start : start + length]).lower()
        return f'"{found}"' if dice.random() < 0.1 else found

    def document(self) -> dict[str, str]:
        dice, bare = self.dice, self.bare
        heading, said = dice.choice(self.headings), dice.choice(self.paragraphs)
        titles = ["", heading, f"{bare} {heading}", f"The {bare}: {heading}", f"{heading} {bare}", f"How to {bare}"]
        titles.append(f"{heading} and {bare} for those who want to read more about all of it")
        descriptions = ["", said[: dice.randint(60, 200)], f"{bare} {said}"[: dice.randint(100, 170)]]
        descriptions += [f"All about {bare}. {said}"[:150], f"{bare}, {bare}. {bare}! {said}"[:140]]
        slug = dice.choice(["", heading, bare, f"{bare} {heading}", " ".join(bare.split()[:2])])
        return {
            "text": "\n".join(self._blocks()),
            "keyphrase": self.phrase,
            "title": dice.choice(titles).strip(),
            "description": dice.choice(descriptions),
            "slug": re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-"),
        }

    def _blocks(self) -> list[str]:
        dice = self.dice
        rate, headed, about = dice.choice([0, 0, 0.1, 0.3, 0.6, 1]), dice.choice([0, 0.1, 0.3, 0.5]), dice.random()
        blocks = [f"<h1>{dice.choice(self.headings)}</h1>" for _ in range(dice.choice([0, 0, 0, 1, 2]))]
        for number, said in enumerate(self.body):
            if number and dice.random() < headed:
                blocks.append(self._heading(about))
            blocks.append(self._block(self._linked(escape(self._sprinkled(said, rate if number else 0.5)))))
            if dice.random() < 0.12:
                blocks.append(f'<p><img src="a.png" alt="{escape(dice.choice(["", "A picture", self.bare]))}"></p>')
        if dice.random() < 0.1:
            blocks += [f'<img src="{n}.png" alt="{escape(dice.choice(["", self.bare, "a thing"]))}">' for n in range(6)]
        return blocks

    def _heading(self, about: float) -> str:
        said, tag = self.dice.choice(self.headings), self.dice.choice(["h2", "h2", "h3", "h4"])
        if self.bare and self.dice.random() < about:
            said = self.dice.choice([f"{said} and {self.bare}", f"About {self.bare}", f"{self.bare} explained"])
        return f"<{tag}>{escape(said)}</{tag}>"

    def _sprinkled(self, said: str, rate: float) -> str:
        if not self.bare or self.dice.random() >= rate:
            return said
        return self.dice.choice([f"{said} We see {self.bare} a lot.", f"The {self.bare} story is told here. {said}"])

    def _linked(self, said: str) -> str:
        dice = self.dice
        if dice.random() > 0.2:
            return said
        words = said.split()
        start = dice.randrange(len(words))
        anchor = " ".join(words[start : start + 3])
        if self.bare and dice.random() < 0.4:
            anchor = dice.choice([self.bare, f"the {self.bare}", f"{self.bare} guide"])
        link = f'<a href="{dice.choice(_HREFS)}"{dice.choice(_RELS)}>{anchor}</a>'
        return " ".join([*words[:start], link, *words[start + 3 :]])

    def _block(self, said: str) -> str:
        chance = self.dice.random()
        if chance < 0.06:
            return "<ul>" + "".join(f"<li>{item}</li>" for item in re.split(r"(?<=[.!?]) ", said)) + "</ul>"
        if chance < 0.1:
            return f"<blockquote><p>{said}</p></blockquote>"
        if chance < 0.14:
            return f"<p>{said.replace('. ', '.<br>', 1)}</p>"
        if chance < 0.18:
            return f"<table><tr><td>{said}</td><td>Another cell</td></tr></table>"
        return f"<p>{said}</p>"
