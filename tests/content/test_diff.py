"""Diffs lose nothing, in any script."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.content.queries import Change, diff_text, diff_words
from tests.factories.content import make_text

TEXTS = st.text(alphabet=st.sampled_from("ab സാ🙂\n\t .,"), max_size=60) | st.text(max_size=60)


@given(before=TEXTS, after=TEXTS)
@settings(max_examples=200, deadline=None)
def test_both_texts_can_be_read_back_from_their_diff(before, after):
    changes = diff_words(before, after)
    assert "".join(each.text for each in changes if each.kind != "added") == before
    assert "".join(each.text for each in changes if each.kind != "removed") == after


def test_changed_word_is_shown_between_what_stayed():
    assert diff_words("The red boat", "The blue boat") == [
        Change("same", "The "),
        Change("removed", "red"),
        Change("added", "blue"),
        Change("same", " boat"),
    ]


def test_only_fields_that_changed_are_listed():
    before = make_text("One")
    after = replace(before, title="Two", hashtags=["harbour", "night"])
    changed = diff_text(before, after)
    assert [str(label) for label, _changes in changed] == ["Title", "Hashtags"]
