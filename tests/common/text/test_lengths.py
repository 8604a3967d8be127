"""How platforms count, above all X: by its published rules (twitter-text, version 3)."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.text.lengths import measure
from apps.common.text.links import link_spans

FAMILY = "👨‍👩‍👧‍👦"
# Nothing that could become a link or an emoji with what stands beside it.
PLAIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x10FF, exclude_characters=".:/@#©®*0123456789"))


def weight(text: str) -> int:
    return measure(text, "weighted")


def links(text: str) -> list[str]:
    return [text[start:end] for start, end in link_spans(text)]


@pytest.mark.parametrize(
    ("text", "graphemes", "code_points", "utf16", "weighted"),
    [
        ("", 0, 0, 0, 0),
        ("Waves.", 6, 6, 6, 6),
        ("ക്ഷ", 1, 3, 3, 3),
        ("e\u0301", 1, 2, 2, 1),
        ("日本", 2, 2, 2, 4),
        ("한", 1, 1, 1, 2),
        ("ก", 1, 1, 1, 1),
        ("“a” – b…", 8, 8, 8, 9),
        ("👍", 1, 1, 2, 2),
        ("👍🏽", 1, 2, 4, 2),
        (FAMILY, 1, 7, 11, 2),
        (FAMILY * 2, 2, 14, 22, 4),
        ("🇮🇳", 1, 2, 4, 2),
        ("🇮🇳🇯🇵", 2, 4, 8, 4),
        ("1️⃣", 1, 3, 3, 2),
        ("1", 1, 1, 1, 1),
        ("❤️", 1, 2, 2, 2),
        ("❤", 1, 1, 1, 2),
        ("☺︎", 1, 2, 2, 4),
        ("©", 1, 1, 1, 1),
        ("©️", 1, 2, 2, 2),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", 1, 7, 14, 2),
        ("🧑‍🚀 up", 4, 6, 8, 5),
        ("a‍b", 2, 3, 3, 3),
    ],
)
def test_each_platform_counts_in_its_own_way(text, graphemes, code_points, utf16, weighted) -> None:
    counted = [measure(text, unit) for unit in ("graphemes", "code_points", "utf16", "weighted")]
    assert counted == [graphemes, code_points, utf16, weighted]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://example.com", ["https://example.com"]),
        ("See HTTP://Example.COM/A?b=c#d now", ["HTTP://Example.COM/A?b=c#d"]),
        ("example.com", ["example.com"]),
        ("example.com/a/b", ["example.com/a/b"]),
        ("t.co and foo.co.jp", ["t.co", "foo.co.jp"]),
        ("(example.com)", ["example.com"]),
        ("https://example.com/a_(b)", ["https://example.com/a_(b)"]),
        ("https://example.com/a.", ["https://example.com/a"]),
        ("https://example.com, https://example.org!", ["https://example.com", "https://example.org"]),
        ("https://example.com/a?q=1&r=2.", ["https://example.com/a?q=1&r=2"]),
        ("https://example.com:8080/a", ["https://example.com:8080/a"]),
        ("https://müller.de", ["https://müller.de"]),
        ("https://例え.jp/道", ["https://例え.jp/"]),
        ("ここexample.comへ", ["example.com"]),
        ("https://xn--p1ai.xn--p1ai", ["https://xn--p1ai.xn--p1ai"]),
        ("https://кто.рф", ["https://кто.рф"]),
        ("кто.рф", []),
        ("https://example.com/ä–b", ["https://example.com/ä–b"]),
        ("README.md and main.py", ["README.md", "main.py"]),
        ("end.Then more", []),
        ("e.g. this", []),
        ("1.5 and 2.0", []),
        ("192.168.0.1", []),
        ("me@example.com", []),
        ("@example.com #example.com $example.com", []),
        ("aexample.comb", []),
        ("example.comm", []),
        ("example.com-", []),
        ("-example.com", []),
        ("..example.com", []),
        ("ftp://example.com", []),
        ("https://", []),
        ("https://localhost", []),
        ("https://t.co/abc…more", ["https://t.co/abc"]),
        ("https://t.co/abc/more", ["https://t.co/abc"]),
        ("https://t.co/" + "a" * 41, []),
        ("https://example.com/" + "a" * 4100, []),
        ("https://example.com/@me/1", ["https://example.com/@me/1"]),
        ("example.com example.com", ["example.com", "example.com"]),
        ("a.b.c.example.museum", ["a.b.c.example.museum"]),
        ("under_score.example.com", ["score.example.com"]),
        ("https://under_score.example.com", ["https://under_score.example.com"]),
    ],
)
def test_links_are_where_x_sees_them(text: str, found: list[str]) -> None:
    assert links(text) == found


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("https://example.com/" + "a" * 200, 23),
        ("t.co", 23),
        ("Read example.com now", 5 + 23 + 4),
        (f"{FAMILY} https://example.com 日", 2 + 1 + 23 + 1 + 2),
        ("x" * 280, 280),
        ("日" * 140, 280),
        ("😀" * 140, 280),
        ("ക" * 280, 280),
        ("https://example.com\nhttps://example.com", 47),
    ],
)
def test_a_post_on_x_is_as_long_as_x_says(text: str, length: int) -> None:
    assert weight(text) == length


@given(PLAIN)
def test_letters_of_the_first_scripts_weigh_one(text: str) -> None:
    assert weight(text) == len(unicodedata.normalize("NFC", text))


@given(st.text())
def test_the_form_of_accents_makes_no_difference(text: str) -> None:
    assert weight(unicodedata.normalize("NFD", text)) == weight(unicodedata.normalize("NFC", text))


@given(st.lists(st.sampled_from([FAMILY, "👍🏽", "🇮🇳", "1️⃣", "❤️", "😀", "日", "a", "https://example.com/a", "e.g."])))
def test_what_stands_apart_is_counted_apart(pieces: list[str]) -> None:
    assert weight(" ".join(pieces)) == sum(weight(piece) for piece in pieces) + max(len(pieces) - 1, 0)


@given(st.text(), st.text())
def test_spans_are_in_order_and_inside(before: str, after: str) -> None:
    text = f"{before} https://example.com/a {after}"
    spans = link_spans(text)
    assert (len(before) + 1, len(before) + 22) in spans
    flat = [position for span in spans for position in span]
    assert flat == sorted(flat)
    assert all(0 <= start < end <= len(text) for start, end in spans)


@given(st.text(alphabet="a.:/()?=-_@#日é \n", max_size=400))
def test_counting_ends_soon_and_stays_in_bounds(text: str) -> None:
    assert 0 <= weight(text) <= 2 * len(text) + 23 * text.count(".")


@pytest.mark.parametrize(
    "text",
    [
        "a." * 3000,
        "x.com " + "a." * 1500,
        "-a.com" * 1000,
        "https://x.com/" + "(a" * 3000,
        "https://x.com/" + "(a)" * 2000 + "." * 3000,
        "x.com/" + "a!" * 3000,
        "x.com/?" + "?" * 6000,
        "https://" * 1000,
        "日.com" * 1000,
    ],
)
def test_no_text_takes_long_to_count(text: str) -> None:
    begun = time.process_time()
    weight(text)
    assert time.process_time() - begun < 10
