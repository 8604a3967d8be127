"""Length estimates, and cutting a long story into parts."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import apps.stories
from apps.common.text.duration import sentence_seconds, spoken_seconds
from apps.common.text.parts import plan_parts, split_parts
from apps.common.text.words import graphemes
from tests.common.text.strategies import texts

STORY = (Path(apps.stories.__file__).parent / "data" / "demo_story.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        # Measured with the packaged voice, a quarter of a second of silence after each sentence added.
        ("I ran. He ran too. No one spoke. It was so dark. Then a door. I went in. It shut.", 7.9),
        (
            "Internationalization requires considerable engineering investment: translation workflows, typographical "
            "considerations, bidirectional layouts, and comprehensive regression testing.",
            12.3,
        ),
    ],
)
def test_the_estimate_is_near_the_voice(text, seconds):
    assert spoken_seconds(text) == pytest.approx(seconds, rel=0.1)


def test_what_is_not_said_takes_no_time():
    assert spoken_seconds("") == spoken_seconds("😂\n\n***\n") == 0
    assert spoken_seconds("https://example.com/a/very/long/path?with=1&many=2") == spoken_seconds(
        "https://example.com/"
    )


def test_syllables_are_counted_in_scripts_that_write_them():
    assert 2.5 < spoken_seconds("കേരളത്തിലെ വാർത്തകൾ ഇന്ന് വായിക്കുന്നത് രാജൻ.", language="ml") < 4.5
    assert 1.0 < spoken_seconds("他走了很远的路。", language="zh") < 3.0


def test_the_shipped_story_makes_two_even_parts_at_a_paragraph():
    parts = plan_parts(STORY, min_seconds=45, max_seconds=75)
    assert [part.number for part in parts] == [1, 2]
    assert [part.problem for part in parts] == ["", ""]
    assert abs(parts[0].seconds - parts[1].seconds) < 5
    assert split_parts(STORY, min_seconds=45, max_seconds=75) == [part.text for part in parts]


def test_a_short_story_is_one_part_and_says_so():
    (part,) = plan_parts("I ran. He ran too.", min_seconds=20, max_seconds=60)
    assert (part.text, part.problem) == ("I ran. He ran too.", "too_short")


def test_bounds_that_do_not_divide_the_story_are_named():
    parts = plan_parts("We waited for the rain to stop. " * 30, min_seconds=58, max_seconds=60)
    assert {part.problem for part in parts} >= {"too_short"}
    assert "".join(part.text for part in parts) == "We waited for the rain to stop. " * 30


def test_the_last_part_is_not_a_remnant():
    parts = plan_parts("We waited for the rain to stop. " * 31, min_seconds=0, max_seconds=30)
    lengths = [part.seconds for part in parts]
    assert max(lengths) - min(lengths) < 4
    assert max(lengths) <= 30


def test_an_open_question_near_the_middle_is_a_good_end():
    lines = ["We waited for the rain to stop. "] * 20
    lines[10] = "And who was standing there? "
    first, _ = split_parts("".join(lines), min_seconds=0, max_seconds=30)
    assert first.endswith("standing there? ")


def test_a_sentence_without_end_is_cut_at_clauses_then_words():
    clauses = "and then we walked along the river for a while, " * 20
    parts = plan_parts(clauses, min_seconds=0, max_seconds=20)
    assert all(part.text.endswith(", ") and not part.problem for part in parts)
    parts = plan_parts("and again " * 200, min_seconds=0, max_seconds=20)
    assert all(part.text.endswith(" ") and not part.problem for part in parts)


def test_a_word_without_end_is_cut_between_graphemes():
    text = "ക്ഷ്മി" * 300
    parts = plan_parts(text, min_seconds=0, max_seconds=10, language="ml")
    assert [grapheme for part in parts for grapheme in graphemes(part.text)] == graphemes(text)
    assert not any(part.problem for part in parts)


def test_a_part_that_cannot_be_short_enough_is_named():
    assert {part.problem for part in plan_parts("no", min_seconds=0, max_seconds=0.1)} == {"too_long"}


def test_nothing_has_no_parts_and_wrong_bounds_are_refused():
    assert plan_parts("", min_seconds=1, max_seconds=2) == []
    for least, most in ((2, 1), (0, 0), (-1, 5)):
        with pytest.raises(ValueError, match="shortest"):
            plan_parts("x", min_seconds=least, max_seconds=most)


@settings(max_examples=120, deadline=None)
@given(texts, st.floats(0, 5), st.floats(0.1, 15), st.sampled_from(["en", "ml"]))
def test_joined_the_parts_are_the_text(text, least, more, language):
    parts = plan_parts(text, min_seconds=least, max_seconds=least + more, language=language)
    assert "".join(part.text for part in parts) == text
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert [grapheme for part in parts for grapheme in graphemes(part.text)] == graphemes(text)
    assert all(part.seconds <= least + more or part.problem == "too_long" for part in parts)
    assert sentence_seconds(text) >= 0
