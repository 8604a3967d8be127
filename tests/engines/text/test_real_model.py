"""The OpenAI engine with a real model behind a real server, once."""

from __future__ import annotations

from apps.engines.text.base import TextRequest
from apps.engines.text.openai import OpenAIEngine
from tests.servers import llama_server

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "mood"],
    "properties": {"title": {"type": "string"}, "mood": {"type": "string", "enum": ["happy", "sad", "scary"]}},
}


def test_a_real_model_answers_in_the_asked_form():
    request = TextRequest(
        kind="script",
        instructions="You answer with JSON. The title has at most six words.",
        prompt="Give a title and a mood for this story: My dog found a key in the garden and we opened an old box.",
        schema=SCHEMA,
        model="smollm2",
        temperature=0.0,
        max_output_tokens=80,
        timeout=60,
        seed=1,
    )
    with llama_server.serve() as url:
        result = OpenAIEngine(base_url=url).generate(request)

    assert (result.outcome, result.message) == ("parsed", "")
    assert result.data["title"]
    assert result.data["mood"] in {"happy", "sad", "scary"}
    assert result.usage["input_tokens"] > 30
    assert 5 < result.usage["output_tokens"] <= 80
