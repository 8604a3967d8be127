"""The OpenAI engine against a service that misbehaves, over real HTTP."""

from __future__ import annotations

import json
import logging
import socket
import time
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest

from apps.common.errors import AdapterError
from apps.engines.text.base import TextRequest, TextResult
from apps.engines.text.openai import OpenAIEngine
from tests.conformance.text_engine import TextEngineConformance, script_request
from tests.servers.openai_server import (
    MODEL,
    answers,
    cuts,
    fails,
    floods,
    hangs,
    hangs_up,
    offers,
    refuses,
    refuses_option,
    runs_out,
    sends,
    trickles,
)

KEY = "canary-4f1d6b-never-shown"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "tags"],
    "properties": {
        "title": {"type": "string", "maxLength": 20},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
    },
}
GOOD = {"title": "കഥ", "tags": ["one"]}
REQUEST = TextRequest(
    kind="script",
    instructions="Write.",
    prompt="About a story.",
    schema=SCHEMA,
    model="some-model",
    temperature=0.5,
    max_output_tokens=300,
    timeout=5,
    seed=7,
)


@pytest.fixture
def engine(service):
    return OpenAIEngine(base_url=service.url, api_key=KEY)


def refusal_of(engine: OpenAIEngine, request: TextRequest = REQUEST) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        engine.generate(request)
    return caught.value


def test_an_answer_in_the_asked_form_is_parsed(service, engine):
    service.will(answers(GOOD))

    result = engine.generate(REQUEST)

    assert replace(result, seconds=0) == TextResult(
        outcome="parsed", data=GOOD, model=MODEL, usage={"input_tokens": 100, "output_tokens": 20}
    )
    assert 0 < result.seconds < 5


def test_the_question_is_asked_as_the_request_says(service, engine):
    service.will(answers(GOOD))

    engine.generate(REQUEST)

    (seen,) = service.requests
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.body == {
        "model": "some-model",
        "messages": [{"role": "system", "content": "Write."}, {"role": "user", "content": "About a story."}],
        "temperature": 0.5,
        "seed": 7,
        "max_tokens": 300,
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "script",
                "strict": True,
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["title", "tags"],
                    "properties": {"title": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
                },
            },
        },
    }


def test_an_open_schema_is_not_called_strict(service, engine):
    service.will(answers({"title": "x"}))
    engine.generate(replace(REQUEST, schema={"type": "object", "properties": {"title": {"type": "string"}}}))
    assert service.requests[0].body["response_format"]["json_schema"]["strict"] is False


@pytest.mark.parametrize(
    ("field", "sent", "strict"),
    [
        ({"type": ["string", "null"], "default": None, "examples": ["x"]}, {"type": ["string", "null"]}, True),
        ({"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/title"}}, None, True),
        ({"type": "object"}, {"type": "object"}, False),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, None, False),
    ],
    ids=["notes", "references", "free object", "alternatives"],
)
def test_only_what_strict_mode_takes_is_called_strict(service, engine, field, sent, strict):
    shape = {"additionalProperties": False, "required": ["title"], "properties": {"title": field}}
    schema = {"type": "object", **shape, "$defs": {"title": {"type": "string", "maxLength": 5}}}
    service.will(answers({"title": None}), *[answers({"title": []})] * 2)

    engine.generate(replace(REQUEST, schema=schema))

    asked = service.requests[0].body["response_format"]["json_schema"]
    assert asked["strict"] is strict
    assert asked["schema"]["$defs"] == {"title": {"type": "string"}}
    assert sent is None or asked["schema"]["properties"] == {"title": sent}


def test_the_cost_is_the_providers_own(service, engine):
    service.will(answers("no", cost=0.0004), answers(GOOD, cost=0.0003))
    assert engine.generate(REQUEST).cost == Decimal("0.0007")


def test_a_refusal_says_what_the_model_said(service, engine):
    service.will(refuses("I would rather not."))
    result = engine.generate(REQUEST)
    assert (result.outcome, result.data, result.message) == ("refusal", None, "I would rather not.")


def test_a_filtered_answer_is_a_refusal(service, engine):
    service.will(answers("", finish_reason="content_filter"))
    assert engine.generate(REQUEST).outcome == "refusal"


