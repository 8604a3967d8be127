"""What holds for a text in any script, however adversarial: nothing is lost, and no character is torn apart."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.text.hashtags import extract_hashtags, hashtag_spans, is_hashtag
from apps.common.text.lengths import measure
from apps.common.text.normalise import normalise
from apps.common.text.parts import split_parts
from apps.common.text.sentences import sentences
from apps.common.text.slugs import slug
from apps.common.text.words import count_words, fit, graphemes, shorten, words

PIECES = [
    "കേരളത്തിൽ", "അവന്‍റെ", "ന്റെ", "ൻറെ", "ക്ഷ്മി", "ക്", "ൌ", "ൎ", "हिन्दी", "क्ष", "ज़", "ँ", "كِتَابٌ", "كتـــاب",
    "\u200fسلام\u200e", "می‌خواهم", "أحمد", "؟", "،", "ผมเรียน", "น้ำ", "เก๋า", "ໂລ", "ខ្មែរ", "မြန်မာ", "我在京都",
    "コーヒー", "が", "か\u3099", "ｶﾞ", "한국어", "\u1112\u1161\u11ab", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇮🇳", "🇮🇳🇯", "👍🏽", "1️⃣", "#️⃣",
    "❤️", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "e\u0301", "\u0301", "\u200d", "\u200c", "\ufe0f", "a", "Z", "é",
    "1", "½",
    " ", " ", " ", "\u00a0", "\u3000", "\n", "\r\n", ".", "।", "。", "?", "!", "…", ",", "#", "＃", "-", "'", "’", "_",
    "/",
]  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=2)), max_size=14).map("".join)


def borders(text: str) -> set[int]:
    return {match.start() for match in regex.finditer(r"\X", text)} | {len(text)}


def assert_whole(pieces: list[str], text: str) -> None:
    assert "".join(pieces) == text
    position, allowed = 0, borders(text)
    for piece in pieces:
        position += len(piece)
        assert position in allowed, piece


@settings(max_examples=200, deadline=None)
@given(texts, st.sampled_from(["en", "ml", "hi", "ar", "th", "zh", "el"]))
def test_sentences_and_parts_tear_no_character_apart(text: str, language: str) -> None:
    assert_whole(sentences(text, language=language), text)
    assert_whole(split_parts(text, min_seconds=0, max_seconds=0.4, language=language), text)


@settings(max_examples=200, deadline=None)
@given(texts, st.integers(1, 12))
def test_shortening_keeps_whole_characters(text: str, limit: int) -> None:
    kept = shorten(text, limit)
    assert len(graphemes(kept)) <= limit
    if kept != text:
        assert len(kept.removesuffix("…")) in borders(text)


@settings(max_examples=150, deadline=None)
@given(texts, st.integers(0, 12))
def test_a_column_holds_whole_characters(text: str, length: int) -> None:
    kept = fit(text, length)
    assert text.startswith(kept)
    assert len(kept) <= length
    assert len(kept) in borders(text)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_normalising_is_done_once(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert words(normalise(text)) == words(normalise(once))


@settings(max_examples=200, deadline=None)
@given(texts, st.integers(1, 20))
def test_a_slug_of_a_slug_is_the_slug(text: str, limit: int) -> None:
    once = slug(text, max_length=limit)
    assert slug(once, max_length=limit) == once
    assert not regex.search(r"[\s/?#%&]|^-|-$|--|^\p{M}|-\p{M}|\ufe0f|\u0640", once)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_the_tags_that_are_found_are_tags(text: str) -> None:
    for start, end in hashtag_spans(text):
        assert text[start] in "#＃"
        assert is_hashtag(text[start + 1 : end])
    assert all(is_hashtag(tag) for tag in extract_hashtags(text))


@settings(max_examples=100, deadline=None)
@given(texts)
def test_lengths_agree_with_what_they_count(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    assert measure(text, "graphemes") == len(graphemes(text)) <= measure(text, "code_points") == len(text)
    assert measure(text, "utf16") * 2 == len(text.encode("utf-16-le"))
    assert count_words(text) >= (1 if words(text) else 0)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#️⃣ #️⃣abc", []),
        ("#one#two", []),
        ("#x²", ["x"]),
        ("#コーヒー・タイム と #l·l", ["コーヒー・タイム", "l·l"]),
        ("(#മലയാളംവാർത്ത) #हिन्दी_में", ["മലയാളംവാർത്ത", "हिन्दी_में"]),
        ("#كتاب، #می‌خواهم", ["كتاب", "می‌خواهم"]),
        ("#ภาษาไทย #中文标签。#한국어", ["ภาษาไทย", "中文标签", "한국어"]),
        ("#http://x.example", []),
        ("5#a &#39; #123 #1a", ["1a"]),
    ],
)
def test_tags_are_those_that_platforms_count(text: str, tags: list[str]) -> None:
    assert extract_hashtags(text) == tags


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("كتـــاب جديد", "كتاب-جديد"),
        ("\u200fسلام\u200f عليكم", "سلام-عليكم"),
        ("كِتَابٌ", "كِتَابٌ"),
        ("น้ำตก สวย", "น้ำตก-สวย"),
        ("1️⃣ first ❤️", "1-first"),
        ("ക്ഷേത്രം, 2026!", "ക്ഷേത്രം-2026"),
        ("我在京都。學習", "我在京都-學習"),
        ("a \u0301b", "a-b"),
    ],
)
def test_slugs_keep_vowels_and_drop_what_only_looks(text: str, expected: str) -> None:
    assert slug(text) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("One two three", 3),
        ("കേരളത്തിലെ വാർത്തകൾ", 2),
        ("我在京都大学", 6),
        ("ผมเรียนภาษาไทยทุกวัน", 6),
        ("ผม", 1),
        ("ខ្ញុំស្រលាញ់ភាសាខ្មែរ", 4),
        ("AI คือ อะไร", 3),
        ("", 0),
    ],
)
def test_words_are_counted_where_nothing_marks_them(text: str, number: int) -> None:
    assert abs(count_words(text) - number) <= (1 if number > 3 else 0)
