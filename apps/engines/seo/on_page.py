"""Checks of the keyphrase's place and of what the page is made of. Thresholds: Yoast's published scoring criteria."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from apps.engines.seo.check import Check
from apps.engines.seo.english import words_of
from apps.engines.seo.keyphrase import Keyphrase
from apps.engines.seo.page import Page
from apps.engines.seo.pixels import title_pixels

Rule = Callable[[Page, Keyphrase], Check | None]

_TITLE_PIXELS = 600
_DESCRIPTION = (120, 156)


def introduction(page: Page, phrase: Keyphrase) -> Check:
    label = _("Keyphrase in introduction")
    first = next((index for index, block in enumerate(page.blocks) if not block.level), None)
    found = [] if first is None else page.sentences_of(first)
    hint = _("Say in the first paragraph what the page is about, with the words of the keyphrase.")
    for sentence in found:
        if phrase and phrase.count(sentence.text):
            return Check("introduction", "keyphrase", label, 9, 1.0, evidence=phrase.spans(sentence))
    share = phrase.share(page.blocks[first].text) if phrase and found else 0.0
    if share == 1.0:
        spans = tuple(span for sentence in found for span in phrase.spans(sentence))
        hint = _("Bring the words of the keyphrase together in one sentence of the first paragraph.")
        return Check("introduction", "keyphrase", label, 6, share, evidence=spans, hint=hint)
    return Check("introduction", "keyphrase", label, 3, share, evidence=_first_sentence(page, first), hint=hint)


def _first_sentence(page: Page, block: int | None):
    return () if block is None else tuple(sentence.span for sentence in page.sentences_of(block)[:1])


def keyphrase_length(page: Page, phrase: Keyphrase) -> Check | None:
    if phrase and not page.marks_words:
        return None
    label, count = _("Keyphrase length"), len(phrase.words) if phrase else 0
    ok, most = (4, 8) if page.is_english else (6, 9)
    if not count:
        return Check("keyphrase_length", "keyphrase", label, -999, 0, hint=_("Give the page a keyphrase."))
    score = 9 if count <= ok else 6 if count <= most else 3
    hint = "" if score == 9 else _("Shorten the keyphrase to its essential words.")
    return Check(
        "keyphrase_length", "keyphrase", label, score, count, _("at most %(count)d words") % {"count": ok}, hint=hint
    )


def density(page: Page, phrase: Keyphrase) -> Check | None:
    """Density per hundred words, with less asked of longer keyphrases."""
    if phrase and not page.counts_words:
        return None
    label = _("Keyphrase density")
    counts = [(sentence, phrase.count(sentence.text)) for sentence in page.sentences] if phrase else []
    times = sum(count for _sentence, count in counts)
    evidence = tuple(span for sentence, count in counts if count for span in phrase.spans(sentence))
    total = page.word_count
    if not phrase or not total:
        return Check("density", "keyphrase", label, -50, 0, hint=_("Give the page a keyphrase and a text."))
    least, most, far = _density_bounds(total, phrase.length)
    threshold = _("%(least)d to %(most)d times") % {"least": least, "most": most}
    if least == most:
        threshold = ngettext_lazy("%(count)d time", "%(count)d times", most) % {"count": most}
    if times < least:
        score, hint = 4, _("Use the keyphrase more often, where it fits.")
    elif times <= most:
        score, hint = 9, ""
    else:
        score, hint = (-50 if times > far else -10), _("Use the keyphrase less often, or write more around it.")
    return Check("density", "keyphrase", label, score, times, threshold, evidence, hint)


def _density_bounds(total: int, length: int) -> tuple[int, int, int]:
    """How often the keyphrase should be there: at least, at most, and from where on it is stuffing."""
    if total < 100:
        return (1, 2, 3) if total > 50 else (1, 1, 2)
    factor = 0.7 + length / 3
    per_time = total / 100 / factor
    return max(ceil(0.5 * per_time), 2), floor(3 * per_time), floor(4 * per_time)


def subheadings(page: Page, phrase: Keyphrase) -> Check | None:
    label = _("Keyphrase in subheadings")
    found = [index for index, block in enumerate(page.blocks) if block.level in (2, 3)]
    if not phrase or not page.html.strip():
        return Check("subheadings", "keyphrase", label, 1, hint=_("Give the page a keyphrase and a text."))
    if not found:
        return _without_subheadings(page, label)
    most = 0.5 if page.is_english else 0.999
    about = [index for index in found if phrase.share(page.blocks[index].text) > most]
    share = len(about) / len(found)
    good = share == 1.0 if len(found) == 1 else 0.3 <= share <= 0.75
    evidence = tuple(
        span for index in about for sentence in page.sentences_of(index) for span in phrase.spans(sentence)
    )
    hint = ""
    if not good:
        hint = (
            _("Let more subheadings say what the page is about.")
            if share < 0.3
            else _("Vary the subheadings; too many repeat the keyphrase.")
        )
    return Check("subheadings", "keyphrase", label, 9 if good else 3, round(share, 3), _("30 to 75%"), evidence, hint)


def _without_subheadings(page: Page, label) -> Check:
    if page.word_count > 300:
        hint = _("Add subheadings, some of them with the keyphrase.")
        return Check("subheadings", "keyphrase", label, 2, 0, hint=hint)
    return Check("subheadings", "keyphrase", label, 9, 0)


def competing_links(page: Page, phrase: Keyphrase) -> Check | None:
    """A link whose whole text is the keyphrase tells readers and engines that the topic is treated elsewhere."""
    label = _("Competing links")
    spans = tuple(
        link.span for link in page.links if phrase and not link.href.startswith("#") and _same_topic(link.text, phrase)
    )
    if spans:
        hint = _("Do not link away with the keyphrase as the text of the link.")
        return Check("competing_links", "keyphrase", label, 2, len(spans), evidence=spans, hint=hint)
    return Check("competing_links", "keyphrase", label, 8, 0)


def _same_topic(text: str, phrase: Keyphrase) -> bool:
    found = phrase.pieces(text)
    if not phrase.exact and phrase.language == "en":
        found = [word for word in found if word not in words_of("function_words")] or found
    return (
        bool(found) and phrase.count(text) > 0 and all(any(phrase.is_word(w, o) for w in phrase.words) for o in found)
    )


def image_alt(page: Page, phrase: Keyphrase) -> Check:
    label, images = _("Keyphrase in image descriptions"), page.images
    hint = _("Describe an image with the words of the keyphrase, where that is what it shows.")
    if not images or not phrase:
        return Check("image_alt", "keyphrase", label, 3, 0, hint=_("Add an image and describe it."))
    about = sum(phrase.share(image.alt) >= 0.5 for image in images if image.alt)
    if len(images) < 5:
        good = about > 0
    else:
        good = 0.3 <= about / len(images) <= 0.75
    return Check("image_alt", "keyphrase", label, 9 if good else 6, about, hint="" if good else hint)


def title_keyphrase(page: Page, phrase: Keyphrase) -> Check:
    label, title = _("Keyphrase in title"), phrase.pieces(page.title)
    hint = _("Begin the title with the keyphrase.")
    if not phrase or not title:
        return Check("title_keyphrase", "keyphrase", label, 2, hint=hint)
    at = phrase.begins(page.title)
    if at is not None and all(word in words_of("function_words") for word in title[:at]):
        return Check("title_keyphrase", "keyphrase", label, 9, at)
    if at is not None or (not phrase.exact and phrase.count(page.title)):
        return Check("title_keyphrase", "keyphrase", label, 6, at, hint=hint)
    return Check("title_keyphrase", "keyphrase", label, 2, hint=hint)


def description_keyphrase(page: Page, phrase: Keyphrase) -> Check:
    label = _("Keyphrase in description")
    times = phrase.count(page.description) if phrase else 0
    if 1 <= times <= 2:
        return Check("description_keyphrase", "keyphrase", label, 9, times)
    hint = (
        _("Name the keyphrase once in the description.") if not times else _("Name the keyphrase once or twice only.")
    )
    return Check("description_keyphrase", "keyphrase", label, 3, times, _("once or twice"), hint=hint)


def slug_keyphrase(page: Page, phrase: Keyphrase) -> Check:
    label = _("Keyphrase in address")
    if not phrase or not page.slug:
        return Check("slug_keyphrase", "keyphrase", label, 3, hint=_("Give the page an address with the keyphrase."))
    share = phrase.share_of_address(page.slug)
    good = share == 1.0 if phrase.length <= 2 else share > 0.5
    hint = "" if good else _("Put the words of the keyphrase into the address.")
    return Check("slug_keyphrase", "keyphrase", label, 9 if good else 6, round(share, 3), hint=hint)


def text_length(page: Page, phrase: Keyphrase) -> Check | None:
    if not page.counts_words:
        return None
    count = page.word_count
    score = next(score for least, score in ((300, 9), (250, 6), (200, 3), (100, -10), (0, -20)) if count >= least)
    hint = "" if score == 9 else _("Write more; say what a reader still needs to know.")
    return Check("text_length", "page", _("Text length"), score, count, _("300 words or more"), hint=hint)


def outbound_links(page: Page, phrase: Keyphrase) -> Check:
    there = [link for link in page.links if page.is_outbound(link)]
    return _links("outbound_links", _("Links to other sites"), there, _("Link to a source or to further reading."))


def internal_links(page: Page, phrase: Keyphrase) -> Check:
    there = [link for link in page.links if page.is_internal(link)]
    return _links("internal_links", _("Links within the site"), there, _("Link to a related page of your own."))


def _links(name: str, label, there: list, hint) -> Check:
    closed = sum(link.nofollow for link in there)
    score = 3 if not there else 7 if closed == len(there) else 8 if closed else 9
    if score == 7:
        hint = _("Let search engines follow at least one of the links.")
    evidence = tuple(link.span for link in there)
    return Check(name, "page", label, score, len(there), _("one or more"), evidence, "" if score >= 8 else hint)


def title_width(page: Page, phrase: Keyphrase) -> Check:
    label, width = _("Title width"), title_pixels(page.title)
    threshold = _("at most %(most)d pixels") % {"most": _TITLE_PIXELS}
    if not width:
        return Check("title_width", "page", label, 1, 0, threshold, hint=_("Write a title."))
    if width > _TITLE_PIXELS:
        return Check(
            "title_width", "page", label, 3, width, threshold, hint=_("Shorten the title; its end is not shown.")
        )
    return Check("title_width", "page", label, 9, width, threshold)


def description_length(page: Page, phrase: Keyphrase) -> Check:
    label, length = _("Description length"), len(page.description)
    threshold = _("%(least)d to %(most)d characters") % {"least": _DESCRIPTION[0] + 1, "most": _DESCRIPTION[1]}
    if not length:
        return Check("description_length", "page", label, 1, 0, threshold, hint=_("Write a description."))
    if _DESCRIPTION[0] < length <= _DESCRIPTION[1]:
        return Check("description_length", "page", label, 9, length, threshold)
    hint = (
        _("Use the room that there is for the description.")
        if length <= _DESCRIPTION[0]
        else _("Shorten the description; its end is not shown.")
    )
    return Check("description_length", "page", label, 6, length, threshold, hint=hint)


def single_title(page: Page, phrase: Keyphrase) -> Check:
    count = sum(block.level == 1 for block in page.blocks)
    label = _("Single main heading")
    if count > 1:
        hint = _("Make all but one of the main headings subheadings.")
        return Check("single_title", "page", label, 1, count, _("at most one"), hint=hint)
    return Check("single_title", "page", label, 8, count, _("at most one"))


def images(page: Page, phrase: Keyphrase) -> Check:
    count, label = len(page.images), _("Images")
    if not count:
        return Check("images", "page", label, 3, 0, _("one or more"), hint=_("Add an image."))
    return Check("images", "page", label, 9, count, _("one or more"))


RULES: tuple[Rule, ...] = (
    introduction,
    keyphrase_length,
    density,
    description_keyphrase,
    subheadings,
    competing_links,
    image_alt,
    title_keyphrase,
    slug_keyphrase,
    text_length,
    outbound_links,
    internal_links,
    title_width,
    description_length,
    single_title,
    images,
)