def test_an_answer_cut_off_is_truncated_and_not_asked_again(service, engine):
    service.will(runs_out())
    result = engine.generate(REQUEST)
    assert (result.outcome, result.data, len(service.requests)) == ("truncated", None, 1)
    assert result.usage == {"input_tokens": 100, "output_tokens": 20}


def test_an_invalid_answer_is_repaired_with_the_error_fed_back(service, engine):
    service.will(answers("Sure! Here it is"), answers({"title": "x" * 30, "tags": []}), answers(GOOD))

    result = engine.generate(REQUEST)

    assert (result.outcome, result.data) == ("parsed", GOOD)
    assert result.usage == {"input_tokens": 300, "output_tokens": 60}
    roles = [message["role"] for message in service.requests[2].body["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    fed_back = [message["content"] for message in service.requests[2].body["messages"]]
    assert fed_back[2] == "Sure! Here it is"
    assert "it is no JSON" in fed_back[3]
    assert "title: " in fed_back[5]
    assert "is too long" in fed_back[5]


def test_the_words_of_the_request_ask_for_a_repair(service, engine):
    service.will(answers("no"), answers(GOOD))
    engine.generate(replace(REQUEST, repair="Mend it: {{problem}} Now."))
    assert service.requests[1].body["messages"][-1]["content"].startswith("Mend it: it is no JSON")
    assert service.requests[1].body["messages"][-1]["content"].endswith(" Now.")


def test_what_was_paid_before_a_repair_failed_is_on_the_bill(service, engine):
    service.will(answers("no", cost=0.01), fails(500))
    result = engine.generate(REQUEST)
    assert (result.outcome, result.usage) == ("invalid", {"input_tokens": 100, "output_tokens": 20})
    assert result.cost == Decimal("0.01")


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("temperature", {"seed": 7, "max_tokens": 300}),
        ("max_tokens", {"temperature": 0.5, "seed": 7, "max_completion_tokens": 300}),
    ],
)
def test_what_a_model_does_not_take_is_left_out(service, engine, name, sent):
    service.will(refuses_option(name), answers("no"), answers(GOOD))
    assert engine.generate(REQUEST).data == GOOD
    options = {"temperature", "seed", "max_tokens", "max_completion_tokens"}
    for seen in service.requests[1:]:
        assert {key: value for key, value in seen.body.items() if key in options} == sent
    service.will(answers(GOOD))
    engine.generate(REQUEST)
    assert len(service.requests) == 4, "what it had refused before was tried again"
    assert {key: value for key, value in service.requests[3].body.items() if key in options} == sent


def test_what_cannot_be_left_out_is_refused(service, engine):
    service.will(refuses_option("messages"))
    assert refusal_of(engine).permanent
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "refused",
    [
        fails(400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."),
        fails(400, "JSON schema conversion failed: unsupported type"),
        fails(422, "response_format: Input should be 'text' or 'json_object'"),
    ],
    ids=["openai", "llama.cpp", "another"],
)
def test_a_service_that_takes_no_schema_is_told_the_form_in_words(service, engine, refused):
    service.will(refused, answers("no"), answers(GOOD))
    request = replace(REQUEST, form="JSON only: {{schema}}", repair="Again: {{schema}}")

    assert engine.generate(request).data == GOOD

    formats = [seen.body["response_format"]["type"] for seen in service.requests]
    assert formats == ["json_schema", "json_object", "json_object"]
    told = service.requests[2].body["messages"]
    assert [told[0]["content"], told[-1]["content"]] == [
        f"Write.\n\nJSON only: {json.dumps(SCHEMA)}",
        f"Again: {json.dumps(SCHEMA)}",
    ]


def test_a_service_that_takes_no_form_at_all_is_asked_without(service, engine):
    refused = fails(400, "'response_format.type' must be 'text'")
    service.will(refused, refused, answers(GOOD))
    assert engine.generate(REQUEST).data == GOOD
    assert "response_format" not in service.requests[2].body
    assert len(service.requests[2].body["messages"]) == 2


def test_a_service_that_refuses_whatever_it_is_asked_is_not_asked_for_ever(service, engine):
    service.will(*[refuses_option("response_format")] * 5)
    assert refusal_of(engine).permanent
    assert len(service.requests) == 3


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '{"title": NaN, "tags": []}', '{"title": 1e999, "tags": []}', '"a text"', "null", ""],
    ids=["nested", "nan", "infinite", "text", "null", "empty"],
)
def test_json_that_is_none_of_ours_is_invalid(service, engine, content):
    service.will(*[answers(content)] * 3)
    result = engine.generate(REQUEST)
    assert (result.outcome, result.data, len(service.requests)) == ("invalid", None, 3)


