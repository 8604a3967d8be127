"""Reading what a model has sent: nothing in it is believed before it was looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import jsonschema
import regex

from apps.common.text.words import shorten
from apps.engines.text.base import Outcome

# Keywords that strict schema modes refuse or turn into slow grammars; our own check of the answer holds them instead.
_CHECKED_HERE = frozenset((
    "minLength", "maxLength", "minItems", "maxItems", "pattern", "format", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "uniqueItems", "contains", "minContains", "maxContains", "minProperties",
    "maxProperties", "propertyNames", "default", "examples", "title", "$schema", "$id", "$comment"
))  # fmt: skip
# What no strict mode takes and an answer is not the same without.
_NEVER_STRICT = frozenset((
    "allOf", "oneOf", "not", "if", "then", "else", "patternProperties", "dependentRequired", "dependentSchemas",
    "prefixItems", "unevaluatedProperties", "unevaluatedItems"
))  # fmt: skip
# Keywords whose members are named by the author.
_NAMED = frozenset({"properties", "$defs", "definitions"})
_FENCED = regex.compile(r"(?s)\s*```(?:json)?\s*(.*?)\s*```\s*")
# Some local servers leave in the answer what the model said to itself.
_THOUGHT = regex.compile(r"(?s)\s*<think>.*?</think>")
# Characters that no database keeps: NUL, and halves of surrogate pairs.
_UNKEEPABLE = regex.compile(r"[\x00\ud800-\udfff]")
_LONGEST_NAME, _MOST_MODELS = 120, 2000
# No model reads or costs so much in one call; a larger number is a provider's mistake.
_MOST_TOKENS, _MOST_COST = 50_000_000, Decimal(1000)


@dataclass(frozen=True)
class Read:
    """data: when parsed. message: what was said, or what is wrong, when not."""

    outcome: Outcome
    data: dict[str, Any] | None = None
    message: str = ""


class Tally:
    """Tokens and cost of all tries; a try that was repaired is paid for too."""

    def __init__(self) -> None:
        self.usage: dict[str, int] = {}
        self.cost: Decimal | None = None
        self.model = ""

    def add(self, answer: Mapping[str, Any]) -> None:
        if isinstance(answer.get("model"), str):
            self.model = keepable(answer["model"])[:_LONGEST_NAME]
        usage = answer.get("usage")
        if not isinstance(usage, dict):
            return
        for name, theirs in (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")):
            count = usage.get(theirs)
            if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= _MOST_TOKENS:
                self.usage[name] = self.usage.get(name, 0) + count
        paid = _dollars(usage.get("cost"))  # OpenRouter tells it, in US dollars
        if paid is not None:
            self.cost = (self.cost or Decimal()) + paid


def _dollars(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        cost = Decimal(str(value))
    except InvalidOperation:
        return None
    return cost if cost.is_finite() and 0 <= cost <= _MOST_COST else None


def parse(text: str | bytes) -> Any:
    """JSON as the standard has it. Raises ValueError, for what is nested beyond reason too."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def read(answer: Mapping[str, Any], schema: Mapping[str, Any]) -> Read:
    """What one answer comes to: parsed, refusal, truncated or invalid."""
    choice = answer["choices"][0]
    refusal = choice["message"].get("refusal")
    if refusal or choice.get("finish_reason") == "content_filter":
        return Read("refusal", message=keepable(str(refusal or "")))
    if choice.get("finish_reason") == "length":
        return Read("truncated")
    text = _THOUGHT.sub("", said(answer), count=1)
    fenced = _FENCED.fullmatch(text)
    try:
        data = _keepable_all(parse(fenced[1] if fenced else text))
        problem = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(data))
    except ValueError as error:
        return Read("invalid", message=f"it is no JSON ({error}).")
    except RecursionError:
        return Read("invalid", message="it is nested too deep.")
    if problem is None:
        return Read("parsed", data)
    where = problem.json_path.removeprefix("$").lstrip(".") or "the whole answer"
    return Read("invalid", message=keepable(f"{where}: {shorten(problem.message, 200)}"))


def said(answer: Mapping[str, Any]) -> str:
    content = answer["choices"][0]["message"].get("content")
    return keepable(content) if isinstance(content, str) else ""


def keepable(text: str) -> str:
    """Without the characters that no database keeps."""
    return _UNKEEPABLE.sub("", text)


def _keepable_all(value: Any) -> Any:
    if isinstance(value, str):
        return keepable(value)
    if isinstance(value, list):
        return [_keepable_all(each) for each in value]
    if isinstance(value, dict):
        return {keepable(name): _keepable_all(each) for name, each in value.items()}
    return value


def names_of_models(body: bytes) -> list[str]:
    """From the list that a service gives. Raises ValueError for anything else."""
    try:
        found = [keepable(each["id"])[:_LONGEST_NAME] for each in parse(body)["data"]]
    except (LookupError, TypeError) as error:
        raise ValueError("This is no list of models.") from error
    return sorted(found)[:_MOST_MODELS]


def strict(schema: Any) -> tuple[Any, bool]:
    """The schema without the keywords checked here, and whether strict mode takes it: objects closed, all required."""
    if isinstance(schema, list):
        pairs = [strict(item) for item in schema]
        return [item for item, _ in pairs], all(is_strict for _, is_strict in pairs)
    if not isinstance(schema, Mapping):
        return schema, True
    plain, is_strict = {}, _is_closed(schema) and not _NEVER_STRICT & set(schema)
    for name, value in schema.items():
        if name in _NAMED and isinstance(value, Mapping):
            pairs = {key: strict(inner) for key, inner in value.items()}
            plain[name] = {key: inner for key, (inner, _) in pairs.items()}
            is_strict = is_strict and all(inner_strict for _, inner_strict in pairs.values())
        elif name not in _CHECKED_HERE:
            plain[name], inner_strict = strict(value)
            is_strict = is_strict and inner_strict
    return plain, is_strict


def _is_closed(schema: Mapping[str, Any]) -> bool:
    """Of an object: it has the fields that are named, each of them, and no others."""
    kinds = schema.get("type")
    if "properties" not in schema and "object" not in (kinds if isinstance(kinds, list) else [kinds]):
        return True
    closed = schema.get("additionalProperties") is False
    return closed and set(schema.get("required", ())) == set(schema.get("properties", {}))
