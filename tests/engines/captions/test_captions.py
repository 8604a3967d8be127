"""Captions as a viewer meets them: which words stand together, when, and what the file says."""

import re
from itertools import pairwise

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.errors import AdapterError, Invalid
from apps.engines.captions import PRESETS, CaptionStyle, build_ass, build_captions
from apps.engines.voice.base import TimedWord

STYLES = st.sampled_from(list(PRESETS.values()))
ANY_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
LATIN = st.text("abcdefghijklmnopqrstuvwxyzäéßNnh{}\\;,.!?'\"&<>-", min_size=1, max_size=30)


def timed(text: str, start: float = 0.0) -> list[TimedWord]:
    words = enumerate(text.split())
    return [TimedWord(word, start + index * 0.4, start + index * 0.4 + 0.36) for index, word in words]


@st.composite
def timed_words(draw, texts):
    words, at = [], 0.0
    for text in draw(st.lists(texts, max_size=25)):
        at += draw(st.floats(0, 0.8))
        end = at + draw(st.floats(0, 0.7))
        words.append(TimedWord(text, at, end))
        at = end
    return words


def shown(ass: str) -> list[tuple[int, int, str]]:
    """Start, end (milliseconds) and text of every moment; lines of one moment are joined by a space."""
    moments: dict[tuple[int, int], list[str]] = {}
    for event in pysubs2.SSAFile.from_string(ass):
        if event.style == "Words":
            text = re.sub(r"(?<!\\)\{[^}]*(?<!\\)\}", "", event.text)
            text = text.replace("\\\u2060", "\\").replace("\\{", "{").replace("\\}", "}")
            moments.setdefault((event.start, event.end), []).append(text)
    return [(start, end, " ".join(lines)) for (start, end), lines in moments.items()]


def groups(ass: str) -> list[str]:
    """The texts on screen one after the other, each once."""
    found: list[str] = []
    for _, _, text in shown(ass):
        if not found or found[-1] != text:
            found.append(text)
    return found


def test_groups_end_with_sentences_and_have_one_to_four_words():
    words = timed("I said no, of course. He smiled and put a small key on the table.")
    texts = groups(build_ass(words, style=PRESETS["minimal"], duration=10))
    assert texts == ["I said no,", "of course.", "He smiled and", "put a small", "key on the table."]


def test_a_pause_ends_a_group():
    words = [*timed("wait for"), *timed("the rest", start=2.0)]
    assert groups(build_ass(words, style=PRESETS["clean"], duration=5)) == ["wait for", "the rest"]


def test_a_group_waits_for_the_next_without_flicker_and_leaves_in_a_long_pause():
    words = [*timed("one two."), *timed("three four.", start=1.0), *timed("five", start=9.0)]
    moments = shown(build_ass(words, style=PRESETS["clean"], duration=12))
    assert [(start, end) for start, end, _ in moments] == [
        (0, 400), (400, 1000), (1000, 1400), (1400, 2260), (9000, 9860)
    ]  # fmt: skip


def test_a_short_word_alone_stays_long_enough_to_be_read():
    (moment,) = shown(build_ass([TimedWord("No.", 1.0, 1.05)], style=PRESETS["clean"], duration=5))
    assert moment[1] - moment[0] >= 400


def test_the_current_word_and_only_it_is_highlighted():
    ass = build_ass(timed("one two three"), style=PRESETS["clean"], duration=3)
    texts = [event.text for event in pysubs2.SSAFile.from_string(ass)]
    coloured = [re.findall(r"\\1c&HE6E15C&\}(?:\{[^}]*\})*(\w+)", text) for text in texts]
    assert coloured == [["one"], ["two"], ["three"]]


def test_captions_end_with_the_video():
    ass = build_ass(timed("one two three four five"), style=PRESETS["bold-pop"], duration=2.0)
    assert max(end for _, end, _ in shown(ass)) <= 2000


@settings(max_examples=60, deadline=None)
@given(timed_words(LATIN), STYLES)
def test_every_word_is_shown_in_order_and_moments_never_overlap(words, style):
    # A number in every word keeps groups of equal text apart.
    words = [TimedWord(f"{index}{word.text}", word.start, word.end) for index, word in enumerate(words)]
    ass = build_ass(words, style=style, duration=words[-1].end + 5 if words else 5)
    moments = shown(ass)
    assert len(moments) == len(words)
    assert all(start < end for start, end, _ in moments)
    assert all(before[1] <= after[0] for before, after in pairwise(moments))
    expected = "".join(word.text.upper() if style.uppercase else word.text for word in words)
    assert "".join("".join(text.split()) for text in groups(ass)) == expected


@settings(max_examples=40, deadline=None)
@given(timed_words(ANY_TEXT), STYLES)
def test_any_text_gives_a_file_that_reads_back_or_an_error_that_names_a_package(words, style):
    refused = None
    try:
        made = build_captions(words, style=style, duration=60)
    except AdapterError as error:
        refused = error
    if refused:
        assert refused.permanent
        assert "Debian package fonts-" in refused.hint
        return
    script = pysubs2.SSAFile.from_string(made.ass)
    assert all(event.start < event.end for event in script)
    assert len(made.ass.splitlines()) == len(script) + made.ass.splitlines().index("[Events]") + 2
    assert all(path.is_file() for path in made.fonts)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preview_shows_the_same_at_half_the_size(name):
    words = timed("Something extraordinary happened on the way to the harbour.")
    full = build_ass(words, style=PRESETS[name], duration=8)
    half = build_ass(words, style=PRESETS[name], size=(540, 960), duration=8)
    assert shown(full) == shown(half)
    assert "PlayResX: 540" in half


def test_a_style_that_cannot_be_is_refused_field_by_field():
    with pytest.raises(Invalid) as caught:
        CaptionStyle(colour="red", outline=99, max_words=0)
    assert sorted(caught.value.details) == ["colour", "max_words", "outline"]


def test_a_font_that_is_not_there_is_named():
    with pytest.raises(AdapterError, match="The font Nowhere Sans is not installed"):
        build_ass(timed("hello"), style=CaptionStyle(font="Nowhere Sans"), duration=1)
