"""A draft's words as HTML: Markdown where it is Markdown, paragraphs where it is plain text, and nothing that runs."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

import nh3
import regex
from django.utils.translation import gettext as _
from django.utils.translation import override
from markdown_it import MarkdownIt

from apps.common.text.markup import visible
from apps.common.text.slugs import slug
from apps.common.text.words import shorten, word_set
from apps.platforms.base import Draft

# WordPress keeps 200 bytes of a slug's percent-encoded form and would cut a letter in two.
SLUG_BYTES = 200
EXCERPT = 300
_TAGS = word_set("""
    a abbr b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre s strong sub sup table tbody td th thead tr ul
""")
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
_OUTSIDE_PRE = regex.compile(r"<pre>.*?</pre>(*SKIP)(*FAIL)|\s*\n\s*", regex.DOTALL)


@dataclass(frozen=True)
class Uploaded:
    """A file in the site's library."""

    number: int
    url: str
    alt: str = ""


def mark(key: str) -> str:
    """An attribute by which a post is known again; editors and sanitizers leave it alone."""
    return f'data-rundown="{key}"'


def draft_mark(key: str) -> str:
    """The same of a draft that is not a post yet. Plugins may add to what it holds, so that says nothing."""
    return f'data-rundown-draft="{key}"'


def placeholder(key: str) -> str:
    """What a draft holds before it is a post."""
    return f"<div {draft_mark(key)}></div>"


def body(
    draft: Draft,
    *,
    key: str,
    video: Uploaded | None = None,
    poster: Uploaded | None = None,
    captions: Uploaded | None = None,
    pictures: Iterable[Uploaded] = (),
    source: str = "",
) -> str:
    """The whole content of a post. source: where it appeared first, named at its end."""
    # What is added speaks the post's language, whatever the worker speaks.
    with override(draft.language):
        pieces = [_video(video, poster, captions, draft.language) if video else "", text(draft.text)]
        pieces += [_picture(picture) for picture in pictures]
        pieces += [_source(source)] if source else []
    direction = ' dir="rtl"' if draft.language.partition("-")[0] in _RIGHT_TO_LEFT else ""
    # The site's own language may be another one: screen readers and browsers need to know.
    return f'<div lang="{html.escape(draft.language)}"{direction} {mark(key)}>{"".join(pieces)}</div>'


def text(markdown: str) -> str:
    """Clean HTML. One line break stays one, and raw HTML stays the text it is."""
    rendered = _markdown().render(markdown)
    clean = nh3.clean(
        rendered,
        tags=set(_TAGS),
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    # WordPress makes a <br> of every newline that it finds between tags.
    return _OUTSIDE_PRE.sub(lambda match: "" if _between_tags(match) else " ", clean.strip())


def _between_tags(match: regex.Match[str]) -> bool:
    return match.string[: match.start()].endswith(">") or match.string[match.end() :].startswith("<")


def excerpt(markdown: str) -> str:
    """The first paragraph without markup, short enough for a list of posts."""
    plain, _origins = visible(markdown)
    first = next((piece for piece in regex.split(r"\n\s*\n", plain) if piece.strip()), "")
    return shorten(" ".join(first.split()), EXCERPT) if first else ""


def post_slug(title: str) -> str:
    """The title as a part of the post's address, whole words where possible, within what WordPress keeps."""
    length = 80
    while len(quote(short := slug(title, max_length=length))) > SLUG_BYTES:
        length -= 1
    return short


def _source(address: str) -> str:
    shown = address.partition("://")[2].rstrip("/")
    return f'<p>{_("First published at")} <a href="{html.escape(address)}">{html.escape(shown)}</a>.</p>'


def _video(video: Uploaded, poster: Uploaded | None, captions: Uploaded | None, language: str) -> str:
    shown = f' poster="{html.escape(poster.url)}"' if poster else ""
    track = ""
    if captions:
        source = html.escape(captions.url)
        track = f'<track kind="captions" srclang="{html.escape(language)}" src="{source}" label="{_("Captions")}">'
    source = html.escape(video.url)
    return f'<figure class="wp-block-video"><video controls{shown} src="{source}">{track}</video></figure>'


def _picture(picture: Uploaded) -> str:
    source, alt = html.escape(picture.url), html.escape(picture.alt)
    inside = f'<img src="{source}" alt="{alt}" class="wp-image-{picture.number}">'
    return f'<figure class="wp-block-image">{inside}</figure>'


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
