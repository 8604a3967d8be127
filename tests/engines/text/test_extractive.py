"""The engine without a model: everything it writes is taken from the story."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.errors import AdapterError
from apps.common.text.hashtags import is_hashtag
from apps.engines.text.extractive import ExtractiveEngine
from tests.conformance.text_engine import STORY, TextEngineConformance, script_request

MALAYALAM = (
    "അമ്മൂമ്മ എനിക്ക് ഒരു പഴയ പെട്ടി തന്നു. ആ പെട്ടി ആരും ഒരിക്കലും തുറന്നിട്ടില്ല. ഒരു രാത്രി ഞാൻ ആ പെട്ടി തുറന്നു. "
    "അതിൽ നിറയെ കത്തുകൾ ആയിരുന്നു. കത്തുകൾ എല്ലാം എന്റെ പേരിൽ ആയിരുന്നു!"
)


class TestConformance(TextEngineConformance):
    @pytest.fixture
    def engine(self):
        return ExtractiveEngine()

    @pytest.fixture
    def good_answer(self):
        return None

    @pytest.fixture(params=["another kind", "no words"])
    def failing(self, request):
        if request.param == "another kind":
            return ExtractiveEngine(), replace(script_request(), kind="blog")
        return ExtractiveEngine(), script_request(story=" … ")


def write(**variables):
    result = ExtractiveEngine().generate(script_request(**variables))
    assert result.outcome == "parsed", result.message
    return result.data


def test_a_script_is_taken_from_the_story():
    assert write(community="r/FamilySecrets") == {
        "title": "The locked piano",
        "hook": "My grandmother left me a locked piano.",
        "description": (
            "Nobody in the family had ever heard her play it. "
            "Last week I finally found the key behind the clock in the kitchen."
        ),
        "call_to_action": "Has anything like this happened to you? Tell me in the comments.",
        "hashtags": ["storytime", "FamilySecrets", "piano", "locked"],
    }


def test_a_malayalam_story_gets_malayalam_words_whole():
    assert write(title="അടച്ച പെട്ടി", story=MALAYALAM, language="ml") == {
        "title": "അടച്ച പെട്ടി",
        "hook": "ആ പെട്ടി ആരും ഒരിക്കലും തുറന്നിട്ടില്ല.",
        "description": "അമ്മൂമ്മ എനിക്ക് ഒരു പഴയ പെട്ടി തന്നു. ഒരു രാത്രി ഞാൻ ആ പെട്ടി തുറന്നു.",
        "call_to_action": "നിങ്ങൾക്ക് ഇങ്ങനെ ഒരു അനുഭവം ഉണ്ടായിട്ടുണ്ടോ? കമന്റിൽ പറയൂ.",
        "hashtags": ["കഥ", "പെട്ടി", "കത്തുകൾ"],
    }


def test_a_story_that_asks_for_a_verdict_ends_with_one():
    data = write(title="AITA for locking the piano?")
    assert data["call_to_action"] == "So who was in the wrong here? Tell me in the comments."


def test_the_hook_does_not_tell_the_end():
    story = STORY + " I was the one who had secretly betrayed her and never confessed!"
    assert "betrayed" not in write(story=story)["hook"]


def test_without_a_title_the_hook_becomes_one():
    assert write(title="  ")["title"] == "My grandmother left me a locked piano"


def test_a_series_mark_leaves_the_title():
    assert write(title="The locked piano (Part 2)")["title"] == "The locked piano"


def test_marks_and_links_do_not_reach_the_script():
    data = write(
        title="**The** [piano](https://x.example)", story="**I never** opened >!the door!< again, he said. " * 3
    )
    assert data["title"] == "The piano"
    assert data["hook"] == "I never opened the door again, he said."


def test_a_language_without_a_closing_line_gets_none():
    data = write(story="Minä löysin vanhan pianon. Se oli täynnä kirjeitä. Piano oli lukossa.", language="fi")
    assert data["call_to_action"] == ""
    assert data["hashtags"] == ["piano"]


def test_the_same_story_gets_the_same_script():
    assert write() == write()


def test_a_schema_that_asks_for_more_is_told_so():
    schema = {"type": "object", "required": ["moral"], "properties": {"moral": {"type": "string"}}}
    result = ExtractiveEngine().generate(replace(script_request(), schema=schema))
    assert (result.outcome, result.data, result.message) == ("invalid", None, "'moral' is a required property")


@settings(max_examples=60, deadline=None)
@given(
    title=st.text(max_size=200),
    story=st.text(max_size=400).filter(lambda text: any(character.isalpha() for character in text)),
    language=st.sampled_from(["en", "ml", "hi", "th", "zh"]),
)
def test_any_story_gives_a_script_that_fits_or_says_it_has_no_words(title, story, language):
    with suppress(AdapterError):
        data = write(title=title, story=story, language=language)
        assert all(is_hashtag(tag) for tag in data["hashtags"])
        assert len(data["hashtags"]) <= 5
