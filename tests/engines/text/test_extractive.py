"""The engine that needs no model."""

from __future__ import annotations

from apps.common.text.sentences import sentences
from apps.engines.text.base import TextRequest
from apps.engines.text.extractive import ExtractiveEngine, best_hook
from apps.stories.queries import demo_story

MALAYALAM = "ഇന്നലെ രാത്രി ഒരു അപരിചിതൻ വാതിലിൽ മുട്ടി. അയാളുടെ കയ്യിൽ ഒരു കത്ത് ഉണ്ടായിരുന്നു. ഞാൻ അത് തുറന്നു."


def ask(story: str, *, title: str = "", language: str = "en", schema=None):
    variables = {"title": title, "story": story, "language": language, "parts": 1}
    return ExtractiveEngine().generate(TextRequest("script", "", "", schema or {}, variables))


def test_it_says_only_what_the_story_says():
    title, _, body = demo_story().partition("\n\n")
    found = ask(body, title=title).data
    assert found["title"] == title
    assert found["hook"] in [line.strip() for line in sentences(body)]
    assert all(line.strip() in body for line in sentences(found["description"]))
    assert all(tag.lower() in (title + body).lower() or tag == "storytime" for tag in found["hashtags"])


def test_the_hook_is_the_sentence_that_pulls():
    lines = ["I live in a small town.", "Last week I found a secret letter in my wall.", "It was a Tuesday.", "I ate."]
    assert best_hook(lines * 2) == "Last week I found a secret letter in my wall."


def test_the_hook_does_not_come_from_the_ending():
    lines = ["I went to work."] * 8 + ["My secret husband died at the funeral!"]
    assert best_hook(lines) == "I went to work."


def test_malayalam_gets_a_malayalam_question_and_whole_tags():
    found = ask(MALAYALAM * 2, title="അപരിചിതൻ", language="ml").data
    assert found["hook"] in MALAYALAM
    assert "കമന്റിൽ" in found["call_to_action"] or "താഴെ" in found["call_to_action"]
    assert "അപരിചിതൻ" in found["hashtags"]
    assert found["hashtags"][-2:] == ["മലയാളം", "കഥ"]


def test_the_same_story_always_gives_the_same_answer():
    _, _, body = demo_story().partition("\n\n")
    first, second = ask(body).data, ask(body).data
    assert first == second


def test_a_template_that_asks_for_less_gets_less():
    schema = {"properties": {"hook": {"type": "string"}}}
    assert set(ask("I found a key. It was old.", schema=schema).data) == {"hook"}


def test_a_story_without_a_sentence_is_said_to_be_invalid():
    assert ask("🎉 🎉").outcome == "invalid"
