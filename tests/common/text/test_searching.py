"""Words are found however they are spelled, in every script."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.text.searching import Term, excerpt, fold, index_terms, marked, query
from tests.common.text.strategies import texts


def finds(typed: str, text: str) -> bool:
    """What the database does: of every group one term is there, or something that begins so."""
    wanted, terms = query(typed), index_terms(text)
    return wanted is not None and all(any(_has(terms, term) for term in group) for group in wanted.groups)


def _has(terms: list[str], wanted: Term) -> bool:
    return wanted.text in terms if wanted.whole else any(term.startswith(wanted.text) for term in terms)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("അവന്\u200d", "അവൻ പോയി"),
        ("അവൻ", "അവന്\u200d പോയി"),
        ("അവൻ", "അവന്റെ വീട്"),
        ("അവൻറെ", "അവന്റെ വീട്"),
        ("കേരളം", "കേരളത്തിലെ വാർത്തകൾ"),
        ("വീട്", "വീട്ടിൽ ആരുമില്ല"),
        ("ക്ഷ്മി", "ക്ഷ്മി"),
        ("ക", "ക്ഷ്മി"),
        ("നൗക", "നൌക"),
        ("हिंदी", "हिन्दी में समाचार"),
        ("जरूर", "ज़रूर आइए"),
        ("चाँद", "चांद"),
        ("الكتاب", "كِتَابٌ جديد"),
        ("كتاب", "والكتاب هنا"),
        ("احمد", "أحمد"),
        ("كتاب", "كتـــاب"),
        ("میخواهم", "می‌خواهم"),
        ("علی", "علي"),
        ("ภาษา", "ผมเรียนภาษาไทยทุกวัน"),
        ("ไท", "ผมเรียนภาษาไทยทุกวัน"),
        ("京都大学", "我在京都大学学习"),
        ("学", "我在京都大学学习"),
        ("コーヒー", "ｺｰﾋｰを飲む"),
        ("ដី", "ទឹកដីខ្មែរ"),
        ("cafe", "Le Café"),
        ("CAFÉ", "cafe\u0301"),
        ("strasse", "Straße"),
        ("istanbul", "İstanbul"),
        ("stories", "a short story"),
        ("story", "three stories"),
        ("publishing", "it was published"),
        ("running", "runs away"),
        ("shift", "#NightShift"),
        ("nights", "#NightShift"),
        ("മലയാളം", "#മലയാളംവാർത്ത"),
        ("dont", "I don't know"),
        ("1,200", "1200 people"),
        ("34", "٣٤"),
        ("harb lig", "The harbour light"),
        ("한국", "한국에서"),
    ],
)
def test_a_word_is_found_however_it_is_spelled(typed: str, text: str) -> None:
    assert finds(typed, text)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("വാർത്ത", "വർത്തമാനം"),
        ("京大", "京都大学"),
        ("ไทย", "ไท ย"),
        ("string", "strong"),
        ("light house", "lighthouse"),
        ("arbour", "harbour"),
        ("क", "ख"),
        ("؟", "هل؟"),
    ],
)
def test_other_words_are_not_found(typed: str, text: str) -> None:
    assert not finds(typed, text)


def test_what_holds_no_word_asks_for_nothing() -> None:
    assert [query(text) for text in ("", " ", "!?", "😂", "‍‌", "ـ")] == [None] * 6


def test_the_place_that_was_found_is_shown() -> None:
    shown = excerpt("Much was said. " * 20 + "Then the വാർത്തകൾ came. " + "More was said. " * 40, query("വാര്‍ത്ത"))
    joined = "".join(piece.text for piece in shown)
    assert [piece.text for piece in shown if piece.found] == ["വാർത്തകൾ"]
    assert joined.startswith("… ")
    assert joined.endswith(" …")
    assert len(joined) < 260
    assert [(piece.text, piece.found) for piece in marked("ผมเรียนภาษาไทย", query("ภาษา"))] == [
        ("ผมเรียน", False),
        ("ภาษา", True),
        ("ไทย", False),
    ]


@settings(max_examples=150, deadline=None)
@given(texts)
def test_a_folded_text_stays_as_it_is(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert all(regex.fullmatch(r"[\p{L}\p{M}\p{N}]+", term) and " " not in term for term in index_terms(text))


@settings(max_examples=150, deadline=None)
@given(texts, st.data())
def test_every_text_is_found_by_its_own_words_and_their_beginnings(text: str, data: st.DataObject) -> None:
    for word in text.split()[:3]:
        if (wanted := query(word)) is not None:
            assert finds(word, text), word
            assert any(piece.found for piece in marked(text, wanted)), word
            clusters = regex.findall(r"\X", word)
            beginning = "".join(clusters[: data.draw(st.integers(1, len(clusters)))])
            assert query(beginning) is None or finds(beginning, text), beginning


@settings(max_examples=150, deadline=None)
@given(texts, texts)
def test_marking_loses_nothing_and_cuts_no_character(text: str, typed: str) -> None:
    wanted = query(typed) or query("a")
    pieces = [piece.text for piece in marked(text, wanted)]
    assert "".join(pieces) == text
    borders = {match.start() for match in regex.finditer(r"\X", text)} | {len(text)}
    position = 0
    for piece in pieces:
        position += len(piece)
        assert position in borders
    shown = "".join(piece.text for piece in excerpt(text, wanted, before=5, after=10)).strip("… ")
    assert shown in text