def test_characters_that_no_database_keeps_are_left_out(service, engine):
    service.will(answers('{"title": "A\\u0000B\\ud800C", "tags": ["\\ud83d\\ude00"]}'))
    assert engine.generate(REQUEST).data == {"title": "ABC", "tags": ["\U0001f600"]}


def test_what_a_model_said_to_itself_is_no_part_of_the_answer(service, engine):
    service.will(answers('<think>{"title": 1}</think>\n{"title": "x", "tags": []}'))
    assert engine.generate(REQUEST).data == {"title": "x", "tags": []}


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -5, "completion_tokens": True, "cost": "NaN"},
        {"prompt_tokens": 10**30, "completion_tokens": "20", "cost": "Infinity"},
        {"prompt_tokens": 1.5, "completion_tokens": None, "cost": -1},
        {"prompt_tokens": [1], "completion_tokens": {}, "cost": 1e12},
    ],
)
def test_a_bill_that_cannot_be_is_not_believed(service, engine, usage):
    service.will(answers(GOOD, **usage))
    result = engine.generate(REQUEST)
    assert (result.outcome, result.usage, result.cost) == ("parsed", {}, None)


def test_fields_nobody_asked_for_change_nothing(service, engine):
    body = {
        "model": "m" * 500 + "\x00",
        "surprise": {"deep": [1, 2]},
        "choices": [
            {"message": {"content": json.dumps(GOOD), "reasoning": ["?"], "refusal": ""}, "odd": 1},
            {"index": 1},
        ],
        "usage": [1, 2],
    }
    service.will(sends(json.dumps(body), "application/json"))
    result = engine.generate(REQUEST)
    assert (result.outcome, result.data, result.model, result.usage) == ("parsed", GOOD, "m" * 120, {})


@pytest.mark.parametrize(("act", "permanent"), [(cuts, False), (floods, True)])
def test_a_body_that_breaks_off_or_never_ends_is_an_error_in_words(service, engine, act, permanent):
    service.will(act)
    error = refusal_of(engine)
    assert (error.permanent, bool(error.message)) == (permanent, True)


def test_the_models_of_a_service_are_listed(service, engine):
    service.will(offers("zeta", "alpha"))
    assert engine.models() == ["alpha", "zeta"]
    (seen,) = service.requests
    assert (seen.path, seen.headers["authorization"]) == ("/v1/models", f"Bearer {KEY}")


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (sends("<p>Hello</p>", "text/html"), "not as a text service does"),
        (sends('{"data": [{"name": "x"}]}', "application/json"), "not as a text service does"),
        (sends('{"data": 3}', "application/json"), "not as a text service does"),
        (fails(401, f"Wrong {KEY}"), "refused the key"),
        (fails(503), "failed"),
        (hangs, "took too long"),
        (trickles, "took too long"),
        (cuts, "does not answer"),
    ],
    ids=["page", "names", "number", "key", "down", "hangs", "trickles", "cut"],
)
def test_models_that_cannot_be_listed_say_why(service, engine, act, said):
    service.will(act)
    with pytest.raises(AdapterError, match=said) as caught:
        engine.models(timeout=0.4)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.hint


def test_after_two_repairs_the_answer_is_invalid(service, engine):
    service.will(*[answers({"title": 1, "tags": []})] * 4)
    result = engine.generate(REQUEST)
    assert (result.outcome, result.data, result.message) == ("invalid", None, "title: 1 is not of type 'string'")
    assert len(service.requests) == 3


@pytest.mark.parametrize("content", ['```json\n{"title": "x", "tags": []}\n```', '  {"title": "x", "tags": []} '])
def test_json_in_a_code_fence_is_json(service, engine, content):
    service.will(answers(content))
    assert engine.generate(REQUEST).data == {"title": "x", "tags": []}


def test_a_busy_service_says_how_long_to_wait(service, engine):
    service.will(fails(429, "Slow down.", Retry_After="17"))
    error = refusal_of(engine)
    assert (error.permanent, error.retry_after) == (False, 17.0)
    assert error.message == "The text service is busy (429): Slow down."
    assert len(service.requests) == 1


