"""What every text engine keeps. Subclass with an `engine` fixture, and `good_answer` to make a service answer well."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import jsonschema
import pytest

from apps.common.errors import AdapterError
from apps.engines.text.base import TextEngine, TextRequest, TextResult

SCRIPT_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "hook", "description", "call_to_action", "hashtags"],
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 120},
        "hook": {"type": "string", "minLength": 1, "maxLength": 240},
        "description": {"type": "string", "maxLength": 600},
        "call_to_action": {"type": "string", "maxLength": 200},
        "hashtags": {"type": "array", "items": {"type": "string", "maxLength": 60}, "maxItems": 10},
    },
}
STORY = (
    "My grandmother left me a locked piano. Nobody in the family had ever heard her play it. "
    "Last week I finally found the key behind the clock in the kitchen. The piano was full of letters, and none of "
    "them were addressed to my grandfather. I read the first one on the floor. The piano has been silent ever since."
)


def script_request(**variables: object) -> TextRequest:
    values = {"title": "The locked piano", "story": STORY, "language": "en", "parts": 1, **variables}
    return TextRequest(
        kind="script",
        instructions="Write what stands around the story.",
        prompt=f"{values['title']}\n\n{values['story']}",
        schema=SCRIPT_SCHEMA,
        variables=values,
        model="any",
        timeout=10,
    )


class TextEngineConformance:
    @pytest.fixture
    def result(self, engine: TextEngine, good_answer: None) -> TextResult:
        return engine.generate(script_request())

    def test_a_script_fits_its_schema(self, result):
        assert (result.outcome, result.message) == ("parsed", "")
        jsonschema.validate(result.data, SCRIPT_SCHEMA)

    def test_the_bill_is_complete(self, result):
        assert set(result.usage) in ({"input_tokens", "output_tokens"}, set())
        assert result.seconds >= 0
        assert bool(result.model) == bool(result.usage)

    def test_requests_and_results_are_values(self, result):
        with pytest.raises(FrozenInstanceError):
            result.data = {}
        with pytest.raises(FrozenInstanceError):
            script_request().kind = "other"

    def test_an_engine_serves_several_requests(self, engine, good_answer):
        assert engine.generate(script_request()).outcome == "parsed"
        assert engine.generate(script_request(title="Another title")).outcome == "parsed"

    def test_a_failure_says_whether_trying_again_helps(self, failing):
        engine, request = failing
        with pytest.raises(AdapterError) as caught:
            engine.generate(request)
        assert isinstance(caught.value.permanent, bool)
        assert caught.value.hint
