"""Words, graphemes, normal forms, slugs and hashtags in every script."""

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.templatetags.scripts import initial
from apps.common.templatetags.scripts import shorten as shorten_in_template
from apps.common.text.hashtags import build_hashtag, extract_hashtags, is_hashtag, unique_hashtags
from apps.common.text.normalise import normalise
from apps.common.text.scripts import script_of
from apps.common.text.slugs import slug
from apps.common.text.words import count_graphemes, graphemes, shorten, words
from tests.common.text.strategies import texts


def test_words_stay_whole_in_scripts_with_marks():
    text = "കേരളത്തിലെ വാർത്തകൾ, क्षेत्र don't 1,200.5 می‌خواهم ภาษา 你好"
    assert words(text) == ["കേരളത്തിലെ", "വാർത്തകൾ", "क्षेत्र", "don't", "1,200.5", "می‌خواهم", "ภาษา", "你", "好"]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("മഴവെള്ള WHO സംഭരണി", "MALAYALAM"),
        ("Ärger in Łódź, 2026", "LATIN"),
        ("Бочка для дождя", "CYRILLIC"),
        ("新聞 news", "LATIN"),
        ("42 👍", ""),
    ],
)
def test_a_text_is_in_the_script_of_most_of_its_letters(text, script):
    assert script_of(text) == script


def test_graphemes_are_what_a_reader_counts():
    assert [count_graphemes(text) for text in ("ക്ഷ്മി", "👨‍👩‍👧", "e\u0301", "abc", "")] == [1, 1, 1, 3, 0]


def test_a_long_text_is_shortened_at_a_word():
    assert shorten("The quick brown fox jumps", 16) == "The quick brown…"
    assert shorten("Thequickbrownfox jumps", 10) == "Thequickb…"
    assert shorten("short", 5) == "short"
    with pytest.raises(ValueError, match="at least one"):
        shorten("x", 0)


@settings(max_examples=150, deadline=None)
@given(texts, st.integers(1, 40))
def test_a_shortened_text_fits_and_begins_like_the_text(text, limit):
    short = shorten(text, limit)
    assert count_graphemes(short) <= limit
    assert short == text or text.startswith(short.removesuffix("…"))


def test_old_chillu_letters_become_the_new_ones():
    assert normalise("അവന്\u200d പാല്\u200d ആള്\u200d മണ്\u200d കാര്\u200d വാക്\u200d") == "അവൻ പാൽ ആൾ മൺ കാർ വാൿ"


def test_space_is_tidied_and_joiners_stay():
    assert normalise("\ufeff a\u00a0 b \r\n\r\n\r\n\r\n c\x00\u200b e\u0301 ") == "a b\n\nc é"
    assert normalise("می‌خواهم 👨‍👩‍👧") == "می‌خواهم 👨‍👩‍👧"
    assert normalise("\ud800x") == "x"


@settings(max_examples=300, deadline=None)
@given(texts)
def test_normalising_twice_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once
    once.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's 5 O'Clock & some-thing!", "its-5-oclock-some-thing"),
        ("കേരളത്തിലെ വാർത്ത", "കേരളത്തിലെ-വാർത്ത"),
        ("हिन्दी में समाचार", "हिन्दी-में-समाचार"),
        ("می‌خواهم!", "می‌خواهم"),
        ("  --  ", ""),
        ("😂 Ok 👨‍👩‍👧", "ok"),
    ],
)
def test_slugs_keep_every_script(text, expected):
    assert slug(text) == expected


def test_a_long_slug_ends_with_a_whole_word():
    assert slug("one two three four", max_length=11) == "one-two"
    assert slug("കേരളത്തിലെ", max_length=2) == "കേര"


@settings(max_examples=200, deadline=None)
@given(texts, st.integers(1, 30))
def test_a_slug_is_stable_and_safe_in_an_address(text, limit):
    short = slug(text, max_length=limit)
    assert count_graphemes(short) <= limit
    assert not regex.search(r"[\s/?#%&]|^-|-$|--", short)
    assert slug(slug(text)) == slug(text)


def test_hashtags_are_found_in_every_script_and_once():
    text = "#a #മലയാളംവാർത്ത, #A http://x.example/#top #123 foo#bar ＃日本 #one_two #می‌خواهم"
    assert extract_hashtags(text) == ["a", "മലയാളംവാർത്ത", "日本", "one_two", "می‌خواهم"]


@pytest.mark.parametrize(
    ("phrase", "tag"),
    [
        ("night shift", "NightShift"),
        ("#storytime", "storytime"),
        ("മലയാളം വാർത്ത", "മലയാളംവാർത്ത"),
        ("don't stop", "DontStop"),
        ("24", ""),
        ("!?", ""),
    ],
)
def test_a_phrase_becomes_one_tag(phrase, tag):
    assert build_hashtag(phrase) == tag


def test_tags_that_no_platform_reads_are_left_out():
    assert [is_hashtag(tag) for tag in ("a1", "മലയാളം", "1", "a b", "a-b", "")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    assert unique_hashtags(["#Story", "story", "1", " plain "]) == ["Story", "plain"]


@settings(max_examples=150, deadline=None)
@given(texts)
def test_a_built_tag_is_a_tag_or_nothing(text):
    tag = build_hashtag(text)
    assert tag == "" or (is_hashtag(tag) and extract_hashtags(f"#{tag}") == [normalise(tag)])
    assert "".join(graphemes(text)) == text


def test_templates_cut_between_characters_too():
    assert [initial(name) for name in ("ക്ഷേമ", "हिन्दी", "👨‍👩‍👧 us", " ada", "")] == ["ക്ഷേ", "हि", "👨‍👩‍👧", "A", ""]
    assert shorten_in_template("കേരളത്തിലെ വാർത്തകൾ", "8") == "കേരളത്തിലെ…"