def test_a_busy_service_may_name_a_date(service, engine):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    service.will(fails(503, Retry_After=later))
    assert 50 < refusal_of(engine).retry_after <= 60


def test_without_credit_trying_again_is_no_use(service, engine):
    service.will(fails(429, "You exceeded your current quota.", code="insufficient_quota"))
    assert refusal_of(engine).permanent


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (403, True), (404, True), (422, True), (408, False), (500, False), (502, False)],
)
def test_an_error_says_whether_trying_again_helps(service, engine, status, permanent):
    service.will(fails(status))
    error = refusal_of(engine)
    assert (error.permanent, error.retry_after, len(service.requests)) == (permanent, None, 1)
    assert error.hint


@pytest.mark.parametrize("act", [hangs, trickles])
def test_a_service_that_takes_too_long_is_left(service, engine, act):
    service.will(act)
    started = time.monotonic()
    error = refusal_of(engine, replace(REQUEST, timeout=0.3))
    assert error.message == "The text service took too long."
    assert not error.permanent
    assert time.monotonic() - started < 3


def test_a_reset_connection_can_be_tried_again(service, engine):
    service.will(hangs_up)
    error = refusal_of(engine)
    assert not error.permanent
    assert "does not answer" in error.message


def test_a_service_that_is_down_can_be_tried_again():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        engine = OpenAIEngine(base_url=f"http://127.0.0.1:{unused.getsockname()[1]}/v1", api_key=KEY)
        assert not refusal_of(engine).permanent


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<html>Welcome to my router</html>", "text/html"),
        ("{}", "application/json"),
        ('{"choices": []}', "application/json"),
        ("", "application/json"),
    ],
)
def test_what_is_no_completion_points_at_the_address(service, engine, body, content_type):
    service.will(sends(body, content_type))
    error = refusal_of(engine)
    assert error.permanent
    assert "OPENAI_BASE_URL" in error.hint


def test_a_service_without_keys_needs_none(service):
    service.will(answers(GOOD))
    assert OpenAIEngine(base_url=service.url).generate(REQUEST).outcome == "parsed"


def test_the_key_is_in_no_error_log_or_repr(service, engine, caplog):
    caplog.set_level(logging.DEBUG)
    service.will(
        fails(401, f"Incorrect API key provided: {KEY}."),
        fails(400, f"Bad request by {KEY}"),
        fails(500, f"Oops {KEY}"),
        hangs_up,
        sends(f"<p>{KEY}</p>", "text/html"),
        refuses(f"Not for {KEY}"),
        answers(f"{KEY} is no JSON"),
        answers(f"{KEY} is no JSON"),
        answers(f"{KEY} is no JSON"),
        hangs,
    )
    shown = [repr(engine), str(engine)]
    for _ in range(5):
        error = refusal_of(engine)
        shown += [str(error), repr(error), repr(error.details), "".join(traceback.format_exception(error))]
        assert error.__cause__ is None
        assert error.__context__ is None
    shown += [repr(engine.generate(REQUEST)), repr(engine.generate(REQUEST))]
    shown.append("".join(traceback.format_exception(refusal_of(engine, replace(REQUEST, timeout=0.2)))))

    assert KEY not in "\n".join([*shown, caplog.text])
    assert service.requests[0].headers["authorization"].endswith(KEY)


class TestConformance(TextEngineConformance):
    @pytest.fixture
    def good_answer(self, service):
        script = {"title": "T", "hook": "H", "description": "", "call_to_action": "", "hashtags": []}
        service.will(answers(script), answers(script))

    @pytest.fixture(params=[401, 500])
    def failing(self, service, engine, request):
        service.will(fails(request.param))
        return engine, script_request()


def test_an_address_that_a_workspace_gave_may_not_lead_inside(service):
    engine = OpenAIEngine(base_url=service.url, api_key=KEY, private_hosts=frozenset())

    error = refusal_of(engine)

    assert (error.permanent, error.message) == (True, "127.0.0.1 is not a public address.")
    assert "PRIVATE_HOSTS" in error.hint
    assert service.requests == []
    service.will(answers(GOOD))
    allowed = OpenAIEngine(base_url=service.url, api_key=KEY, private_hosts=frozenset({"127.0.0.1"}))
    assert allowed.generate(REQUEST).data == GOOD
