"""Cutting text into sentences."""

import pytest
from hypothesis import given, settings

from apps.common.text.sentences import sentences
from tests.common.text.strategies import texts


@pytest.mark.parametrize(
    "expected",
    [
        ["Dr. Smith met J. K. Rowling at 5 p.m. ", "Then he left."],
        ["It cost $3.50. ", "See http://a.example/b.c etc. ", "The end"],
        ["“Really?” she asked. ", "“Yes!” ", "He went."],
        ["I was... not sure. ", "Wait… ", "What?! ", "OK."],
        ["i cried. ", "then he left. ", "why? ", "no idea."],
        ["No. 5 is alive. ", "I said no. ", "Then we sat. ", "Mar. 3 was cold."],
        ["The U.S. Army came. ", "I live in the U.S. ", "He does not."],
        ["1. Get milk.\n", "2. Run\n\n", "Next paragraph"],
        ["(He lied.) ", "**I knew.** ", ">!He died.!< ", "Next"],
        ["ഡോ. രാജൻ വന്നു. ", "എം. ടി. വാസുദേവൻ നായർ എഴുതി. ", "അവൻ പോയി! ", "ശരി?"],
        ["वह गया। ", "डॉ. राम आए॥ ", "ठीक है?"],
        ["他走了。", "她说：“你好！”", "然后离开。", "真的吗？", "是。"],
        ["هل جاء؟ ", "نعم۔ ", "حسنا"],
        ["  \n "],
        [],
    ],
)
def test_sentences_end_where_a_reader_stops(expected):
    assert sentences("".join(expected)) == expected


def test_a_greek_question_ends_with_what_looks_like_a_semicolon():
    assert sentences("Τι; Ναι.", language="el") == ["Τι; ", "Ναι."]
    assert sentences("One; two.") == ["One; two."]


@settings(max_examples=300, deadline=None)
@given(texts)
def test_no_character_is_lost(text):
    found = sentences(text)
    assert "".join(found) == text
    assert all(piece.strip() for piece in found) or found == [text]
